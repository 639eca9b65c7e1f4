// The answering half of a request: its items, its reply or its failure, each in its turn.

import type { Failure, RequestTimes, WireRequest } from "../../dialects/dialect.ts";
import type { CompiledCommand } from "../../protocol/compile.ts";
import type { Refusal } from "../../protocol/errors.ts";
import type { Values } from "../../protocol/shape.ts";
import type { FlowKey } from "../../scheduling/flow.ts";
import { Ticket } from "../../scheduling/ticket.ts";
import type { ObservedRequest } from "../telemetry_subscriber.ts";
import type { RequestInFlight } from "./pending_requests.ts";
import type { Receipt } from "./receipts.ts";
import { isDeclared, undeclaredCode } from "./failures.ts";
import type { HeldResponses } from "./held_responses.ts";
import type { RequestConnection } from "./owner.ts";
import { Parking } from "./parking.ts";
import type { AnswerableRequest } from "./responder.ts";
import type { Route } from "./route.ts";

// Growth of the heap, as measured: a request that waits or runs takes 400 to 450 bytes beside its arguments.
const BYTES = 512;

/** The answering half of a request. */
export abstract class AnsweringTicket extends Ticket
  implements RequestInFlight, AnswerableRequest, ObservedRequest {
  after: this | undefined = undefined;
  held: HeldResponses | undefined = undefined;
  receipt: Receipt | undefined = undefined;
  answered = false;
  ready = false;
  readonly wire: WireRequest;
  protected readonly connection: RequestConnection;
  protected readonly route: Route;
  /** The time of its start in ms; 0 before. */
  startedAt = 0;
  /** When it came, in ms. */
  readonly arrivedAt: number;
  #parking: Parking | undefined = undefined;
  /** Whether it waits for its turn or for its client to read. */
  #isBlocked = false;
  /** Ends that wait. */
  #unblock: (() => void) | undefined = undefined;

  /** Makes a request that came at `now`. */
  constructor(connection: RequestConnection, route: Route, wire: WireRequest, now: number) {
    super(connection.flow(route.scheduler, route.class), route.cost, BYTES + wire.bytes);
    this.connection = connection;
    this.route = route;
    this.wire = wire;
    this.arrivedAt = now;
  }

  get correlation(): string | undefined {
    return this.wire.correlation;
  }

  get compiled(): CompiledCommand {
    return this.route.command;
  }

  get verb(): string {
    return this.route.command.verb;
  }

  get class(): string {
    return this.connection.services.classes[this.lane.flow.level.rank];
  }

  get flow(): FlowKey {
    return this.lane.flow.key;
  }

  get peer(): string {
    return this.connection.client.peer;
  }

  get connectionId(): number {
    return this.connection.client.id;
  }

  get trace(): string | undefined {
    return this.wire.trace;
  }

  get heldBytes(): number {
    return this.held?.size ?? 0;
  }

  override get streams(): boolean {
    return this.#isBlocked;
  }

  abstract enqueue(now: number): void;

  /** Ends it: its time is over. */
  abstract expire(): void;

  /** Whether its time is over; then ends it. Timers do not suffice: a handler may hold the event loop. */
  expires(): boolean {
    if (this.deadline === Infinity || this.answered) return false;
    if (this.connection.services.clock.now() < this.deadline) return false;
    this.expire();
    return true;
  }

  // Responses.

  item(values: Values): void {
    this.connection.responder.item(this, values);
  }

  succeed(reply: Values | undefined, now?: number): void {
    if (this.answered || this.expires()) return;
    try {
      this.connection.responder.reply(this, reply, this.#times());
    } catch (error) {
      this.fail(error);
      return;
    }
    this.end(undefined, false, now);
  }

  handlerFailed(error: unknown): void {
    if (!this.expires()) this.fail(error);
  }

  /** Answers with an error: a declared `Refusal` as it is, another error as `internal`. */
  fail(error: unknown): void {
    if (this.answered) return;
    const declared = isDeclared(error, this.compiled, this.connection.session);
    if (declared && error.code === "forbidden") this.connection.accessRefused(this.verb, error);
    this.answerFailure(declared ? error : this.#internalFailure(error));
  }

  #internalFailure(error: unknown): Failure {
    const { verb, connection } = this;
    const incident = crypto.randomUUID().slice(0, 8);
    const { peer: client } = connection.client;
    const undeclared = undeclaredCode(error, this.compiled);
    connection.services.telemetry.tell({
      kind: "handler-failed",
      client,
      verb,
      incident,
      error,
      undeclared,
    });
    const details = { incident };
    return { code: "internal", message: `${verb} failed; the server's log says why.`, details };
  }

  /** Answers with a failure. A request that is `turnedAway` was never begun; its answer may wait a little. */
  answerFailure(failure: Failure, turnedAway: boolean = false): void {
    if (this.answered) return;
    this.connection.countFailure(failure.code);
    this.connection.responder.failure(this, failure, this.#times());
    this.end(failure.code, turnedAway);
  }

  #times(): RequestTimes | undefined {
    if (!this.connection.session.timed) return undefined;
    const now = this.connection.services.clock.now();
    const started = this.startedAt || now;
    return { waited: started - this.arrivedAt, took: now - started };
  }

  /** Ends it: it is answered, with the code of its failure if it has one, or its answer is no longer needed. */
  protected end(code: string | undefined, turnedAway: boolean = false, now?: number): void {
    this.answered = true;
    const { telemetry: { requests }, clock } = this.connection.services;
    if (requests !== undefined) requests.finished(this, code, now ?? clock.now());
    if (this.phase === "new") this.connection.services.deadlines.clear(this);
    this.#unblock?.();
    this.connection.answered(this, turnedAway, now);
  }

  release(): void {
    this.connection.responder.release(this, this.receipt);
    this.#unblock?.();
  }

  // Waits without a seat.

  /** Whether what it sends next would be too much beside what the client has not read. */
  get mustWait(): boolean {
    return !this.answered && this.connection.responder.mustWait(this);
  }

  untilWritable(): Promise<void> | undefined {
    if (this.connection.responder.isItsTurn(this)) return this.#untilRead();
    const turn = new Promise<void>((resolve) => this.#unblock = resolve);
    return this.outOfSeat(turn).then(() => this.#untilRead());
  }

  /** Waits until the client has read, or the request is answered meanwhile. */
  #untilRead(): Promise<void> | undefined {
    const { output } = this.connection;
    if (!output.full) {
      output.schedule();
      return undefined;
    }
    return this.outOfSeat(
      new Promise((resolve) => {
        this.#unblock = resolve;
        output.drained().then(resolve);
      }),
    );
  }

  /** Gives its seat to others during a wait. */
  async outOfSeat(wait: Promise<void>): Promise<void> {
    this.#isBlocked = true;
    const parked = this.phase === "running" && this.route.scheduler.park(this);
    await wait;
    if (parked) await this.parking.takeSeat();
    this.#isBlocked = false;
  }

  /** Called when it has a seat again, or needs none any more. */
  resume(): void {
    this.#parking?.resume();
  }

  /** Rejects the waits for which it is parked. */
  protected stopParking(reason: Refusal): void {
    this.#parking?.stop(reason);
  }

  protected get parking(): Parking {
    return this.#parking ??= new Parking(this, this.route.scheduler);
  }
}
