// Routes decoded input: it becomes a request for the scheduler, or is answered with the reason why not.

import {
  type Control,
  type Correlated,
  type Decoded,
  type Failure,
  type Invalid,
  NOBODY,
  type RequestTimes,
  type WireRequest,
} from "../../dialects/dialect.ts";
import type { Values } from "../../protocol/shape.ts";
import type { FlowHandle } from "../../scheduling/ticket.ts";
import type { RequestFeed } from "../request_feed.ts";
import type { ObservedRequest } from "../telemetry_subscriber.ts";
import type { RequestAdmission } from "../admission/admission.ts";
import type { Denial } from "../admission/policy.ts";
import type { PendingRequests } from "./pending_requests.ts";
import type { RequestConnection } from "./owner.ts";
import { Rejection } from "./rejection.ts";
import { Request } from "./request.ts";
import type { Route } from "./route.ts";

/** The times of input that is answered as it comes. */
const NO_TIME: RequestTimes = { waited: 0, took: 0 };

/** The connection whose input is routed. */
export interface RoutedConnection extends RequestConnection {
  /** Something was answered that must go out although refusals may wait. */
  answersNow(): void;
  /** A request that is no built-in command will be scheduled once it is checked. */
  scheduled(request: Request): void;
  /** A request that is no built-in command was served without a ticket. */
  servedAtOnce(): void;
  /** Takes no further requests because of the client's input, and tells the log. */
  endFor(code: string, why: string): void;
}

/** Routes the input of one connection. */
export class RequestRouter {
  readonly #connection: RoutedConnection;
  /** The routes of the next requests, by verb. */
  routes: ReadonlyMap<string, Route>;
  readonly #admission: RequestAdmission;
  readonly #pending: PendingRequests<Request | Rejection>;
  /** Requests that waited unread, to be checked last to first: the first one waited longest. */
  #gathered: Request[] | undefined = undefined;

  constructor(
    connection: RoutedConnection,
    routes: ReadonlyMap<string, Route>,
    admission: RequestAdmission,
    pending: PendingRequests<Request | Rejection>,
  ) {
    this.#connection = connection;
    this.routes = routes;
    this.#admission = admission;
    this.#pending = pending;
  }

  /** Routes one decoded input. */
  take(decoded: Decoded, now: number): void {
    if (decoded.kind === "request") this.#request(decoded, now);
    else if (decoded.kind === "invalid") this.#invalid(decoded);
    else this.#control(decoded);
  }

  /** From now on, gathers requests: they waited unread, and are checked together. */
  gather(): void {
    this.#gathered = [];
  }

  /** Checks the gathered requests. They came in the last `unread` ms; the server takes their times as evenly spread. */
  checkGathered(unread: number): void {
    if (this.#gathered === undefined) return;
    const { length } = this.#gathered;
    for (let i = 0; i < length; i++) {
      const request = this.#gathered.pop()!;
      request.unread = unread * (i + 0.5) / length;
      request.check();
    }
  }

  /** From now on, checks requests one by one. */
  endGathering(): void {
    this.#gathered = undefined;
  }

  /** Answers input that never becomes a request, in its turn. */
  reject(wire: Correlated, failure: Failure, turnedAway: boolean = false): void {
    const connection = this.#connection;
    const rejection = new Rejection(wire, connection.responder);
    this.#pending.add(rejection);
    connection.countFailure(failure.code);
    rejection.answer(failure, connection.session.timed ? NO_TIME : undefined);
    connection.answered(rejection, turnedAway);
  }

  #request(wire: WireRequest, now: number): void {
    const { correlation } = wire;
    if (correlation !== undefined && this.#pending.find(correlation) !== undefined) {
      // The client could take an answer with this correlation for that of either request.
      const message = this.#connection.services.wording.correlationInUse(correlation);
      this.reject(NOBODY, { code: "bad-syntax", message });
      this.#connection.end();
      return;
    }
    const route = this.routes.get(wire.verb);
    const denial = this.#admission.admit(wire, route?.command);
    if (denial !== undefined) return this.#deny(wire, denial);
    this.#schedule(wire, route!, now);
  }

  #schedule(wire: WireRequest, route: Route, now: number): void {
    if (route.instant !== undefined && this.#answerAtOnce(wire, route, route.instant, now)) return;
    const request = new Request(this.#connection, route, wire, now);
    this.#pending.add(request);
    if (route.builtin === undefined) this.#connection.scheduled(request);
    // An identity holds for the requests behind it, also where those are checked first.
    const isFirst = route.builtin?.onArrival !== undefined;
    if (this.#gathered === undefined || isFirst) request.check();
    else this.#gathered.push(request);
  }

  /** Answers a very short request without a ticket, where nothing waits. Returns whether it did. */
  #answerAtOnce(
    wire: WireRequest,
    route: Route,
    instant: (args: Values) => Values | undefined,
    now: number,
  ): boolean {
    const connection = this.#connection;
    const { session, output } = connection;
    if (!wire.plain || session.timed) return false;
    if (wire.correlation === undefined && this.#pending.ordered > 0) return false;
    let args: Values;
    try {
      args = session.readArguments(wire, route.command) as Values;
    } catch {
      return false;
    }
    const flow = connection.flow(route.scheduler, route.class);
    if (!route.scheduler.instant(flow, now)) return false;
    try {
      session.writeReply(wire, route.command, instant(args), output);
    } catch (error) {
      // It has run: it must not run again.
      const request = new Request(connection, route, wire, now);
      this.#pending.add(request);
      request.handlerFailed(error);
      return true;
    }
    const { requests } = connection.services.telemetry;
    if (requests !== undefined) this.#tell(requests, wire, route, flow, now);
    connection.answersNow();
    if (route.builtin === undefined) connection.servedAtOnce();
    return true;
  }

  /** Tells telemetry of a request that was answered at once: it has waited and run for no time. */
  #tell(
    requests: RequestFeed,
    wire: WireRequest,
    { command: { verb } }: Route,
    { flow: { level, key } }: FlowHandle,
    now: number,
  ): void {
    const { services, client } = this.#connection;
    const request: ObservedRequest = {
      verb,
      class: services.classes[level.rank],
      flow: key,
      peer: client.peer,
      connectionId: client.id,
      trace: wire.trace,
      arrivedAt: now,
      startedAt: now,
    };
    requests.queued(request);
    requests.started(request);
    requests.finished(request, undefined, now);
  }

  #deny(wire: WireRequest, denial: Denial): void {
    const { code, message, retry = 0, endsConnection } = denial;
    this.#tellRefused(this.routes.get(wire.verb)?.command.verb, code);
    const turnedAway = code === "busy" || code === "quota";
    if (turnedAway) this.#connection.turnedAway(retry, false);
    else if (code === "unauthenticated" || code === "forbidden") {
      this.#connection.accessRefused(wire.verb, denial);
    }
    this.reject(wire, denial, turnedAway);
    if (endsConnection) this.#connection.endFor(code, message);
  }

  #invalid(invalid: Invalid): void {
    const { correlation, failure, fatal } = invalid;
    const inUse = correlation !== undefined && this.#pending.find(correlation) !== undefined;
    this.#tellRefused(undefined, failure.code);
    this.reject(inUse ? NOBODY : invalid, failure);
    if (fatal) this.#connection.endFor(failure.code, failure.message);
  }

  #tellRefused(verb: string | undefined, code: string): void {
    const { services: { telemetry }, client } = this.#connection;
    telemetry.requests?.refused(verb, code, client.peer);
  }

  #control({ write, cancelOldest }: Control): void {
    if (write !== undefined) {
      this.#connection.output.add("", write);
      this.#connection.answersNow();
    }
    if (cancelOldest !== undefined) this.#pending.first?.abort("cancelled", cancelOldest);
  }
}
