// What a handler is and what it is given.

import type { Command, Protocol } from "../../protocol/spec.ts";
import type { GivenItem, GivenReply, ReceivedArgs, Streams } from "../../protocol/infer.ts";

/** Who is at the other end of a connection. */
export interface Client {
  /** A number that no other connection of this server has. */
  readonly id: number;
  /** The address: `127.0.0.1:4711`, `unix`, `memory`. */
  readonly peer: string;
  /** What it called itself in HELLO. */
  readonly agent: string | undefined;
  /** Whether the connection has ended. */
  readonly closed: boolean;
  /** Whether it has ended its side: it may go on reading, as netcat does, or be gone. */
  readonly halfClosed: boolean;
  /** Calls `action` once when the connection has ended; soon where it has already. */
  whenClosed(action: () => void): void;
}

/** What a handler is given beside its arguments. */
export interface Context {
  /** The verb of the request. */
  readonly verb: string;
  /** Who sent it. */
  readonly client: Client;
  /** Who the client has proved to be; `undefined` where it has not. */
  readonly identity: string | undefined;
  /** Aborted by CANCEL, Ctrl-C, the deadline, a lost connection or the end of a drain. */
  readonly signal: AbortSignal;
  /** When the request's time is over, in ms since the Unix epoch; Infinity where it has no limit. */
  readonly deadline: number;
  /** The W3C traceparent that came with it. */
  readonly trace: string | undefined;
  /** Writes a line to the server's log. */
  log(message: string, details?: Readonly<Record<string, unknown>>): void;
  /**
   * Waits without holding a seat, as a request does that waits for an event and not for the machine.
   * Rejects with the reason of `signal` as soon as that is aborted.
   */
  park<T>(promise: PromiseLike<T>): Promise<T>;
  /**
   * Counts bytes that the handler holds for this request until it is answered, such as bodies that it has read for its
   * items: towards the memory of the client, which is dropped where it holds most and the memory for clients is full.
   */
  hold(bytes: number): void;
  /**
   * Calls `action` where the connection ends before all items of the answer have left the server, or is reset before what
   * left last was read: of those from `from` up to, and without, `to`, counted from 0, nobody was told. Of those that left
   * before a reset that is not certain: then `mayBeRead` is true. A handler that gives something away takes it back
   * there. To be called before the first item; in a worker nothing is told.
   */
  whenUnsent(action: (from: number, to: number, mayBeRead: boolean) => void): void;
}

/** What a handler of a streaming command returns: its items, then its reply. */
export type ItemSource<C> =
  | Generator<GivenItem<C>, GivenReply<C>, void>
  | AsyncGenerator<GivenItem<C>, GivenReply<C>, void>;

/** What a handler returns: the reply, or items and then the reply; or a promise of either. */
export type Result<C> = Streams<C> extends true ? ItemSource<C> | PromiseLike<ItemSource<C>>
  : GivenReply<C> | PromiseLike<GivenReply<C>>;

/** Serves one command. A `Refusal` it throws is sent; any other error is `internal` and goes to the log. */
export type Handler<C extends Command> = (args: ReceivedArgs<C>, context: Context) => Result<C>;

/** A handler for every command of a protocol. */
export type Handlers<P extends Protocol> = {
  readonly [V in keyof P["commands"]]: Handler<P["commands"][V]>;
};
