// The seam between a server and a wire protocol: bytes become requests here, and results become bytes.

import type { CompiledCommand, CompiledProtocol } from "../protocol/compile.ts";
import type { Executed } from "../protocol/errors.ts";
import type { ClassName, Command, Protocol } from "../protocol/spec.ts";
import type { Values } from "../protocol/shape.ts";
import type { WireLimits } from "./wire_limits.ts";

export { DEFAULT_LIMITS, type WireLimits } from "./wire_limits.ts";

/** A wire protocol. One object serves all connections; a `DialectSession` holds the state of one. */
export interface Dialect {
  /** Its name with its version, for logs: `lineup/1`. */
  readonly name: string;
  /** Its name in TLS (ALPN). Default: TLS agrees on no name. */
  readonly alpn?: string;
  /** What a browser shows that opens the address of its WebSocket as a page. */
  readonly about: string;
  /** The commands that the server answers itself, by verb. `compile` adds their descriptions to every protocol. */
  readonly builtins: Readonly<Record<string, Builtin>>;
  /** The messages of failures that the server finds and that name parts of the dialect. */
  readonly wording: Wording;
  /** Checks a protocol and makes it ready. Throws `SpecError` for a protocol that the dialect cannot carry. */
  compile(protocol: Protocol): CompiledProtocol;
  /** Begins a session for a connection from `peer`, an address as `ByteStream.peer` has it. */
  open(peer: string, served: Served): DialectSession;
  /** All the bytes that a refused connection gets before it is closed. */
  refuseConnection(failure: Failure): Uint8Array;
}

/** What is served: the same for all sessions of a server. */
export interface Served {
  /** The protocol, as `Dialect.compile` made it. */
  readonly compiled: CompiledProtocol;
  /** The longest line and body. */
  readonly limits: WireLimits;
}

/**
 * One connection's state: the unfinished input, and how its client wants its answers.
 *
 * The server calls `push` with the bytes of each read, then `next` until it answers `undefined`. A `write` method that
 * throws has added nothing to `out`.
 */
export interface DialectSession {
  /** Bytes of an unfinished request that it holds until the rest arrives. */
  readonly held: number;
  /** Whether a request has begun and is not whole. */
  readonly midRequest: boolean;
  /** Whether replies and failures carry their times; else the server need not measure them. */
  readonly timed: boolean;

  /** Greets the client, where the dialect does: called once, before anything is read. */
  greet(out: Sink): void;

  /** Takes the next bytes, which stay as they are until `next` answers `undefined`. */
  push(bytes: Uint8Array): void;
  /** What the bytes so far make up next; `undefined` where more are needed, and after a fatal `Invalid`. */
  next(): Decoded | undefined;
  /** The client has ended its side: what its last bytes make up without an end. Called once. */
  endOfInput(): Decoded | undefined;

  /**
   * The checked arguments of a request, whose command is found by its verb; sets `timeout`, `class` and `trace` of the
   * request. May be called again until `request.forget()`. A promise only where a schema answers with one. Throws (or
   * rejects with) `Refusal`.
   */
  readArguments(request: WireRequest, command: CompiledCommand): Values | Promise<Values>;

  /** Writes an item of a streaming reply. Throws where the values are not what `command.items` says. */
  writeItem(to: WireRequest, command: CompiledCommand, item: Values, out: Sink): void;
  /** Writes the (end of the) reply. Throws where the values are not what `command.reply` says. */
  writeReply(
    to: WireRequest,
    command: CompiledCommand,
    reply: Values | undefined,
    out: Sink,
    times?: RequestTimes,
  ): void;
  /**
   * Writes a failure instead of a reply, or behind the items so far. `to` is the request, or the `Invalid`, or
   * `NOBODY` where the failure answers nothing that the client has sent, such as a time-out.
   */
  writeFailure(to: Correlated, failure: Failure, out: Sink, times?: RequestTimes): void;
  /** Whether the client can read this failure as it is. Where not, the server answers `internal` and logs it. */
  carries(failure: Failure): boolean;
  /** Tells of something that happens to the server, where the dialect can and the client wants to know. */
  writeNotice(notice: Notice, out: Sink): void;
}

/** Where a session writes: the output of a connection, or answers that wait for their turn. */
export interface Sink {
  /** Adds text, which goes out as UTF-8, and bytes behind it. */
  add(text: string, bytes?: Uint8Array): void;
}

/** What input makes up. */
export type Decoded = WireRequest | Invalid | Control;

/** What an answer refers to. */
export interface Correlated {
  /**
   * What the answer repeats, so that it may come in any order: no other request in flight has the same. Requests without
   * it start, and are answered, in the order in which they came.
   */
  readonly correlation?: string;
}

/** A whole request. A dialect makes it of a class of its own, with the raw arguments; the server hands it back to write. */
export interface WireRequest extends Correlated {
  /** Tells it from `Invalid` and `Control`. */
  readonly kind: "request";
  /** Finds the command. */
  readonly verb: string;
  /** Whether it has neither a timeout nor a class nor a trace. Known before `readArguments`. */
  readonly plain: boolean;
  /** How long it may wait and run, in ms. Set by `readArguments`. */
  readonly timeout?: number;
  /** How urgent it is. Set by `readArguments`. Default: the class of its command. */
  readonly class?: ClassName;
  /** Its W3C traceparent. Set by `readArguments`. */
  readonly trace?: string;
  /** What its raw arguments hold, in bytes. */
  readonly bytes: number;
  /** Forgets the raw arguments: they are checked. */
  forget(): void;
}

/** Input outside the grammar. */
export interface Invalid extends Correlated {
  /** Tells it from `WireRequest` and `Control`. */
  readonly kind: "invalid";
  /** What is answered. The correlation is dropped where another request in flight has the same. */
  readonly failure: Failure;
  /** Whether the next request cannot be found: the connection ends once all before it is answered. */
  readonly fatal: boolean;
}

/** Input that is no request and acts on the connection. All that is set is done, in the order of these fields. */
export interface Control {
  /** Tells it from `WireRequest` and `Invalid`. */
  readonly kind: "control";
  /** Bytes that go out now, before all answers that are not out. */
  readonly write?: Uint8Array;
  /** Ends the oldest uncorrelated request in flight with the failure `cancelled` and this message. */
  readonly cancelOldest?: string;
  /** Takes no further input; the connection closes once what is in flight is answered. */
  readonly end?: true;
}

/** The `Correlated` of a failure that answers nothing that the client has sent. */
export const NOBODY: Correlated = Object.freeze({});

/** Why there is no reply. A `Refusal` is one, but to make an exception costs more than all else of an answer. */
export interface Failure {
  /** A code of `standardErrors`, of the command's own errors, or of the dialect's own. */
  readonly code: string;
  /** A sentence for people. */
  readonly message: string;
  /** Milliseconds before which trying again is no use. */
  readonly retry?: number;
  /** Whether the request may have had an effect. Default: as the code's entry says. */
  readonly executed?: Executed;
  /** Further facts by name. */
  readonly details?: Readonly<Record<string, string>>;
}

/** The times of one request, in ms: from its arrival to its start, and from there to its answer. */
export interface RequestTimes {
  /** From its arrival to its start. */
  readonly waited: number;
  /** From its start to its answer. */
  readonly took: number;
}

/** Something that happens to the server. */
export interface Notice {
  /** The server shuts down. */
  readonly kind: "draining";
  /** How long requests in flight have, in ms. */
  readonly within: number;
}

/** Messages that name parts of the dialect. */
export interface Wording {
  /** A request's `timeout` is over (`expired`). */
  readonly expired: string;
  /** There is no command with this verb (`unknown-command`). */
  unknownCommand(verb: string): string;
  /** Another request in flight has this correlation (`bad-syntax`). */
  correlationInUse(correlation: string): string;
  /** The command needs an identity and the client has proved none (`unauthenticated`). */
  unauthenticated(verb: string): string;
  /** More than `most` correlated requests of a connection would be in flight (`quota`). */
  tooManyInFlight(most: number): string;
}

/** Messages for a dialect that has no words of its own. */
export const PLAIN_WORDING: Wording = {
  expired: "The time of the request is over.",
  unknownCommand: (verb) => `There is no command ${verb}.`,
  correlationInUse: (correlation) => `${correlation} is still in use.`,
  unauthenticated: (verb) => `${verb} needs an identity.`,
  tooManyInFlight: (most) => `At most ${most} requests of a connection may be in flight.`,
};

/** A command that the server answers itself, whatever the protocol is. */
export interface Builtin {
  /** Its description. */
  readonly command: Command;
  /** Whether it keeps a connection in hand: it goes first, on seats of its own. Default false. */
  readonly control?: boolean;
  /** Answers at once and looks at nothing but the arguments, where nothing waits. Default: `run` does. */
  readonly instant?: (args: Values) => Values;
  /** Answers it, as a handler does. `session` is one of the same dialect. */
  run(args: Values, context: BuiltinContext, session: DialectSession): unknown;
}

/** What a built-in command may do to its connection and learn of the server. */
export interface BuiltinContext {
  /** The client has said who it is, and how it behaves. */
  introduce(introduction: Introduction): void;
  /** Every figure of the server, by name. */
  figures(): Iterable<readonly [name: string, value: string | number]>;
  /** Ends the request in flight with this correlation: it is answered `cancelled` with this message. Whether there was one. */
  cancel(correlation: string, message: string): boolean;
  /** Takes no further requests. Resolves once all others of the connection are answered; `undefined` where they are. */
  quit(): Promise<void> | undefined;
}

/** What a client says of itself; what is left out stays as it was. */
export interface Introduction {
  /** Its name, for handlers and the log. */
  readonly agent?: string;
  /** Whether it goes on reading once it has ended its side. Before it says so: true. */
  readonly halfCloses?: boolean;
  /** How often something comes from it at least, in ms. Before it says so: Infinity. */
  readonly heartbeat?: number;
}
