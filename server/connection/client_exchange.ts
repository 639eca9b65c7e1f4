// The requests of one connection and their answers: the parts that a request passes, put together.

import {
  type Authentication,
  type DialectSession,
  type Failure,
  type Introduction,
  NOBODY,
  type Served,
} from "../../dialects/dialect.ts";
import { Condition } from "../../net/condition.ts";
import type { Output } from "../../net/output.ts";
import type { FlowHandle } from "../../scheduling/ticket.ts";
import { RequestAdmission } from "../admission/admission.ts";
import { ClientFlows, type FlowOpener } from "../admission/client_flows.ts";
import { KnownCommands } from "../admission/known_commands.ts";
import { requestPolicies } from "../admission/policies.ts";
import { RefusalThrottle, type ThrottledConnection } from "../admission/refusal_throttle.ts";
import { drainingFailure } from "../admission/draining.ts";
import type { Edition } from "../request/editions.ts";
import { IdentityRule } from "../admission/identity_rule.ts";
import type { IdentityUse } from "../identity/access.ts";
import {
  ConnectionIdentity,
  type IdentifiedConnection,
  NO_IDENTITIES,
} from "../identity/connection_identity.ts";
import type { ClientCertificate, Identity } from "../identity/identity.ts";
import type { ConnectedClient } from "../request/handlers.ts";
import type { StartedRequest } from "../request/owner.ts";
import type { Rejection } from "../request/rejection.ts";
import type { Request } from "../request/request.ts";
import { Responder } from "../request/responder.ts";
import { RequestRouter, type RoutedConnection } from "../request/router.ts";
import { PendingRequests } from "../request/pending_requests.ts";
import { ReadBatch } from "./read_batch.ts";
import type { Receipts } from "../request/receipts.ts";
import type { ConnectionServices } from "./services.ts";

/** The connection of an exchange. */
export interface ExchangeConnection {
  readonly services: ConnectionServices;
  readonly session: DialectSession;
  readonly output: Output;
  readonly receipts: Receipts;
  /** The connection as handlers see it. */
  readonly client: ConnectedClient;
  /** Its states, one for each service. */
  readonly states: readonly unknown[];
  readonly closed: boolean;
  /** Called when the client has told how it behaves. */
  introduce(introduction: Introduction): void;
  /** Counts the memory that is held for the client now. */
  weigh(): void;
  /** A request is answered; `now` is the time where it is not that of a read. */
  answered(now: number | undefined): void;
  /** Takes no further requests, and closes once all are answered. */
  end(): void;
  /** As `end`, because of the client's input. */
  endFor(code: string, why: string): void;
}

/** The exchange of a connection with its client. */
export class ClientExchange implements RoutedConnection, ThrottledConnection, IdentifiedConnection {
  readonly services: ConnectionServices;
  readonly session: DialectSession;
  readonly output: Output;
  readonly responder: Responder;
  readonly throttle: RefusalThrottle;
  readonly batch: ReadBatch;
  readonly router: RequestRouter;
  /** The number of failures that were answered. */
  failures = 0;
  /** Whether the client is not there for a request that waits for an event. */
  #abandonsWaits = false;
  /** Whether it will look soon whether only such requests are left. */
  #looks = false;
  readonly #connection: ExchangeConnection;
  readonly #flows: ClientFlows;
  readonly #pending: PendingRequests<Request | Rejection>;
  readonly #knownCommands: KnownCommands;
  readonly #admission: RequestAdmission;
  readonly #answer = new Condition();
  /** The identity of the client; `undefined` where the server has none. */
  readonly #identity: ConnectionIdentity | undefined;
  /** The requests that count towards the bound of the identity; `undefined` where it has none. */
  #counted: Map<Request | Rejection, IdentityUse> | undefined = undefined;
  /** The protocols that the client speaks. */
  #edition: Edition;

  constructor(
    connection: ExchangeConnection,
    peer: string,
    certificate: ClientCertificate | undefined,
  ) {
    const { services, session, output, receipts } = connection;
    const { bounds, wording } = services;
    this.#connection = connection;
    this.services = services;
    this.#edition = services.editions.first;
    this.session = session;
    this.output = output;
    this.#flows = new ClientFlows(peer, services.metersOf);
    const { access } = services;
    this.#identity = access && new ConnectionIdentity(access, this, certificate);
    const { serial = false } = services.dialect;
    this.#pending = new PendingRequests(bounds.answers, serial, () => this.present);
    this.responder = new Responder(session, output, receipts, this.#pending);
    this.throttle = new RefusalThrottle(services.refusalBudget, bounds, this);
    this.#knownCommands = new KnownCommands(
      bounds.unknownCommands,
      wording,
      services.dialect.builtins,
      access !== undefined,
    );
    this.#admission = new RequestAdmission(
      requestPolicies(
        services,
        this.#pending,
        this.#knownCommands,
        this.throttle,
        this.#identity &&
          new IdentityRule(this.#identity, services.dialect.builtins, wording),
      ),
    );
    this.batch = new ReadBatch(output, this.throttle);
    this.router = new RequestRouter(
      this,
      this.#edition.routes,
      this.#admission,
      this.#pending,
    );
  }

  get identity(): Identity | undefined {
    return this.#identity?.identity;
  }

  get client(): ConnectedClient {
    return this.#connection.client;
  }

  get states(): readonly unknown[] {
    return this.#connection.states;
  }

  get clientKey(): string {
    return this.#flows.client;
  }

  get draining(): boolean {
    return this.services.draining.active;
  }

  /** The time, the same for all requests of one read. */
  get present(): number {
    return this.batch.taking ? this.batch.now : this.services.clock.now();
  }

  /** The number of requests that named a command. */
  get requests(): number {
    return this.#knownCommands.known;
  }

  /** The number of requests in flight. */
  get inFlight(): number {
    return this.#pending.size;
  }

  /** Bytes held for requests, and for answers that wait for their turn. */
  get held(): number {
    return this.#pending.held;
  }

  // Room for further requests.

  /** Whether the client must read answers, or wait for some, before more of its requests are taken. */
  get isFull(): boolean {
    return this.output.full || this.#mustWait;
  }

  get #mustWait(): boolean {
    return this.#hasManyPending || (this.session.awaitsAnswers === true && this.#pending.size > 0);
  }

  get #hasManyPending(): boolean {
    return this.#pending.ordered >= this.services.maxInFlight ||
      this.#pending.bytes > this.services.bounds.requests;
  }

  async untilRoom(): Promise<void> {
    if (this.output.full || this.#hasManyPending) this.services.counters.heldBack++;
    await this.output.drained();
    while (this.#mustWait && !this.#connection.closed) await this.#nextAnswer();
  }

  async untilAnswered(): Promise<void> {
    while (this.#pending.size > 0 && !this.#connection.closed) await this.#nextAnswer();
  }

  #nextAnswer(): Promise<void> {
    this.output.flush();
    return this.#answer.changed();
  }

  flush(): void {
    this.output.flush();
  }

  // A request on its way.

  flow(scheduler: FlowOpener, name: string): FlowHandle {
    return this.#flows.of(scheduler, name);
  }

  hold(bytes: number, much: boolean): void {
    this.#pending.bytes += bytes;
    if (much) this.#connection.weigh();
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
    this.batch.refused();
  }

  answersNow(): void {
    this.batch.answersNow();
  }

  servedAtOnce(): void {
    this.#admission.onOutcome("started", 0);
  }

  countFailure(code: string): void {
    this.services.telemetry.countError(code);
    this.failures++;
  }

  scheduled(request: Request): void {
    const use = this.#identity?.use;
    if (use === undefined || this.identity!.running === undefined) return;
    use.inFlight++;
    (this.#counted ??= new Map()).set(request, use);
  }

  accessRefused(verb: string, { code, message: why }: Failure): void {
    const { services: { access, telemetry }, client: { peer: client } } = this;
    if (access === undefined) return;
    const identity = this.identity?.name;
    telemetry.tell({ kind: "access-refused", client, identity, verb, code, why });
  }

  answered(request: Request | Rejection, turnedAway: boolean, now?: number): void {
    if (this.#counted !== undefined) this.#uncount(request);
    this.#pending.answered(request);
    if (this.#connection.closed) return;
    const isTaking = this.batch.taking;
    this.batch.answered(turnedAway);
    this.#answer.broadcast();
    if (this.session.over) this.#connection.end();
    this.parked();
    this.#connection.answered(isTaking ? undefined : now ?? this.services.clock.now());
  }

  #uncount(request: Request | Rejection): void {
    const use = this.#counted!.get(request);
    if (use === undefined) return;
    this.#counted!.delete(request);
    use.inFlight--;
  }

  /** Answers with a failure that is no answer to a request. */
  tell(failure: Failure): void {
    this.router.reject(NOBODY, failure);
  }

  // The members that built-in commands use, see `BuiltinContext`.

  get id(): number {
    return this.client.id;
  }

  introduce(introduction: Introduction): void {
    this.#connection.introduce(introduction);
  }

  figures(): Iterable<readonly [name: string, value: string | number]> {
    return this.services.figures();
  }

  choose(name: string, version: string): Served | undefined {
    const edition = this.services.editions.choose(this.#edition, name, version);
    if (edition === undefined) return undefined;
    this.#edition = edition;
    this.router.routes = edition.routes;
    return edition.served;
  }

  authenticate(token: string, name?: string): Authentication {
    this.forgetBytes();
    const result = this.#identity?.authenticate(token, name) ??
      { failure: NO_IDENTITIES, delay: 0 };
    if ("identity" in result) this.#knownCommands.proved();
    return result;
  }

  forgetBytes(): void {
    this.batch.hasSecret = true;
  }

  later(ms: number): Promise<void> {
    return new Promise((resolve) => void this.services.clock.after(ms, resolve));
  }

  cancel(correlation: string, message: string): boolean {
    const request = this.#pending.find(correlation);
    request?.abort("cancelled", message);
    return request !== undefined;
  }

  end(): void {
    this.#connection.end();
  }

  endFor(code: string, why: string): void {
    this.#connection.endFor(code, why);
  }

  othersAnswered(request: { readonly answered: boolean }): Promise<void> | undefined {
    return this.#pending.size > 1 ? this.#untilAlone(request) : undefined;
  }

  async #untilAlone(request: { readonly answered: boolean }): Promise<void> {
    const connection = this.#connection;
    while (this.#pending.size > 1 && !connection.closed && !request.answered) {
      await this.#nextAnswer();
    }
  }

  // The identity of its client.

  get peer(): string {
    return this.client.peer;
  }

  readonly prefixes = (): readonly string[] => this.#flows.prefixes;

  readonly now = (): number => this.services.clock.now();

  onIdentity(identity: Identity | undefined, use: IdentityUse | undefined): void {
    this.#flows.become(identity, use);
    this.session.onIdentity?.(identity?.name);
  }

  /** Looks at the identity again. Returns the failure for which all requests end, and the connection must. */
  renewIdentity(): Failure | undefined {
    const name = this.identity?.name;
    const failure = this.#identity?.renew();
    if (failure === undefined) return undefined;
    const { services: { telemetry }, peer: client } = this;
    const { code, message } = failure;
    telemetry.tell({ kind: "access-ended", client, identity: name!, why: message });
    for (const request of this.#pending) {
      request.abort(code as "unauthenticated" | "forbidden", message);
    }
    return failure;
  }

  // Its end.

  /** Begins the drain: parked requests are refused, running ones may finish. */
  drain(): void {
    for (const request of this.#pending) {
      if (request.isParked) request.abort("draining", drainingFailure.message);
    }
  }

  /**
   * The client has ended its side and is gone: it gets the answers for which nothing has to happen, up to the first
   * request that waits for an event.
   */
  abandonWaits(): void {
    this.#abandonsWaits = true;
    this.parked();
  }

  parked(): void {
    if (!this.#abandonsWaits || this.#looks) return;
    this.#looks = true;
    // What has happened in this turn may end the wait.
    this.services.turns.next(() => {
      this.#looks = false;
      if (!this.#connection.closed && this.#awaitsEvent) this.close();
    });
  }

  /** Whether the request that is answered next waits for an event. */
  get #awaitsEvent(): boolean {
    const { first } = this.#pending;
    if (first !== undefined) return first.isParked && !first.streams;
    for (const request of this.#pending) if (!request.isParked || request.streams) return false;
    return this.#pending.size > 0;
  }

  /** Aborts all requests in flight: their client is gone. */
  close(): void {
    this.#pending.stop();
    this.throttle.cancel();
    for (const request of this.#pending) request.drop();
    this.#answer.broadcast();
  }
}
