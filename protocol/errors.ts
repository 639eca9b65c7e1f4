// The errors of answers: the standard codes, and an error as an exception.

/** Whether a request may have had an effect although its answer is an error. */
export type Executed = "no" | "maybe";

/** One entry of a catalogue of errors. */
export interface ErrorSpec {
  /** Its meaning and the remedy, in a sentence. */
  readonly summary: string;
  /** Whether the request may have had an effect. Default `no`. */
  readonly executed?: Executed;
  /** Whether the answer may say when to try again (`retry`). Default false. */
  readonly retry?: boolean;
  /** When the connection ends after it. Default: never. */
  readonly ends?: string;
}

/** The errors of every command. A protocol declares further ones. */
export const standardErrors = {
  "bad-syntax": {
    summary: "The line is not in the grammar; the message says what would be.",
    ends: "when framing is lost",
  },
  "line-too-long": { summary: "The line is longer than max-line of the greeting.", ends: "always" },
  "body-too-large": {
    summary: "The body is longer than max-body of the greeting.",
    ends: "when too large to discard",
  },
  "wrong-protocol": { summary: "The client speaks HTTP or TLS to this port.", ends: "always" },
  "unsupported-version": { summary: "HELLO named a version that this server does not speak." },
  "unknown-command": {
    summary: "There is no such command.",
    ends: "after 10 without a valid request between them",
  },
  "bad-arguments": {
    summary: "An argument or option is missing, unknown or not what it should be.",
  },
  "unauthenticated": { summary: "The command needs AUTH first." },
  "forbidden": { summary: "This identity may not use the command." },
  "busy": { summary: "The server has too much to do.", retry: true },
  "quota": { summary: "The connection, identity or address has used up its share.", retry: true },
  "timeout": {
    summary: "A line, a body, the first request or any request did not come in time.",
    ends: "always",
  },
  "expired": { summary: "The time given by within= is over.", executed: "maybe" },
  "cancelled": { summary: "CANCEL or Ctrl-C ended the request.", executed: "maybe" },
  "draining": { summary: "The server is shutting down.", retry: true },
  "internal": {
    summary: "The server failed; incident= is the number in its log.",
    executed: "maybe",
  },
} as const satisfies Record<string, ErrorSpec>;

/** A code of `standardErrors`. */
export type ErrorCode = keyof typeof standardErrors;

/** The optional parts of an error. */
export interface RefusalOptions {
  /** How long to wait before another try, in ms. */
  retry?: number;
  /** Whether the request may have had an effect. */
  executed?: Executed;
  /** Further facts by name, such as `scope`: `connection`. */
  details?: Readonly<Record<string, string>>;
  /** The error behind it; never sent. */
  cause?: unknown;
}

/**
 * An error answer as an exception. The server sends one that a handler throws, if the code is standard or among the
 * `errors` of the command; it answers any other with `internal`. A client throws one that it receives.
 *
 * @example
 * ```ts
 * import { Refusal } from "@lineup/lineup/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const refusal = new Refusal("not-found", "There is no job 7.", { retry: 500 });
 * assertEquals([refusal.code, refusal.message, refusal.retry], ["not-found", "There is no job 7.", 500]);
 * ```
 */
export class Refusal extends Error {
  /** The name of the class. */
  override readonly name = "Refusal";
  /** The code, from `standardErrors` or the command's own `errors`. */
  declare readonly code: string;
  /** How long to wait before another try, in ms; `undefined` where the server does not say. */
  declare readonly retry: number | undefined;
  /** Whether the request may have had an effect; `undefined`: as the entry of the code says. */
  declare readonly executed: Executed | undefined;
  /** Further facts by name. */
  declare readonly details: Readonly<Record<string, string>>;

  /** Makes an error with this code. `message` is a sentence for people. */
  constructor(code: string, message: string, options: RefusalOptions = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.retry = options.retry;
    this.executed = options.executed;
    this.details = options.details ?? {};
  }
}
