// What requests need of their connection and of their server.

import type { DialectSession, Wording } from "../../dialects/dialect.ts";
import type { Output } from "../../net/output.ts";
import type { Clock } from "../../scheduling/clock.ts";
import type { FlowHandle } from "../../scheduling/ticket.ts";
import type { Timed } from "../../scheduling/timing_wheel.ts";
import type { TurnClock } from "../../scheduling/turn_clock.ts";
import type { FlowOpener } from "../admission/client_flows.ts";
import type { RequestInFlight } from "../connection/pending_requests.ts";
import type { Telemetry } from "../telemetry.ts";
import type { BuiltinConnection } from "./builtin_call.ts";
import type { ConnectedClient } from "./handlers.ts";
import type { Responder } from "./responder.ts";

/** The server of a request. */
export interface RequestServices {
  readonly clock: Clock;
  /** The time of the current turn, for what ends many requests at once. */
  readonly turnClock: TurnClock;
  readonly telemetry: Telemetry;
  readonly wording: Wording;
  /** The deadlines of requests that are in no scheduler yet. */
  readonly deadlines: { set(request: Timed, deadline: number): void; clear(request: Timed): void };
}

/** The connection of a request. */
export interface RequestConnection extends BuiltinConnection {
  readonly services: RequestServices;
  readonly session: DialectSession;
  readonly responder: Responder;
  readonly output: Output;
  /** The connection as handlers see it. */
  readonly client: ConnectedClient;
  readonly draining: boolean;
  /** Where its requests of a class wait. */
  flow(scheduler: FlowOpener, name: string): FlowHandle;
  /** Its requests hold `bytes` more. What is `much` counts now. */
  hold(bytes: number, much: boolean): void;
  /** A request may be scheduled. */
  checked(request: RequestInFlight): void;
  /** A request has a seat. */
  started(request: StartedRequest): void;
  /** A request was refused as busy or quota. */
  turnedAway(retry: number, overloaded: boolean): void;
  /** A request is answered; one that was `turnedAway` may wait for other answers to go out with. */
  answered(request: RequestInFlight, turnedAway: boolean, now?: number): void;
  /** Counts a failure that is answered. */
  countFailure(code: string): void;
}

/** A request that runs. */
export interface StartedRequest extends RequestInFlight {
  /** Whether the server answers it itself. */
  readonly isBuiltin: boolean;
}
