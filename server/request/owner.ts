// The connection and the server of a request, as the request uses them.

import type { DialectSession, Failure, Wording } from "../../dialects/dialect.ts";
import type { Output } from "../../net/output.ts";
import type { Clock } from "../../scheduling/clock.ts";
import type { FlowHandle } from "../../scheduling/ticket.ts";
import type { Timed } from "../../scheduling/timing_wheel.ts";
import type { TurnClock } from "../../scheduling/turn_clock.ts";
import type { FlowOpener } from "../admission/client_flows.ts";
import type { Identity } from "../identity/identity.ts";
import type { RequestInFlight } from "./pending_requests.ts";
import type { Telemetry } from "../telemetry.ts";
import type { BuiltinConnection } from "./builtin_call.ts";
import type { ConnectedClient } from "./handlers.ts";
import type { Responder } from "./responder.ts";

/** The server of a request. */
export interface RequestServices {
  readonly clock: Clock;
  /** The time of the current turn, for an event that ends many requests at once. */
  readonly turnClock: TurnClock;
  readonly telemetry: Telemetry;
  readonly wording: Wording;
  /** The names of the classes, by rank. */
  readonly classes: readonly string[];
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
  /** The states of the connection, one for each service. */
  readonly states: readonly unknown[];
  readonly draining: boolean;
  /** The identity of the client. */
  readonly identity: Identity | undefined;
  /** The flow in which its requests of a class wait. */
  flow(scheduler: FlowOpener, name: string): FlowHandle;
  /** Counts `bytes` more that its requests hold: at once where `much`, else later. */
  hold(bytes: number, much: boolean): void;
  /** Called when a request may be scheduled. */
  checked(request: RequestInFlight): void;
  /** The bytes that are read now have a secret: they do not stay in memory. */
  forgetBytes(): void;
  /** Cancels all requests in flight. */
  close(): void;
  /** Called when a request has a seat. */
  started(request: StartedRequest): void;
  /** Called when a request waits for an event. */
  parked(): void;
  /** Called when a request was refused as busy or quota. */
  turnedAway(retry: number, overloaded: boolean): void;
  /** Called when a request is answered. The answer of one that was `turnedAway` may wait for other answers. */
  answered(request: RequestInFlight, turnedAway: boolean, now?: number): void;
  /** Counts a failure that is answered. */
  countFailure(code: string): void;
  /** Tells that a request was refused because of the identity of the client, or the lack of one. */
  accessRefused(verb: string, failure: Failure): void;
}

/** A running request. */
export interface StartedRequest extends RequestInFlight {
  /** Whether the server answers it itself. */
  readonly isBuiltin: boolean;
}
