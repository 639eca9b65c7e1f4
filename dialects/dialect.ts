// The interface between a server and a wire protocol: bytes become requests, and results become bytes.

import type { CompiledCommand, CompiledProtocol } from "../protocol/compile.ts";
import { type Executed, Refusal } from "../protocol/errors.ts";
import type { ClassName, Command, Protocol } from "../protocol/spec.ts";
import type { Values } from "../protocol/shape.ts";
import type { WireLimits } from "./wire_limits.ts";

export { DEFAULT_LIMITS, type WireLimits } from "./wire_limits.ts";

/** A wire protocol. It has no state; a `DialectSession` has the state of one connection. */
export interface Dialect {
  /** Its name with its version, for logs: `lineup/1`. */
  readonly name: string;
  /** Its name in TLS (ALPN). Default: none. */
  readonly alpn?: string;
  /** The text for a browser that opens the address of a WebSocket as a page. */
  readonly about: string;
  /** The built-in commands by verb. `compile` adds their descriptions to every protocol. */
  readonly builtins: Readonly<Record<string, Builtin>>;
  /** The messages of failures that the server finds. */
  readonly wording: Wording;
  /**
   * Whether a request without a correlation starts only once the one before it is answered. Default false: it starts once
   * the one before it has started, and its answer waits for its turn.
   */
  readonly serial?: boolean;
  /**
   * Whether a client goes on reading once it has ended its side, unless it says otherwise. Default true. Where it does
   * not, its requests in flight are answered then; but if one waits for an event, all of them are cancelled.
   */
  readonly halfCloses?: boolean;
  /** Checks a protocol and makes it ready. Throws `SpecError` for a protocol that the dialect cannot carry. */
  compile(protocol: Protocol): CompiledProtocol;
  /**
   * Checks the figures that a server has from its start, which `BuiltinContext.figures` will tell. Called once, when it
   * starts. Throws `SpecError` where a built-in command needs another. Default: none does.
   */
  checkFigures?(figures: Iterable<readonly [name: string, value: string | number]>): void;
  /** Opens a session for a connection. `peer` is the address of the client, as in `ByteStream.peer`. */
  open(peer: string, served: Served): DialectSession;
  /** All bytes for a refused connection, which is closed behind them. */
  refuseConnection(failure: Failure): Uint8Array;
}

/** The parts of a server that all its sessions share. */
export interface Served {
  /** The protocol, as `Dialect.compile` made it. */
  readonly compiled: CompiledProtocol;
  /** The longest line and body. */
  readonly limits: WireLimits;
  /** The most correlated requests that one connection may have in flight. Default: clients are not told. */
  readonly maxInFlight?: number;
  /** Whether clients prove an identity, at this time. Default: `none`. */
  readonly auth?: () => AuthMode;
  /** The further protocols that the server has, as `name/version`: spoken beside this one, or chosen in its place. */
  readonly others?: readonly string[];
}

/**
 * The state of one connection, such as unfinished input.
 *
 * The server calls `push` with the bytes of each read, then `next` until it returns `undefined`. A `write` method that
 * throws must not have added anything to `out`.
 */
export interface DialectSession {
  /** The memory of unfinished input, in bytes. */
  readonly held: number;
  /** Whether the input so far ends within a request. */
  readonly midRequest: boolean;
  /** Whether replies and failures carry times. If not, the server does not measure them. */
  readonly timed: boolean;
  /**
   * Whether the answers so far decide how the next input is read: the server calls `next` again once every request
   * before is answered. Default false.
   */
  readonly awaitsAnswers?: boolean;
  /** Whether the server reads no more, and ends the connection once all requests are answered. Default false. */
  readonly over?: boolean;

  /** Writes the greeting, if the dialect has one. Called once, before the first `push`. */
  greet(out: Sink): void;
  /**
   * Tells the name of the identity that the client has from now on, where the server has identities; `undefined` where it
   * has none. Called before the next `next`. Default: the dialect reads and answers the same for all.
   */
  onIdentity?(name: string | undefined): void;

  /** Takes the next bytes. They are overwritten once `next` has returned `undefined`. */
  push(bytes: Uint8Array): void;
  /** The next unit of input. `undefined`: more bytes are needed, or a fatal `Invalid` came before. */
  next(): Decoded | undefined;
  /** The last unit of input, which the end of the input ends. Called once, when the client has ended its side. */
  endOfInput(): Decoded | undefined;

  /**
   * The checked arguments of a request. Sets `timeout`, `class` and `trace` of the request. May be called again until
   * `request.forget()`. Returns a promise only where a schema does. Throws (or rejects with) a `Refusal`.
   */
  readArguments(request: WireRequest, command: CompiledCommand): Values | Promise<Values>;

  /** Writes an item of a streaming reply. Throws for values that `command.items` does not allow. */
  writeItem(to: WireRequest, command: CompiledCommand, item: Values, out: Sink): void;
  /** Writes the reply, or the end of a streaming one. Throws for values that `command.reply` does not allow. */
  writeReply(
    to: WireRequest,
    command: CompiledCommand,
    reply: Values | undefined,
    out: Sink,
    times?: RequestTimes,
  ): void;
  /**
   * Writes a failure instead of a reply, also behind items. `to` is the request or the `Invalid`; it is `NOBODY` for a
   * failure that no input has caused, such as a time-out.
   */
  writeFailure(to: Correlated, failure: Failure, out: Sink, times?: RequestTimes): void;
  /** Whether the client can read this failure. If not, the server answers `internal` and logs the failure. */
  carries(failure: Failure): boolean;
  /**
   * Writes a notice, if the dialect has a form for it and the client expects one. Returns true where the client ends its
   * side after `draining`: until it has, the connection stays open for a moment, so that its last requests are answered.
   */
  writeNotice(notice: Notice, out: Sink): boolean | void;
}

/** The target of writes: the output of a connection, or an answer that waits for its turn. */
export interface Sink {
  /** Adds text, which is sent as UTF-8, and bytes behind it. */
  add(text: string, bytes?: Uint8Array): void;
}

/** A unit of input. */
export type Decoded = WireRequest | Invalid | Control;

/** The addressee of an answer. */
export interface Correlated {
  /**
   * The identifier that the answer repeats, such as a tag. It is unique among the requests in flight of a connection.
   * Requests without it are started and answered in the order of their arrival, see `Dialect.serial`.
   */
  readonly correlation?: string;
}

/**
 * A whole request. It is an object of the dialect, which keeps in it what it needs to read the arguments and to write the
 * answer.
 */
export interface WireRequest extends Correlated {
  /** Distinguishes it from `Invalid` and `Control`. */
  readonly kind: "request";
  /** The verb of the command. */
  readonly verb: string;
  /** Whether it certainly has no timeout, class or trace. Known before `readArguments`. */
  readonly plain: boolean;
  /** The time for waiting and running, in ms. Set by `readArguments`. Default: no limit. */
  readonly timeout?: number;
  /** The class of urgency. Set by `readArguments`. Default: the class of the command. */
  readonly class?: ClassName;
  /** The W3C traceparent. Set by `readArguments`. */
  readonly trace?: string;
  /** The memory of its raw arguments, in bytes. */
  readonly bytes: number;
  /** Releases the raw arguments: they are checked. */
  forget(): void;
}

/** Input outside the grammar. */
export interface Invalid extends Correlated {
  /** Distinguishes it from `WireRequest` and `Control`. */
  readonly kind: "invalid";
  /** The answer. Its correlation is dropped where another request in flight has the same. */
  readonly failure: Failure;
  /** Whether the beginning of the next request is lost: the connection ends once everything before is answered. */
  readonly fatal: boolean;
}

/** Input that is no request and acts on the connection at once: first `write`, then `cancelOldest`. */
export interface Control {
  /** Distinguishes it from `WireRequest` and `Invalid`. */
  readonly kind: "control";
  /** Bytes to send now, before answers that are not complete. */
  readonly write?: Uint8Array;
  /** Cancels the oldest request in flight without a correlation: its failure is `cancelled`, with this message. */
  readonly cancelOldest?: string;
}

/** The addressee of a failure that no input has caused. */
export const NOBODY: Correlated = Object.freeze({});

/** The reason why there is no reply. A `Refusal` is one too, but an exception costs more than the rest of an answer. */
export interface Failure {
  /** A code of `standardErrors`, of the command, or of the dialect. */
  readonly code: string;
  /** A sentence for people. */
  readonly message: string;
  /** How long to wait before another try, in ms. */
  readonly retry?: number;
  /** Whether the request may have had an effect. Default: as the entry of the code says. */
  readonly executed?: Executed;
  /** Further facts by name. */
  readonly details?: Readonly<Record<string, string>>;
}

/** The times of one request, in ms. */
export interface RequestTimes {
  /** From its arrival to its start. */
  readonly waited: number;
  /** From its start to its answer. */
  readonly took: number;
}

/** An event of the server. */
export type Notice =
  /** The server begins to shut down. Requests in flight have `within` ms. */
  | { readonly kind: "draining"; readonly within: number }
  /** The connection ends now: all requests that came are answered, and those that come yet fail with `failure`, unread. */
  | { readonly kind: "drained"; readonly failure: Failure };

/** Messages in the terms of the dialect, with the code that each belongs to. */
export interface Wording {
  /** The `timeout` of a request is over (`expired`). */
  readonly expired: string;
  /** There is no command with this verb (`unknown-command`). `request` is the request of the dialect that names it. */
  unknownCommand(verb: string, request: WireRequest): string;
  /** Another request in flight has this correlation (`bad-syntax`). */
  correlationInUse(correlation: string): string;
  /** The command needs an identity, and the client has none (`unauthenticated`). */
  unauthenticated(verb: string): string;
  /** A connection has `most` correlated requests in flight, and may have no more (`quota`). */
  tooManyInFlight(most: number): string;
}

/** Messages without terms of a dialect. */
export const PLAIN_WORDING: Wording = {
  expired: "The time of the request is over.",
  unknownCommand: (verb) => `There is no command ${verb}.`,
  correlationInUse: (correlation) => `${correlation} is still in use.`,
  unauthenticated: (verb) => `${verb} needs an identity.`,
  tooManyInFlight: (most) => `At most ${most} requests of a connection may be in flight.`,
};

/** A built-in command: the server answers it itself in every protocol. */
export interface Builtin {
  /** Its description. */
  readonly command: Command;
  /** Whether it controls the connection: it runs before others, on reserved seats. Default false. */
  readonly control?: boolean;
  /**
   * Whether it proves an identity: a server without identities counts it as an unknown command, because it has the name
   * of a command of other protocols. Default false.
   */
  readonly proof?: boolean;
  /** Whether it needs an identity where a server has identities, as the commands of a protocol do. Default false. */
  readonly identity?: boolean;
  /** The role that it needs where a server has identities. Default: none. */
  readonly role?: string;
  /**
   * Acts on the connection as soon as the request is read, before those read behind it are checked. `run` gets the result
   * in the place of the arguments. Throws a `Refusal` for wrong arguments. `session` is one of the same dialect. Default:
   * nothing happens before `run`.
   */
  readonly onArrival?: (args: Values, context: BuiltinContext, session: DialectSession) => Values;
  /** Replies at once, from the arguments alone. Called instead of `run` where no request waits. */
  readonly instant?: (args: Values) => Values;
  /** Runs it, as a handler does. `session` is one of the same dialect. */
  run(args: Values, context: BuiltinContext, session: DialectSession): unknown;
}

/** The means of a built-in command: its connection and the figures of the server. */
export interface BuiltinContext {
  /** The number of the connection: no other connection of the server has it. */
  readonly id: number;
  /** Records what the client says of itself. */
  introduce(introduction: Introduction): void;
  /** All figures of the server, by name. */
  figures(): Iterable<readonly [name: string, value: string | number]>;
  /**
   * Changes the version of a protocol that the connection speaks. Returns the protocol that its next requests are of;
   * `undefined` where the server does not have it.
   */
  choose(name: string, version: string): Served | undefined;
  /** The identity that the client has; `undefined` where it has none, or needs none. */
  readonly identity: KnownIdentity | undefined;
  /**
   * Gives the connection the identity that a token proves. Where the client says a `name`, it must be that of the identity.
   * Call it in `onArrival`, so that the identity holds for the next request, and answer with `provedName` in `run`.
   */
  authenticate(token: string, name?: string): Authentication;
  /** Resolves after so many ms, without a seat. */
  pause(ms: number): Promise<void>;
  /** Cancels the request in flight with this correlation: its failure is `cancelled`, with this message. False where there is none. */
  cancel(correlation: string, message: string): boolean;
  /** Ends the input. Resolves once all other requests of the connection are answered; `undefined` where there are none. */
  quit(): Promise<void> | undefined;
}

/** An identity, as far as its client may know it. */
export interface KnownIdentity {
  /** Its name. */
  readonly name: string;
  /** The roles that it has: it may use the commands that need one of them. */
  readonly roles: readonly string[];
  /** Its other rights, as handlers understand them. */
  readonly grants: Readonly<Record<string, readonly string[] | undefined>>;
}

/** The result of a proof: the name of an identity, or a failure and the time in ms after which to answer it. */
export type Authentication =
  | { readonly identity: string }
  | { readonly failure: Failure; readonly delay: number };

/**
 * The name of the identity that a proof gives. Throws, or rejects with, the `Refusal` of one that is none: it is held back
 * as long as the server wants.
 */
export function provedName(
  proof: Authentication,
  context: Pick<BuiltinContext, "pause">,
): string | Promise<never> {
  if ("identity" in proof) return proof.identity;
  const { failure: { code, message, ...details }, delay } = proof;
  const refusal = new Refusal(code, message, details);
  if (delay === 0) throw refusal;
  return context.pause(delay).then(() => {
    throw refusal;
  });
}

/** Whether clients prove an identity: they need not, may, or must. */
export type AuthMode = "none" | "optional" | "required";

/** Facts that a client tells about itself. A fact that is left out keeps its value. */
export interface Introduction {
  /** Its name, for handlers and the log. Default: none. */
  readonly agent?: string;
  /** Whether it goes on reading once it has ended its side. Default: as `Dialect.halfCloses` says. */
  readonly halfCloses?: boolean;
  /** The longest time between two messages from it, in ms. Default `Infinity`. */
  readonly heartbeat?: number;
}
