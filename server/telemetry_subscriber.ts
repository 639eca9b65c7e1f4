// The interface of those that hear of events: the log, metrics, traces, and your own.

import type { ServerEvent } from "./server_event.ts";

/**
 * A request as telemetry sees it. It is the request itself, so it costs nothing: read what you need during the call, and
 * keep the object only as a key of a map.
 */
export interface ObservedRequest {
  /** The verb of its command. */
  readonly verb: string;
  /** Its class, such as `normal`. */
  readonly class: string;
  /** The owner of its share: an identity, the prefix of an address, or a number where guests share a flow. */
  readonly flow: string | number;
  /** The address of its client, as in `ConnectedClient.peer`. */
  readonly peer: string;
  /** The number of its connection. */
  readonly connectionId: number;
  /** Its W3C traceparent; `undefined` where it has none. */
  readonly trace: string | undefined;
  /** When it came, in ms of the server's clock. */
  readonly arrivedAt: number;
  /** When its handler began, in ms of the server's clock; 0 before. */
  readonly startedAt: number;
}

/** Input that was refused before it became a request. */
export interface RefusedInput {
  /** The verb of its command; `undefined` where it names none that the server has. */
  readonly verb: string | undefined;
  /** The code of the failure. */
  readonly code: string;
  /** The address of its client. */
  readonly peer: string;
}

/**
 * Hears of events, at once and in their order. A method that is absent costs nothing. A method must return soon: the
 * server waits for it. One that throws ends the subscription, and the log tells of it.
 */
export interface TelemetrySubscriber {
  /** An event beside those of requests. */
  event?(event: ServerEvent): void;
  /** A request has its arguments checked, and goes to the scheduler. */
  requestQueued?(request: ObservedRequest): void;
  /** A request has a seat, and its handler begins. */
  requestStarted?(request: ObservedRequest): void;
  /**
   * A request is answered: with its reply (`code` is `undefined`), or with the code of its failure. `lost`: its connection
   * ended before. `now` is the time, in ms of the server's clock. A request that is refused, or whose arguments are wrong,
   * was never started.
   */
  requestFinished?(request: ObservedRequest, code: string | undefined, now: number): void;
  /** Input is refused without becoming a request: it is malformed, its command is unknown, or it comes too often. */
  inputRefused?(input: RefusedInput): void;
}
