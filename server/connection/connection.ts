// One client, from its greeting to its end: the parts that serve it, and which of them hear of what happens.

import {
  type DialectSession,
  type Failure,
  type Introduction,
  NOBODY,
} from "../../dialects/dialect.ts";
import { Condition } from "../../net/condition.ts";
import { Output } from "../../net/output.ts";
import type { ByteStream } from "../../net/stream.ts";
import { isLost, StreamError } from "../../net/stream_error.ts";
import type { FlowHandle } from "../../scheduling/ticket.ts";
import { RequestAdmission } from "../admission/admission.ts";
import { ClientFlows, type FlowOpener } from "../admission/client_flows.ts";
import { KnownCommands } from "../admission/known_commands.ts";
import type { Weighed } from "../admission/memory_guard.ts";
import { requestPolicies } from "../admission/policies.ts";
import type { Guest } from "../admission/policy.ts";
import { RefusalThrottle, type ThrottledConnection } from "../admission/refusal_throttle.ts";
import { ClientView } from "../request/context.ts";
import { drainingFailure } from "../request/failures.ts";
import type { Client } from "../request/handlers.ts";
import type { StartedRequest } from "../request/owner.ts";
import type { Rejection } from "../request/rejection.ts";
import type { Request } from "../request/request.ts";
import { Responder } from "../request/responder.ts";
import { RequestRouter, type RoutedConnection } from "../request/router.ts";
import { AnswerFlush } from "./answer_flush.ts";
import { ConnectionTimeouts } from "./connection_timeouts.ts";
import { EndReport, type ReportedConnection } from "./end_report.ts";
import { HalfClose } from "./half_close.ts";
import { PendingRequests } from "./pending_requests.ts";
import { type ReadConnection, ReadLoop } from "./read_loop.ts";
import { Receipts } from "./receipts.ts";
import type { ConnectionServices } from "./services.ts";
import type { WatchedConnection } from "./watchdog.ts";

/** The answer to a client that was told to stay away often enough. */
const TOO_MANY_REFUSALS: Failure = {
  code: "quota",
  message: "Refused requests come again and again.",
};
// A close with unread input resets the connection, and the client may never see the last answer: the server ends its own
// side, and reads and forgets for so long.
const LINGER_MS = 1000;

/** What admission says of a connection. */
export interface Admitted {
  /** A number that no other connection of the server has. */
  readonly id: number;
  /** Whether its client is on this machine. */
  readonly local: boolean;
  /** It ends in favour of another connection, and counts no longer. */
  readonly onGivenWay: () => void;
}

/** One connection of a server. */
export class Connection
  implements
    RoutedConnection,
    ReadConnection,
    ThrottledConnection,
    ReportedConnection,
    WatchedConnection,
    Weighed,
    Guest,
    Client {
  readonly id: number;
  readonly peer: string;
  readonly local: boolean;
  readonly services: ConnectionServices;
  readonly session: DialectSession;
  readonly output: Output;
  readonly responder: Responder;
  readonly client: Client = new ClientView(this);
  agent: string | undefined = undefined;
  halfClosed = false;
  closed = false;
  /** Input is forgotten; the connection closes once all requests are answered. */
  ended = false;
  failures = 0;
  weight = 0;

  readonly #stream: ByteStream;
  readonly #onGivenWay: () => void;
  readonly #flows: ClientFlows;
  readonly #pending: PendingRequests<Request | Rejection>;
  readonly #receipts: Receipts;
  readonly #timeouts: ConnectionTimeouts;
  readonly #throttle: RefusalThrottle;
  readonly #knownCommands: KnownCommands;
  readonly #admission: RequestAdmission;
  readonly #flush: AnswerFlush;
  readonly #router: RequestRouter;
  readonly #reader: ReadLoop;
  readonly #halfClose: HalfClose;
  readonly #report: EndReport;
  readonly #answer = new Condition();
  /** The client has said how it behaves, as our clients do. */
  #introduced = false;
  /** The client goes on reading once it has ended its side, as far as is known. */
  #halfCloses = true;
  #hasReceived = false;
  /** Its own side is ended, or will be once all is written. */
  #shut = false;
  #stopLinger: (() => void) | undefined = undefined;
  #onClosed: (() => void)[] | undefined = undefined;

  constructor(services: ConnectionServices, stream: ByteStream, admitted: Admitted) {
    const { clock, dialect, served, bounds, telemetry } = services;
    const { peer } = stream;
    this.id = admitted.id;
    this.peer = peer;
    this.local = admitted.local;
    this.#onGivenWay = admitted.onGivenWay;
    this.services = services;
    this.#stream = stream;
    this.session = dialect.open(peer, served);
    this.output = new Output(
      stream,
      (error) => this.#unwritable(error),
      () => services.watchdog.alert(),
      bounds.output,
      () => this.#receipts.settle(),
    );
    this.#receipts = new Receipts(this.output, () => clock.now());
    this.#flows = new ClientFlows(peer, services.metersOf);
    this.#pending = new PendingRequests(bounds.answers, () => this.present);
    this.responder = new Responder(this.session, this.output, this.#receipts, this.#pending);
    this.#timeouts = new ConnectionTimeouts(clock.now());
    this.#throttle = new RefusalThrottle(services.refusalBudget, bounds, this);
    this.#knownCommands = new KnownCommands(bounds.unknownCommands, services.wording);
    this.#admission = new RequestAdmission(
      requestPolicies(services, this.#pending, this.#knownCommands, this.#throttle),
    );
    this.#flush = new AnswerFlush(this.output, this.#throttle);
    this.#router = new RequestRouter(this, services.routes, this.#admission, this.#pending);
    this.#halfClose = new HalfClose(stream, clock, this.#receipts);
    this.#report = new EndReport(this, telemetry, clock);
    this.#reader = new ReadLoop(this, {
      stream,
      session: this.session,
      router: this.#router,
      output: this.output,
      flush: this.#flush,
      timeouts: this.#timeouts,
      throttle: this.#throttle,
      budget: services.readBudget,
      turns: services.turns,
      clock,
    });
  }

  /** Greets, and serves requests until the client or the server ends the connection. Never rejects. */
  async run(): Promise<void> {
    try {
      this.session.greet(this.output);
      this.output.flush();
      await this.#reader.run();
      while (this.#pending.size > 0 && !this.closed) await this.#nextAnswer();
      await this.output.finish();
    } catch (error) {
      if (!this.closed && !isLost(error)) this.#report.failed(error);
      const isReset = (error as Error).name === "ConnectionReset";
      if (isReset && this.#stream.tellsUnread) this.#receipts.unread();
    } finally {
      this.close();
    }
  }

  #unwritable(error: unknown): void {
    if (!this.closed && error instanceof StreamError && !isLost(error)) this.#report.failed(error);
    this.close();
  }

  // What it is.

  get clientKey(): string {
    return this.#flows.client;
  }

  get draining(): boolean {
    return this.services.draining.active;
  }

  /** The time: one for all that is taken from what was read. */
  get present(): number {
    return this.#flush.taking ? this.#reader.now : this.services.clock.now();
  }

  get requests(): number {
    return this.#knownCommands.known;
  }

  get idleSince(): number {
    const isIdle = !this.ended && this.#pending.size === 0 && this.output.held === 0;
    return isIdle ? this.#timeouts.idleSince : Infinity;
  }

  // Reading.

  received(bytes: number): void {
    this.#hasReceived = true;
    this.services.counters.received += bytes;
    this.#receipts.heard();
  }

  taken(midRequest: boolean): void {
    this.#weigh();
    if (midRequest) this.services.watchdog.alert();
  }

  get isFull(): boolean {
    return this.output.full || this.#hasManyPending;
  }

  get #hasManyPending(): boolean {
    return this.#pending.ordered >= this.services.maxInFlight ||
      this.#pending.bytes > this.services.bounds.requests;
  }

  async untilRoom(): Promise<void> {
    this.services.counters.heldBack++;
    await this.output.drained();
    while (this.#hasManyPending && !this.closed) await this.#nextAnswer();
  }

  dismiss(): void {
    this.#router.reject(NOBODY, TOO_MANY_REFUSALS);
    this.end();
  }

  async halfClose(): Promise<void> {
    this.halfClosed = this.#timeouts.halfClosed = true;
    const reset = this.#halfClose.awaitReset();
    if (reset !== undefined) await reset;
    if (this.closed) return;
    if (!this.#halfCloses) return this.close();
    this.#stream.gone?.then(() => this.close());
    this.#halfClose.probe(this.output);
  }

  flush(): void {
    this.output.flush();
  }

  // Requests on their way.

  flow(scheduler: FlowOpener, name: string): FlowHandle {
    return this.#flows.of(scheduler, name);
  }

  hold(bytes: number, much: boolean): void {
    this.#pending.bytes += bytes;
    if (much) this.#weigh();
  }

  checked(request: Request): void {
    this.#pending.checked(request, this.present);
  }

  started(request: StartedRequest): void {
    // A built-in command between refused requests changes nothing.
    if (!request.isBuiltin) this.#admission.onOutcome("started", 0);
    this.#pending.started(request as Request);
  }

  turnedAway(retry: number, overloaded: boolean): void {
    this.#admission.onOutcome(overloaded ? "overloaded" : "refused", retry);
    this.#flush.refused();
  }

  answersNow(): void {
    this.#flush.answersNow();
  }

  countFailure(code: string): void {
    this.services.telemetry.countError(code);
    this.failures++;
  }

  answered(request: Request | Rejection, turnedAway: boolean, now?: number): void {
    this.#pending.answered(request);
    if (this.closed) return;
    if (!this.#flush.taking) this.#timeouts.answered(now ?? this.services.clock.now());
    this.#flush.answered(turnedAway);
    this.#answer.broadcast();
    if (this.ended || this.draining) this.#shutWhenAnswered();
  }

  #nextAnswer(): Promise<void> {
    this.output.flush();
    return this.#answer.changed();
  }

  // Built-in commands.

  introduce({ agent, halfCloses, heartbeat }: Introduction): void {
    this.#introduced = true;
    if (agent !== undefined) this.agent = agent;
    if (halfCloses !== undefined) this.#halfCloses = halfCloses;
    if (heartbeat === undefined) return;
    this.#timeouts.heartbeat = heartbeat;
    this.services.watchdog.alert();
  }

  figures(): Iterable<readonly [name: string, value: string | number]> {
    return this.services.figures();
  }

  cancel(correlation: string, message: string): boolean {
    const request = this.#pending.find(correlation);
    request?.abort("cancelled", message);
    return request !== undefined;
  }

  othersAnswered(request: { readonly answered: boolean }): Promise<void> | undefined {
    return this.#pending.size > 1 ? this.#untilAlone(request) : undefined;
  }

  async #untilAlone(request: { readonly answered: boolean }): Promise<void> {
    while (this.#pending.size > 1 && !this.closed && !request.answered) await this.#nextAnswer();
  }

  // Its limits.

  check(now: number): boolean {
    if (this.closed) return true;
    const { timeouts, pressure } = this.services;
    const { timeoutDivisor } = pressure;
    const overdue = this.#timeouts.overdue(
      now,
      timeouts,
      this.output,
      this.#pending.size,
      timeoutDivisor,
    );
    if (overdue === undefined) this.#weigh();
    else if (overdue.deaf) this.drop(overdue.message);
    else if (!this.ended) {
      this.#router.reject(NOBODY, { code: "timeout", message: overdue.message });
      this.end();
    }
    return this.output.held === 0 && this.#timeouts.quiet;
  }

  giveWay(idle: number): void {
    const seconds = Math.round(idle / 1000);
    const message = `Nothing came for ${seconds} s, and this client opens another connection.`;
    this.#router.reject(NOBODY, { code: "timeout", message });
    this.end();
    this.#onGivenWay();
  }

  /** Counts the bytes that are held for this client. */
  #weigh(): void {
    const { held } = this.session;
    const weight = this.closed ? 0 : held + this.#pending.held + this.output.held;
    const more = weight - this.weight;
    this.weight = weight;
    if (more !== 0) this.services.memory.weigh(more);
  }

  drop(why: string, bytes?: number): void {
    this.#report.dropped(why, bytes);
    this.close();
  }

  // Its end.

  /** Takes no further requests; the connection closes once those in flight are answered. */
  end(): void {
    this.ended = true;
    this.#shutWhenAnswered();
  }

  endFor(code: string, why: string): void {
    this.#report.ended(code, why);
    this.end();
  }

  /** The server shuts down: what is parked is refused, what runs may finish `within` ms, what comes is refused. */
  drain(within: number): void {
    this.session.writeNotice({ kind: "draining", within }, this.output);
    for (const request of this.#pending) {
      if (request.isParked) request.abort("draining", drainingFailure.message);
    }
    this.output.flush();
    this.#shutWhenAnswered();
  }

  #shutWhenAnswered(): void {
    if (this.#shut || this.closed || this.#pending.size > 0) return;
    this.#shut = this.ended = true;
    this.#stopLinger = this.services.clock.after(LINGER_MS, () => this.close());
    this.output.finish().then(() => this.#stream.closeWrite()).catch(() => this.close());
  }

  /** Closes at once; what is in flight is aborted. */
  close(): void {
    if (this.closed) return;
    // Programs that are not ours, and people, send what may be a request by chance.
    if (!this.#introduced && !this.#report.told && this.#hasReceived) this.#report.ended();
    this.closed = this.ended = true;
    this.#reader.close();
    this.#stopLinger?.();
    this.#pending.stop();
    this.#throttle.cancel();
    for (const request of this.#pending) request.drop();
    this.#answer.broadcast();
    this.#weigh();
    this.#halfClose.end();
    this.#stream.close();
    this.#receipts.close();
    for (const action of this.#onClosed ?? []) action();
  }

  whenClosed(action: () => void): void {
    if (this.closed) queueMicrotask(action);
    else (this.#onClosed ??= []).push(action);
  }
}
