// A request through its states: checked, scheduled, running, parked, ended. It is the ticket of the scheduler.

import type { Builtin, WireRequest } from "../../dialects/dialect.ts";
import { type Executed, Refusal } from "../../protocol/errors.ts";
import type { Values } from "../../protocol/shape.ts";
import type { RefusalReason } from "../../scheduling/ticket.ts";
import { Receipt, type UnsentAction } from "./receipts.ts";
import { AnsweringTicket } from "./answering_ticket.ts";
import { BuiltinCall } from "./builtin_call.ts";
import { RequestContext } from "./context.ts";
import { drainingFailure } from "../admission/draining.ts";
import { BUSY, refusedFailure } from "./failures.ts";
import type { Identity } from "../identity/identity.ts";
import type { ConnectedClient, Context } from "./handlers.ts";
import type { StartedRequest } from "./owner.ts";
import { sendItems, startItems, type StreamingRequest } from "./stream.ts";

/** Growth of the heap by a parked request, as measured: 1.2 to 3 KiB. */
const PARKED_BYTES = 2048;
/** Growth by this many bytes is counted at once, less growth at the next visit of the connection. */
const MUCH = 65_536;
const PARK_RETRY = 1000;
/** Replies with a field of more bytes wait while the client has much to read. */
const LARGE = 4096;

/** A request. */
export class Request extends AnsweringTicket implements Context, StreamingRequest, StartedRequest {
  #args: Values = {};
  #abort: AbortController | undefined = undefined;
  #reason: Refusal | undefined = undefined;
  #hasParked = false;
  /** Whether its handler has returned, and its reply waits. */
  #hasReturned = false;

  // From its arrival to its start.

  /** Checks the arguments, then is scheduled when its connection lets it. */
  check(): void {
    const { session, services: { wording } } = this.connection;
    let args: Values | Promise<Values>;
    try {
      if (this.compiled.command.role !== undefined && this.identity === undefined) {
        throw new Refusal("unauthenticated", wording.unauthenticated(this.verb));
      }
      args = session.readArguments(this.wire, this.compiled);
    } catch (error) {
      // A proof that is wrong may have a right token.
      if (this.route.builtin?.onArrival !== undefined) this.connection.forgetBytes();
      this.fail(error);
      return;
    }
    if (!(args instanceof Promise)) this.#checked(args);
    else args.then((args) => this.#checked(args), (error) => this.fail(error));
  }

  #checked(args: Values): void {
    if (this.answered) return;
    const onArrival = this.route.builtin?.onArrival;
    try {
      this.#args = onArrival === undefined
        ? args
        : onArrival(args, new BuiltinCall(this, this.connection), this.connection.session);
    } catch (error) {
      this.fail(error);
      return;
    }
    const { wire } = this;
    if (!wire.plain) this.#readOptions(wire);
    wire.forget();
    this.ready = true;
    this.connection.checked(this);
    // A request that its connection holds back is in no scheduler, so its deadline is kept here.
    if (this.phase === "new" && this.deadline < Infinity && !this.answered) {
      this.connection.services.deadlines.set(this, this.deadline);
    }
  }

  #readOptions({ timeout, class: name }: WireRequest): void {
    if (name !== undefined) this.lane = this.connection.flow(this.route.scheduler, name);
    if (timeout !== undefined) this.deadline = this.connection.services.clock.now() + timeout;
  }

  /** Goes to the scheduler, which calls `begin` or `refuse`. */
  override enqueue(now: number): void {
    const { deadlines, telemetry: { requests } } = this.connection.services;
    deadlines.clear(this);
    if (requests !== undefined) requests.queued(this);
    this.route.scheduler.submit(this, now);
  }

  /** Called when the scheduler refuses it. */
  refuse(reason: RefusalReason, retry: number, scope: string | undefined): void {
    const { services: { wording } } = this.connection;
    const turnedAway = reason === "busy" || reason === "quota";
    if (turnedAway) this.connection.turnedAway(retry, reason === "busy");
    this.answerFailure(refusedFailure(reason, retry, wording.expired, scope), turnedAway);
  }

  // From its start to its end.

  /** Runs it: it has a seat. */
  begin(): void {
    const { handler, around, builtin, command } = this.route;
    this.startedAt = this.since;
    const { requests } = this.connection.services.telemetry;
    if (requests !== undefined) requests.started(this);
    let result: unknown;
    let items: ReturnType<typeof startItems> | undefined;
    try {
      if (builtin !== undefined) result = this.#runBuiltin(builtin);
      else if (around === undefined) result = handler(this.#args, new RequestContext(this));
      else result = around(this, this.#args, new RequestContext(this));
      // Middleware sends the items itself.
      if (command.items !== undefined && around === undefined) items = startItems(result);
    } catch (error) {
      this.handlerFailed(error);
      this.#finish();
      return;
    }
    // Only after the first step of the handler: else the request behind this one could begin first.
    this.connection.started(this);
    if (items !== undefined) result = sendItems(this, items);
    if (isThenable(result)) {
      // One step, and one call of the clock: most requests take this path.
      result.then((reply) => {
        this.#return(reply as Values, this.connection.services.turnClock.now());
      }, (error) => {
        this.handlerFailed(error);
        this.#finish();
      });
    } else this.#return(result as Values);
  }

  /** The handler has returned: answers, and gives the seat back. */
  #return(reply: Values | undefined, now?: number): void {
    if (this.mustWait && isLarge(reply)) {
      this.#hasReturned = true;
      void this.#returnLater(reply);
      return;
    }
    this.succeed(reply, now);
    this.#finish(now);
  }

  /** Answers once the client has read: many large replies at once would be more than a client can be sent. */
  async #returnLater(reply: Values | undefined): Promise<void> {
    while (this.mustWait) await this.untilWritable();
    this.succeed(reply);
    this.#finish();
  }

  /** The reason for which it was ended from outside. */
  get reason(): Refusal | undefined {
    return this.#reason;
  }

  get isBuiltin(): boolean {
    return this.route.builtin !== undefined;
  }

  /** Whether it waits for an event without a seat. */
  get isParked(): boolean {
    return this.phase === "parked" && !this.#hasReturned;
  }

  #runBuiltin(builtin: Builtin): unknown {
    const context = new BuiltinCall(this, this.connection);
    return builtin.run(this.#args, context, this.connection.session);
  }

  #finish(now?: number): void {
    this.route.scheduler.finish(this, now);
  }

  override expire(): void {
    this.abort("expired", this.connection.services.wording.expired);
  }

  /** Ends the request from outside: it is answered now, and the handler's signal is aborted. */
  abort(code: EndCode, message: string): void {
    if (this.answered) return;
    const executed: Executed = this.startedAt === 0 ? "no" : "maybe";
    const options = code === "draining" ? { retry: drainingFailure.retry } : { executed };
    const reason = new Refusal(code, message, options);
    this.route.scheduler.cancel(this);
    this.fail(reason);
    this.#stop(reason);
  }

  /** Ends it without an answer: the connection is gone. */
  drop(): void {
    if (this.answered) return;
    this.route.scheduler.cancel(this);
    this.end("lost");
    this.#stop(new Refusal("cancelled", "The connection is lost.", { executed: "maybe" }));
  }

  #stop(reason: Refusal): void {
    this.#reason = reason;
    this.#abort?.abort(reason);
    this.stopParking(reason);
  }

  // The members that its handler uses, through `RequestContext`.

  get client(): ConnectedClient {
    return this.connection.client;
  }

  get state(): unknown {
    return this.connection.states[this.route.service];
  }

  get identity(): Identity | undefined {
    return this.connection.identity;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#reason !== undefined) this.#abort.abort(this.#reason);
    }
    return this.#abort.signal;
  }

  log(message: string, details?: Readonly<Record<string, unknown>>): void {
    const { services: { telemetry }, client: { peer: client } } = this.connection;
    telemetry.tell({ kind: "handler-logged", verb: this.verb, client, message, details });
  }

  hold(bytes: number): void {
    if (this.answered) return;
    this.bytes += bytes;
    this.connection.hold(bytes, bytes >= MUCH);
  }

  whenUnsent(action: UnsentAction): void {
    this.receipt = new Receipt(action);
  }

  park<T>(promise: PromiseLike<T>): Promise<T> {
    if (this.connection.draining) this.abort("draining", drainingFailure.message);
    // Where several promises are parked at once, the first gives the seat up and takes it again.
    const isParkable = !this.answered && this.phase === "running";
    if (this.#reason === undefined && !isParkable) return Promise.resolve(promise);
    if (this.#reason !== undefined || !this.route.scheduler.park(this)) {
      // If the promise rejects too, nothing else handles that, and it would end the process.
      promise.then(undefined, () => {});
      return Promise.reject(this.#reason ?? new Refusal("busy", BUSY, { retry: PARK_RETRY }));
    }
    if (!this.#hasParked) this.hold(PARKED_BYTES);
    this.#hasParked = true;
    const waiting = this.parking.wait(promise);
    this.connection.parked();
    return waiting;
  }
}

/** The codes of requests that are ended from outside: the last two where the identity of the client has changed. */
type EndCode = "expired" | "cancelled" | "draining" | "unauthenticated" | "forbidden";

/** Whether a reply has a field that is large. */
function isLarge(reply: Values | undefined): boolean {
  if (reply === undefined) return false;
  for (const value of Object.values(reply)) {
    if ((typeof value === "string" || value instanceof Uint8Array) && value.length > LARGE) {
      return true;
    }
  }
  return false;
}

function isThenable(result: unknown): result is PromiseLike<unknown> {
  return typeof (result as { then?: unknown } | null | undefined)?.then === "function";
}
