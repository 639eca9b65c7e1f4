// One client, from its greeting to its end.

import type { DialectSession, Failure, Introduction, Notice } from "../../dialects/dialect.ts";
import { Output } from "../../net/output.ts";
import type { ByteStream } from "../../net/stream.ts";
import { isLost, StreamError } from "../../net/stream_error.ts";
import { drainingFailure } from "../admission/draining.ts";
import type { Weighed } from "../admission/memory_guard.ts";
import type { Guest } from "../admission/policy.ts";
import { ClientView } from "../request/context.ts";
import type { ConnectedClient } from "../request/handlers.ts";
import { ConnectionStates } from "./connection_states.ts";
import { ConnectionTimeouts } from "./connection_timeouts.ts";
import { EndReport, type ReportedConnection } from "./end_report.ts";
import { ClientExchange, type ExchangeConnection } from "./client_exchange.ts";
import { HalfClose } from "./half_close.ts";
import { type ReadConnection, ReadLoop } from "./read_loop.ts";
import { Receipts } from "../request/receipts.ts";
import type { ConnectionServices } from "./services.ts";
import type { WatchedConnection } from "./watchdog.ts";

// A close with unread input resets the connection, and the client may never see the last answer. So the server first
// ends its own side, and reads and drops bytes for this time.
const LINGER_MS = 1000;

/** The answer to a client that was told to stay away often enough. */
const TOO_MANY_REFUSALS: Failure = {
  code: "quota",
  message: "Refused requests come again and again.",
};

/** What a client is told whose connection ends because the server shuts down. */
const DRAINED: Notice = { kind: "drained", failure: drainingFailure };

/** The facts of an admitted connection. */
export interface Admitted {
  /** A number that no other connection of the server has. */
  readonly id: number;
  /** Whether its client is on this machine. */
  readonly local: boolean;
  /** Called when it ends in favour of another connection: it counts no longer. */
  readonly onGivenWay: () => void;
}

/** One connection of a server. */
export class Connection
  implements
    ExchangeConnection,
    ReadConnection,
    ReportedConnection,
    WatchedConnection,
    Weighed,
    Guest,
    ConnectedClient {
  readonly id: number;
  readonly peer: string;
  readonly local: boolean;
  readonly services: ConnectionServices;
  readonly session: DialectSession;
  readonly output: Output;
  readonly receipts: Receipts;
  readonly client: ConnectedClient = new ClientView(this);
  agent: string | undefined = undefined;
  halfClosed = false;
  closed = false;
  /** Whether input is dropped. The connection closes once all requests are answered. */
  ended = false;
  weight = 0;

  readonly #stream: ByteStream;
  readonly #onGivenWay: () => void;
  readonly #exchange: ClientExchange;
  readonly #timeouts: ConnectionTimeouts;
  readonly #reader: ReadLoop;
  readonly #states: ConnectionStates;
  #halfClose: HalfClose | undefined = undefined;
  readonly #report: EndReport;
  /** Whether the client has told how it behaves, as our clients do. */
  #introduced = false;
  /** Whether the client goes on reading after it has ended its side; `undefined` where it has not told. */
  #halfCloses: boolean | undefined = undefined;
  #hasReceived = false;
  /** Whether the server's side is ended, or will be once all is written. */
  #shut = false;
  #stopLinger: (() => void) | undefined = undefined;
  /** While the server shuts down, and the client may still send what it began before it knew. */
  #stopPatience: (() => void) | undefined = undefined;
  #onClosed: (() => void)[] | undefined = undefined;

  constructor(services: ConnectionServices, stream: ByteStream, admitted: Admitted) {
    const { clock, dialect, editions, bounds, telemetry } = services;
    const { peer } = stream;
    this.id = admitted.id;
    this.peer = peer;
    this.local = admitted.local;
    this.#onGivenWay = admitted.onGivenWay;
    this.services = services;
    this.#stream = stream;
    this.session = dialect.open(peer, editions.first.served);
    this.output = new Output(
      stream,
      (error) => this.#unwritable(error),
      () => services.watchdog.alert(),
      bounds.output,
      () => this.receipts.settle(),
    );
    this.receipts = new Receipts(this.output, () => clock.now());
    this.#exchange = new ClientExchange(this, peer, stream.certificate);
    this.#timeouts = new ConnectionTimeouts(clock.now());
    this.#report = new EndReport(this, telemetry, clock);
    this.#reader = new ReadLoop(this, stream, this.#exchange, this.#timeouts);
    this.#states = new ConnectionStates(clock, (error) => this.#report.failed(error));
  }

  /** Greets, and serves requests until the client or the server ends the connection. Never rejects. */
  async run(): Promise<void> {
    try {
      const refusal = this.#states.make(this.services.stateMakers, this.client);
      if (refusal === undefined) this.session.greet(this.output);
      else this.#refuse(refusal);
      this.output.flush();
      await this.#reader.run();
      if (this.#exchange.inFlight > 0) await this.#exchange.untilAnswered();
      await this.output.finish();
    } catch (error) {
      if (!this.closed && !isLost(error)) this.#report.failed(error);
      const isReset = (error as Error).name === "ConnectionReset";
      if (isReset && this.#stream.tellsUnread) this.receipts.unread();
    } finally {
      this.close();
      await this.#states.disposed;
    }
  }

  /** Answers with a failure in the place of the greeting, and takes no requests. */
  #refuse(failure: Failure): void {
    const { dialect, telemetry } = this.services;
    telemetry.countError(failure.code);
    this.output.add("", dialect.refuseConnection(failure));
    this.end();
  }

  #unwritable(error: unknown): void {
    if (!this.closed && error instanceof StreamError && !isLost(error)) this.#report.failed(error);
    this.close();
  }

  // Its figures.

  get requests(): number {
    return this.#exchange.requests;
  }

  get failures(): number {
    return this.#exchange.failures;
  }

  get idleSince(): number {
    const isIdle = !this.ended && this.#exchange.inFlight === 0 && this.output.held === 0;
    return isIdle ? this.#timeouts.idleSince : Infinity;
  }

  get identity(): string | undefined {
    return this.#exchange.identity?.name;
  }

  get states(): readonly unknown[] {
    return this.#states.values;
  }

  whenClosed(action: () => void): void {
    if (this.closed) queueMicrotask(() => this.#act(action));
    else (this.#onClosed ??= []).push(action);
  }

  /** Runs an action of a handler. Its error must not end the server. */
  #act(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#report.failed(error);
    }
  }

  // The callbacks of its read loop and of its requests.

  introduce({ agent, halfCloses, heartbeat }: Introduction): void {
    this.#introduced = true;
    if (agent !== undefined) this.agent = agent;
    if (halfCloses !== undefined) this.#halfCloses = halfCloses;
    if (heartbeat === undefined) return;
    this.#timeouts.heartbeat = heartbeat;
    this.services.watchdog.alert();
  }

  received(bytes: number): void {
    this.#hasReceived = true;
    this.services.counters.received += bytes;
    this.receipts.heard();
  }

  taken(midRequest: boolean): void {
    this.weigh();
    if (midRequest) this.services.watchdog.alert();
  }

  answered(now: number | undefined): void {
    if (now !== undefined) this.#timeouts.answered(now);
    if (this.ended || this.services.draining.active) this.#shutWhenAnswered();
  }

  dismiss(): void {
    this.#exchange.tell(TOO_MANY_REFUSALS);
    this.end();
  }

  async halfClose(): Promise<void> {
    this.halfClosed = this.#timeouts.halfClosed = true;
    const { clock, dialect } = this.services;
    if ((this.#halfCloses ?? dialect.halfCloses) === false) {
      return this.#halfCloses === false ? this.close() : this.#exchange.abandonWaits();
    }
    const half = new HalfClose(this.#stream, clock, this.receipts);
    this.#halfClose = half;
    const reset = half.awaitReset();
    if (reset !== undefined) await reset;
    if (this.closed) return;
    this.#stream.gone?.then(() => this.close());
    half.probe(this.output);
  }

  // Its limits.

  check(now: number): boolean {
    if (this.closed) return true;
    const { timeouts, pressure } = this.services;
    const overdue = this.#timeouts.overdue(
      now,
      timeouts,
      this.output,
      this.#exchange.inFlight,
      pressure.timeoutDivisor,
    );
    if (overdue === undefined) this.weigh();
    else if (overdue.deaf) this.drop(overdue.message);
    else if (!this.ended) this.#endForTime(overdue.message);
    return this.output.held === 0 && this.#timeouts.quiet;
  }

  giveWay(idle: number): void {
    const seconds = Math.round(idle / 1000);
    this.#endForTime(`Nothing came for ${seconds} s, and this client opens another connection.`);
    this.#onGivenWay();
  }

  #endForTime(message: string): void {
    this.#exchange.tell({ code: "timeout", message });
    this.end();
  }

  /** Counts the bytes that are held for this client. */
  weigh(): void {
    const { held } = this.session;
    const weight = this.closed ? 0 : held + this.#exchange.held + this.output.held;
    const more = weight - this.weight;
    this.weight = weight;
    if (more !== 0) this.services.memory.weigh(more);
  }

  drop(why: string, bytes?: number): void {
    this.#report.dropped(why, bytes);
    this.close();
  }

  // Its end.

  end(): void {
    this.ended = true;
    this.#shutWhenAnswered();
  }

  endFor(code: string, why: string): void {
    this.#report.ended(code, why);
    this.end();
  }

  /** Looks at the identity of the client again: the connection ends where it has lost a right. */
  renewIdentity(): void {
    if (this.ended) return;
    const failure = this.#exchange.renewIdentity();
    if (failure === undefined) return;
    this.#exchange.tell(failure);
    this.end();
  }

  /** Begins the drain. Requests in flight have `within` ms. */
  drain(within: number): void {
    const isTold = this.session.writeNotice({ kind: "draining", within }, this.output);
    this.#exchange.drain();
    this.output.flush();
    if (isTold && !this.ended) {
      this.#stopPatience = this.services.clock.after(LINGER_MS, () => this.#endPatience());
    }
    this.#shutWhenAnswered();
  }

  #endPatience(): void {
    this.#stopPatience = undefined;
    this.#shutWhenAnswered();
  }

  #shutWhenAnswered(): void {
    if (this.#shut || this.closed || this.#exchange.inFlight > 0) return;
    if (!this.ended && this.#stopPatience !== undefined) return;
    if (!this.ended && this.services.holdsWork(this.client)) return;
    if (!this.ended) this.session.writeNotice(DRAINED, this.output);
    this.#shut = this.ended = true;
    this.#stopLinger = this.services.clock.after(LINGER_MS, () => this.close());
    this.output.finish().then(() => this.#stream.closeWrite()).catch(() => this.close());
  }

  /** Closes at once, and aborts requests in flight. */
  close(): void {
    if (this.closed) return;
    // Foreign programs, and people, may send a request by chance.
    if (!this.#introduced && !this.#report.told && this.#hasReceived) this.#report.ended();
    this.closed = this.ended = true;
    this.#reader.close();
    this.#stopLinger?.();
    this.#stopPatience?.();
    this.#exchange.close();
    this.weigh();
    this.#halfClose?.end();
    this.#stream.close();
    this.receipts.close();
    for (const action of this.#onClosed ?? []) this.#act(action);
    this.#states.dispose();
  }
}
