// The rules of admission: who may connect, who may ask, and who may go on asking. policies.ts lists them in order.

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
  /** Since when nothing is in flight and nothing comes, in ms of the clock; Infinity where that is not so. */
  readonly idleSince: number;
  /** Ends it in favour of another connection of its client; it was idle for `idle` ms. */
  giveWay(idle: number): void;
}

/** A rule for connections. */
export interface ConnectionPolicy {
  /** The failure that a connection gets instead of being served; `undefined` where this rule lets it in. */
  admit(arrival: Arrival): Failure | undefined;
  /** All rules let a connection in, or one that was in has ended. */
  onOutcome?(guest: Guest, outcome: "entered" | "left"): void;
}

/**
 * What becomes of a request: `started`; `refused` (busy, quota) for a reason that another request does not end;
 * `overloaded`, refused for a load that may be over at any time.
 */
export type RequestOutcome = "started" | "refused" | "overloaded";

/** The failure that a request gets instead of being scheduled. */
export interface Denial extends Failure {
  /** Whether the connection ends behind this answer. Default false. */
  readonly endsConnection?: boolean;
}

/** A rule for the requests of one connection. */
export interface RequestPolicy {
  /**
   * Why a request is not scheduled; `undefined` where this rule lets it through. `command` is `undefined` where no
   * command has the request's verb.
   */
  admit?(request: WireRequest, command: CompiledCommand | undefined): Denial | undefined;
  /**
   * What became of a request of the protocol (built-in commands only count where they are refused); a client that was
   * refused was told to stay away for `retry` ms.
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
