// The types of handlers and of their arguments.

import type { Identity } from "../identity/identity.ts";
import type { WithCommands } from "../../protocol/spec.ts";
import type { GivenItem, GivenReply, ReceivedArgs, Streams } from "../../protocol/infer.ts";

/** The client at the other end of a connection. */
export interface ConnectedClient {
  /** A number that no other connection of this server has. */
  readonly id: number;
  /** The address: `127.0.0.1:4711`, `unix`, `memory`. */
  readonly peer: string;
  /** The name that it has announced. */
  readonly agent: string | undefined;
  /** The name of its identity; `undefined` where it has none, or the server has no identities. */
  readonly identity: string | undefined;
  /** Whether the connection has ended. */
  readonly closed: boolean;
  /** Whether it has ended its side. Then it may go on reading, as netcat does, or be gone. */
  readonly halfClosed: boolean;
  /** Calls `action` once when the connection has ended; soon where it has ended already. */
  whenClosed(action: () => void): void;
}

/** The context of a request, for its handler. `S` is the state of a connection. */
export interface Context<S = unknown> {
  /** The verb of the request. */
  readonly verb: string;
  /** The client that sent it. */
  readonly client: ConnectedClient;
  /**
   * The state of the connection, as `state` of the service made it; `undefined` where the service has none. In a worker
   * it is a copy, which cannot be changed.
   */
  readonly state: S;
  /**
   * The identity of the client: the one that it has proved, or that of clients that prove none. `undefined` where the
   * server has no identities.
   */
  readonly identity: Identity | undefined;
  /**
   * Aborted where the client cancels the request, at the deadline, with a lost connection and at the end of a drain.
   */
  readonly signal: AbortSignal;
  /** The end of the request's time, in ms since the Unix epoch; Infinity where it has no limit. */
  readonly deadline: number;
  /** The W3C traceparent of the request. */
  readonly trace: string | undefined;
  /** Writes a line to the server's log. */
  log(message: string, details?: Readonly<Record<string, unknown>>): void;
  /**
   * Waits for a promise without holding a seat: for waits that need an event, not the machine. Rejects with the reason
   * of `signal` as soon as that is aborted.
   */
  park<T>(promise: PromiseLike<T>): Promise<T>;
  /**
   * Counts bytes that the handler holds for this request until it is answered, such as bodies that it has read for its
   * items. They count towards the memory of the client: when the memory for clients is full, the client that holds most
   * is dropped.
   */
  hold(bytes: number): void;
  /**
   * Calls `action` with the items of the answer that the client did not get: from `from` up to, and without, `to`,
   * counted from 0. The connection ended before they left the server, or was reset before the client had read them.
   * After a reset, this is not certain, and `mayBeRead` is true. A handler that gives something away takes it back
   * there. Call this before the first item. In a worker, `action` is never called.
   */
  whenUnsent(action: (from: number, to: number, mayBeRead: boolean) => void): void;
}

/** The result of a handler of a streaming command: its items, then its reply. */
export type ItemSource<C> =
  | Generator<GivenItem<C>, GivenReply<C>, void>
  | AsyncGenerator<GivenItem<C>, GivenReply<C>, void>;

/** The result of a handler: the reply, or items and then the reply; or a promise of either. */
export type Result<C> = Streams<C> extends true ? ItemSource<C> | PromiseLike<ItemSource<C>>
  : GivenReply<C> | PromiseLike<GivenReply<C>>;

/** Serves one command. A `Refusal` that it throws is sent. Any other error is `internal` and goes to the log. */
export type Handler<C, X = Context> = (args: ReceivedArgs<C>, context: X) => Result<C>;

/** A handler for every command of a protocol. `X` is the context that they get. */
export type Handlers<P extends WithCommands, X = Context> = {
  readonly [V in keyof P["commands"]]: Handler<P["commands"][V], X>;
};

/** As `Handlers`, some or all of them. */
export type SomeHandlers<P extends { readonly commands?: object }, X = Context> = {
  readonly [V in keyof P["commands"]]?: Handler<P["commands"][V], X>;
};

/**
 * What the type `H` of given handlers must fit beside `SomeHandlers`: a handler for every command, and none of another.
 * A function whose handlers have a type parameter of their own leaves the types of each handler to the protocol alone:
 * `state: "idle"` is the value of an enum there, not any text.
 */
export type EveryHandler<P extends { readonly commands?: object }, H> =
  & NoOtherHandler<P, H>
  & { readonly [V in keyof P["commands"]]: unknown };

/** As `EveryHandler`, where some may be missing. */
export type NoOtherHandler<P extends { readonly commands?: object }, H> = {
  readonly [V in Exclude<keyof H & string, keyof P["commands"]>]: `there is no command ${V}`;
};

const INSTANT = new WeakSet<object>();

/**
 * Marks a handler that answers at once, from its arguments alone: it needs no context, and returns no promise and no
 * items. Where nothing waits for a seat, the server calls it without a ticket, which is most of the cost of a short
 * request.
 *
 * @example
 * ```ts
 * import { instant, serve } from "@lineup/lineup/server";
 * import type { Protocol } from "@lineup/lineup/protocol";
 *
 * const calc = {
 *   name: "calc",
 *   version: "1.0",
 *   summary: "A calculator on a line.",
 *   commands: {
 *     ADD: { summary: "Add two numbers.", args: { a: "number", b: "number" }, reply: { sum: "number" } },
 *   },
 * } as const satisfies Protocol;
 *
 * await using server = await serve(calc, { ADD: instant(({ a, b }) => ({ sum: a + b })) }, { port: 0 });
 * ```
 */
export function instant<Args, Reply>(
  handler: (args: Args) => Reply extends PromiseLike<unknown> ? never : Reply,
): (args: Args) => Reply extends PromiseLike<unknown> ? never : Reply {
  INSTANT.add(handler);
  return handler;
}

/** Whether a handler is marked by `instant`. */
export function isInstant(handler: object): boolean {
  return INSTANT.has(handler);
}
