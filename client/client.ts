// A client as its user sees it: a method for each command, or calls by name.

import type { CommandsOf } from "../dialects/lineup1/builtin_protocol.ts";
import type { CallArgs, ReceivedItem, ReceivedReply, Streams } from "../protocol/infer.ts";
import type { ClassName, Protocol, WithCommands } from "../protocol/spec.ts";
import type { Values } from "../dialects/lineup1/message.ts";
import type { CallLimits, ReplyInfo, RetryInfo } from "./call_options.ts";
import type { Items } from "./items.ts";
import type { PoolOptions } from "./pool_options.ts";

/** How to make one call. */
export interface CallOptions extends CallLimits {
  /** How urgent it is. */
  class?: ClassName;
}

/** How to be a client. */
export interface ClientOptions extends PoolOptions {
  /** The client's name for the server's log. */
  agent?: string;
  /** Asks the server to tell how long each request waited and took: see `ReplyInfo`. Default false. */
  timing?: boolean;
  /** Is told the outcome of each call that has no `onReply` of its own. */
  onReply?: (info: ReplyInfo) => void;
  /** Is told each time that a call without an `onRetry` of its own is sent again, before the pause. */
  onRetry?: (info: RetryInfo) => void;
  /** The W3C traceparent of a call that names none. */
  trace?: (verb: string) => string | undefined;
}

/** A command as a method: a promise of its reply, or its items and then its reply. */
export type Method<C> = (
  ...args: [...CallArgs<C>, options?: CallOptions]
) => Streams<C> extends true ? Items<ReceivedItem<C>, ReceivedReply<C>> : Promise<ReceivedReply<C>>;

/** The members of every client. `await using` closes it. */
export interface AnyClient extends AsyncDisposable {
  /** Whether it can make no calls any more: it was closed, or it was given a stream, and that has ended. */
  readonly closed: boolean;
  /** Waits for the answers to calls in flight, for `within` milliseconds at most (default 10000), then closes. */
  close(within?: number): Promise<void>;
}

/** A client of a protocol: a method for each command, by its verb. */
export type Client<P extends WithCommands> =
  & { readonly [V in keyof CommandsOf<P>]: Method<CommandsOf<P>[V]> }
  & AnyClient;

/** A client of whatever protocol the server describes. */
export interface DynamicClient extends AnyClient {
  /** The protocol, as the server of the latest connection described it. */
  readonly protocol: Protocol;
  /** Calls a command that has no items. Rejects with `TypeError` for one that there is not, or that has. */
  call(verb: string, args?: Values, options?: CallOptions): Promise<Values>;
  /** Calls a command that has items. */
  stream(verb: string, args?: Values, options?: CallOptions): Items<Values, Values>;
}
