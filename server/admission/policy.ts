// The types of the rules of admission, for connections and for requests. policies.ts lists the rules in order.

import type { Failure, WireRequest } from "../../dialects/dialect.ts";
import type { CompiledCommand } from "../../protocol/compile.ts";

/** A connection that asks to be served. */
export interface Arrival {
  /** The address, as `ByteStream.peer` has it. */
  readonly peer: string;
  /** Whether its client is on this machine. */
  readonly local: boolean;
}

/** A connection that is served. */
export interface Guest extends Arrival {
  /** The time since which nothing is in flight and nothing comes, in ms of the clock; Infinity while it is not idle. */
  readonly idleSince: number;
  /** Ends it in favour of another connection of its client. It was idle for `idle` ms. */
  giveWay(idle: number): void;
}

/** A rule for connections. */
export interface ConnectionPolicy {
  /** The failure that a connection gets instead of being served; `undefined` where this rule admits it. */
  admit(arrival: Arrival): Failure | undefined;
  /** Called when all rules have admitted a connection, and when an admitted one has ended. */
  onOutcome?(guest: Guest, outcome: "entered" | "left"): void;
}

/**
 * The outcome of a request. `started`: it runs. `refused` (busy, quota): for a reason that the end of another request
 * does not remove. `overloaded`: refused for a load that may end at any time.
 */
export type RequestOutcome = "started" | "refused" | "overloaded";

/** The failure that a request gets instead of being scheduled. */
export interface Denial extends Failure {
  /** Whether the connection ends after this answer. Default false. */
  readonly endsConnection?: boolean;
}

/** A rule for the requests of one connection. */
export interface RequestPolicy {
  /**
   * The reason why a request is not scheduled; `undefined` where this rule lets it through. `command` is `undefined`
   * where no command has the request's verb.
   */
  admit?(request: WireRequest, command: CompiledCommand | undefined): Denial | undefined;
  /**
   * Called with the outcome of a request of the protocol, and of a refused request for a built-in command. A refused
   * client was told to stay away for `retry` ms.
   */
  onOutcome?(outcome: RequestOutcome, retry: number): void;
}

/** The rules for the requests of one connection, in their order. */
export type RequestPolicies = readonly [
  RequestPolicy?,
  RequestPolicy?,
  RequestPolicy?,
  RequestPolicy?,
  RequestPolicy?,
  RequestPolicy?,
  RequestPolicy?,
  RequestPolicy?,
];
