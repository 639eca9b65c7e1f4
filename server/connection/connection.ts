// One client: its bytes in, its requests in flight, its bytes out.

import { Framer } from "../../dialects/lineup1/framer.ts";
import { Condition } from "../../net/condition.ts";
import { Output } from "../../net/output.ts";
import type { ByteStream } from "../../net/stream.ts";
import { isLost, StreamError } from "../../net/stream_error.ts";
import type { FlowHandle } from "../../scheduling/ticket.ts";
import type { Request } from "../request/request.ts";
import { ConnectedClient } from "../request/context.ts";
import { ClientFlows } from "../admission/client_flows.ts";
import { DRAINING, type ErrorLine } from "../request/errors.ts";
import { InFlight } from "./in_flight.ts";
import { RequestDecoder } from "./request_decoder.ts";
import { ConnectionTimeouts } from "./timeouts.ts";
import type { Client } from "../request/handlers.ts";
import { isReset, ProbingWriter, Wait } from "./probing.ts";
import { Receipts } from "./receipts.ts";
import { RefusalThrottle } from "../admission/refusal_throttle.ts";
import type { Route } from "../request/routes.ts";
import type { ServerCore } from "../server_core.ts";
import { TelnetAnswers } from "../../dialects/lineup1/telnet_answers.ts";

// What waits for its first bytes holds a small buffer, of which there may be ten thousand; who fills it gets a larger one.
const [LEAST_READ, MOST_READ] = [1024, 16_384];
// A close with unread input resets the connection, and the client may never see the last reply: so the server ends
// its own side, and reads and forgets what still comes for a while.
const LINGER_MS = 1000;
const LINGER_BYTES = 1 << 20;

// How many requests of one connection are taken before others get their turn.
const REQUESTS_A_TURN = 64;
// Who sends as fast as is read would be read from for ever, as what is there already is read without a turn of the loop:
// who has sent as much since its last turn waits for the next.
const BYTES_A_TURN = MOST_READ;
// To read as much takes as long as to refuse a request.
const BYTES_A_REQUEST = 1024;

const TOO_OFTEN: ErrorLine = {
  code: "quota",
  message: "Refused requests come again and again.",
};

/** One connection of a server. */
export class Connection {
  readonly id: number;
  readonly server: ServerCore;
  /** What handlers get of it: the same for all its requests. */
  readonly client: Client = new ConnectedClient(this);
  readonly output: Output;
  readonly receipts: Receipts;
  agent: string | undefined = undefined;
  timing = false;
  events = false;
  /** It has said HELLO, as our clients do. */
  introduced = false;
  /** Once it has ended its side it goes on reading, as far as is known; else it is gone then. */
  halfCloses = true;
  halfClosed = false;
  closed = false;
  /** How many of its requests were answered with an error. */
  errors = 0;

  readonly #stream: ByteStream;
  readonly #framer: Framer;
  readonly #lines: ClientFlows;
  readonly #inFlight: InFlight;
  readonly #intake: RequestDecoder;
  readonly #telnet: TelnetAnswers;
  readonly #patience: ConnectionTimeouts;
  /** Bytes held for this client, as the server counted them last. */
  weight = 0;
  readonly #rest: RefusalThrottle;
  #now = 0;
  /** Bytes that have come. */
  #received = 0;
  readonly #since: number;
  /** Its end is logged, with the reason for it. */
  #logged = false;
  /** What comes in is forgotten. */
  #ended = false;
  #draining = false;
  /** Requests are being taken from what was read; all they answer at once goes out in one write behind it. */
  #taking = false;
  /** Something was answered that must go out although the connection rests. */
  #urgent = false;
  /** It is read as one of those that are read one after another. */
  #inLine = false;
  /** Bytes that were read since it last was. */
  #unturned = 0;
  #shut = false;
  #stopLinger: (() => void) | undefined = undefined;
  #writer: ProbingWriter | undefined = undefined;
  readonly #wait: Wait;
  readonly #answer = new Condition();
  #onClosed: (() => void)[] | undefined = undefined;

  constructor(server: ServerCore, stream: ByteStream, id: number) {
    this.id = id;
    this.server = server;
    this.#stream = stream;
    this.#lines = new ClientFlows(server, stream.peer);
    this.#since = server.clock.now();
    this.#patience = new ConnectionTimeouts(this.#since);
    this.#rest = new RefusalThrottle(
      server.rests,
      server.bounds,
      () => this.#lines.client,
      () => this.output.flush(),
    );
    this.#inFlight = new InFlight(server.bounds.answers, () => this.present);
    this.#intake = new RequestDecoder(this, this.#inFlight);
    this.#framer = new Framer("request", server.limits);
    this.output = new Output(
      stream,
      (error) => this.#unwritable(error),
      () => server.watch(),
      server.bounds.output,
      () => this.receipts.settle(),
    );
    this.receipts = new Receipts(this.output, () => server.clock.now());
    this.#wait = new Wait(server.clock);
    this.#telnet = new TelnetAnswers(this.output, () => this.#interrupt());
  }

  get peer(): string {
    return this.#stream.peer;
  }

  /** Whether the server is shutting down. */
  get draining(): boolean {
    return this.#draining;
  }

  /** How this client ends its lines. */
  get eol(): string {
    return this.#framer.crlf ? "\r\n" : "\n";
  }

  /** Where the requests of a command line up, or those of another class. */
  line(route: Route, name: string = route.class): FlowHandle {
    return this.#lines.of(route, name);
  }

  /** Requests that are not answered yet. */
  get inFlight(): number {
    return this.#inFlight.size;
  }

  /** Greets, and serves requests until the client or the server ends the connection. Never rejects. */
  async run(): Promise<void> {
    try {
      this.output.add(this.server.greeting + this.eol);
      this.output.flush();
      await this.#read();
      while (this.inFlight > 0 && !this.closed) await this.#nextAnswer();
      await this.output.finish();
    } catch (error) {
      if (!this.closed && !isLost(error)) this.#failed(error);
      const isReset = (error as Error).name === "ConnectionReset";
      if (isReset && this.#stream.tellsUnread) this.receipts.unread();
    } finally {
      this.close();
    }
  }

  #unwritable(error: unknown): void {
    if (!this.closed && error instanceof StreamError && !isLost(error)) this.#failed(error);
    this.close();
  }

  #failed(error: unknown): void {
    const { peer: client } = this;
    // What a client sends is no failure of the server.
    if (error instanceof StreamError) this.#logEnd("", error.message);
    else {
      this.server.incidentLog.add({ level: "error", message: "connection failed", client, error });
    }
    this.#logged = true;
  }

  /** Logs how the connection ends, and what came of it. */
  #logEnd(code: string, why?: string): void {
    this.#logged = true;
    const { peer: client, errors, server } = this;
    const message = code === "" ? "connection ended" : `connection ended: ${code}`;
    const { requests } = this.#intake;
    const seconds = Math.round((server.clock.now() - this.#since) / 100) / 10;
    server.clientLog.add({ level: "info", message, client, requests, errors, seconds, why });
  }

  async #read(): Promise<void> {
    let buffer = new Uint8Array(LEAST_READ);
    let forgotten = 0;
    for (;;) {
      // What is sent during a rest gathers in the socket.
      let since: number | undefined;
      if (this.#rest.on) {
        await this.#rest.over();
        if (this.closed) return;
        since = Math.max(this.#now, this.server.clock.now() - this.#rest.length);
      }
      this.#patience.listening = true;
      const read = await this.#stream.read(buffer);
      this.#patience.listening = false;
      if (read === null) {
        await this.#hangUp();
        break;
      }
      this.server.counters.received += read;
      this.#received += read;
      this.receipts.heard();
      this.#unturned += read;
      if (this.#ended) {
        forgotten += read;
        if (forgotten > LINGER_BYTES) return;
        continue;
      }
      if (since === undefined && this.#rest.on) {
        since = this.server.clock.now();
        await this.#rest.over();
        if (this.closed) return;
      }
      if (this.#rest.costly || this.#unturned >= BYTES_A_TURN) {
        await this.#lineUp();
        if (this.closed) return;
      }
      this.#framer.push(buffer.subarray(0, read));
      this.#taking = true;
      this.#now = this.server.clock.now();
      let unread = since === undefined ? 0 : this.#now - since;
      if (since !== undefined) this.#intake.gather();
      let taken = 0;
      let whole = false;
      for (let framed; (framed = this.#framer.next()) !== undefined && !this.#ended;) {
        whole = true;
        if (framed.kind !== "telnet") {
          this.#telnet.settle();
          this.#intake.take(framed, this.#now);
        } else if (this.#telnet.take(framed)) this.answersNow();
        const full = this.#full;
        const pauses = this.#rest.pauses && !this.#rest.exhausted;
        if (!full && !pauses && ++taken < REQUESTS_A_TURN) continue;
        this.#intake.admit(unread);
        this.#taking = false;
        this.#took(taken);
        const before = this.#now;
        if (pauses) await this.#pause();
        else if (full) await this.#room();
        else if (!this.#rest.costly) await this.#turn();
        if (this.#rest.costly) await this.#lineUp();
        this.#taking = true;
        this.#now = this.server.clock.now();
        if (pauses) {
          unread += this.#now - before;
          this.#intake.gather();
        }
        taken = 0;
      }
      this.#telnet.settle();
      this.#intake.admit(unread);
      this.#intake.gathered();
      if (this.#rest.exhausted && !this.#ended) this.#dismiss();
      this.#taking = false;
      this.#took(taken);
      this.#patience.came(read, whole, !this.#framer.idle, this.#now);
      if (read === buffer.length && read < MOST_READ) buffer = new Uint8Array(4 * read);
      if (this.#urgent || !this.#rest.quiet) this.output.flush();
      this.#urgent = false;
      this.#weigh();
      if (!this.#framer.idle) this.server.watch();
    }
    if (!this.#ended && !this.closed && !this.#framer.idle) {
      const message = "The input ended within a request, which was not executed.";
      this.#intake.refuse(undefined, { code: "bad-syntax", message });
    }
  }

  /** The client has ended its side. */
  async #hangUp(): Promise<void> {
    this.halfClosed = this.#patience.hungUp = true;
    const { resetTime = 0, tellsUnread } = this.#stream;
    // It may have ended its side before that was written, which is answered with a reset then.
    if (this.receipts.unanswered && tellsUnread && resetTime > 0) {
      await this.#wait.over(resetTime);
      if (!this.closed && await isReset(this.#stream)) this.receipts.unread();
    }
    if (this.closed) return;
    if (!this.halfCloses) return this.close();
    this.#stream.gone?.then(() => this.close());
    this.#writer = new ProbingWriter(this.#stream, this.server.clock, () => this.receipts.owed);
    this.output.through(this.#writer);
  }

  /** Whether the client has to read answers, or wait for some, before more of its requests are taken. */
  get #full(): boolean {
    return this.output.full || this.#tooMuch;
  }

  get #tooMuch(): boolean {
    return this.#inFlight.untagged >= this.server.maxInFlight ||
      this.#inFlight.bytes > this.server.bounds.requests;
  }

  async #room(): Promise<void> {
    this.server.counters.heldBack++;
    await this.output.drained();
    while (this.#tooMuch && !this.closed) await this.#nextAnswer();
  }

  /** Waits until it is read: others like it are as well. */
  async #lineUp(): Promise<void> {
    this.output.schedule();
    await this.server.reading.enter();
    if (this.closed) this.server.reading.took(0);
    else this.#inLine = true;
  }

  /** Lets the next one be read. */
  #took(requests: number): void {
    if (!this.#inLine) return;
    this.#inLine = false;
    this.server.reading.took(Math.max(requests, this.#unturned / BYTES_A_REQUEST));
    this.#unturned = 0;
  }

  async #pause(): Promise<void> {
    this.output.flush();
    await this.#rest.over();
  }

  /** A request holds more than before; what is `much` counts now. */
  holds(bytes: number, much: boolean): void {
    this.#inFlight.bytes += bytes;
    if (much) this.#weigh();
  }

  /** Counts what is held for this client against it and against the server's memory. */
  #weigh(): void {
    const weight = this.closed ? 0 : this.#framer.held + this.#inFlight.held + this.output.held;
    const more = weight - this.weight;
    this.weight = weight;
    if (more !== 0) this.server.weigh(more);
  }

  /** Since when nothing is in flight and nothing comes; `Infinity` where that is not so. */
  get idleSince(): number {
    const isIdle = !this.#ended && this.inFlight === 0 && this.output.held === 0;
    return isIdle ? this.#patience.idleSince : Infinity;
  }

  /** Its client opens another connection, and may have no more: this one, idle for so many ms, ends. */
  giveWay(idle: number): void {
    const message = `Nothing came for ${
      Math.round(idle / 1000)
    } s, and this client opens another connection.`;
    this.#intake.refuse(undefined, { code: "timeout", message });
    this.end();
  }

  /** The client has promised that something comes from it at least every `ms`. */
  expectEvery(ms: number): void {
    this.#patience.heartbeat = ms;
    this.server.watch();
  }

  /** Looks whether the client has used up the server's patience; answers whether there is nothing to look after soon. */
  check(now: number): boolean {
    if (this.closed) return true;
    const { timeouts, pressure } = this.server;
    const overdue = this.#patience.overdue(
      now,
      timeouts,
      this.output,
      this.inFlight,
      pressure.timeoutDivisor,
    );
    if (overdue === undefined) this.#weigh();
    else if (overdue.deaf) {
      this.drop(overdue.message);
    } else if (!this.#ended) {
      this.#intake.refuse(undefined, { code: "timeout", message: overdue.message });
      this.end();
    }
    return this.output.held === 0 && this.#patience.quiet;
  }

  /**
   * A request was refused as busy or quota, because of the load or not. Who goes on asking all the same is not listened
   * to for the time it was told.
   */
  refused(retry: number, forLoad: boolean): void {
    this.#rest.refused(retry, this.present, forLoad);
    // Refusals go out together at the end of a rest.
    if (!this.#rest.quiet) this.#urgent = true;
  }

  /** Ends the connection of who was told to stay away often enough. */
  #dismiss(): void {
    this.#intake.refuse(undefined, TOO_OFTEN);
    this.end();
  }

  /** Resolves once the event loop has looked after everybody else. */
  #turn(): Promise<void> {
    this.output.schedule();
    return this.server.turn();
  }

  #nextAnswer(): Promise<void> {
    this.output.flush();
    return this.#answer.changed();
  }

  /** Closes at once because of what the client does, and logs it. */
  drop(why: string, bytes?: number): void {
    this.#logged = true;
    this.server.counters.dropped++;
    const message = `connection dropped: ${why}`;
    this.server.clientLog.add({ level: "error", message, client: this.peer, bytes });
    this.close();
  }

  /** Closes at once; what is in flight is aborted. */
  close(): void {
    if (this.closed) return;
    // Programs that are none of ours, and people, send what may be a request by chance.
    if (!this.introduced && !this.#logged && this.#received > 0) this.#logEnd("");
    this.closed = this.#ended = true;
    // Whoever is closed just after its turn to be read has come takes nothing any more, and lets the next one.
    this.#took(0);
    this.#stopLinger?.();
    this.#inFlight.stop();
    this.#rest.cancel();
    for (const call of this.#inFlight) call.drop();
    this.#answer.broadcast();
    this.#weigh();
    this.#writer?.close();
    this.#wait.end();
    this.#stream.close();
    this.receipts.close();
    for (const action of this.#onClosed ?? []) action();
  }

  /** Calls `action` once when the connection has ended; soon where it has already. */
  whenClosed(action: () => void): void {
    if (this.closed) queueMicrotask(action);
    else (this.#onClosed ??= []).push(action);
  }

  /** Takes no further requests; the connection closes once those in flight are answered. */
  end(): void {
    this.#ended = true;
    this.#settle();
  }

  /** Ends it because of what the client has sent, and logs that. */
  endFor(code: string, why: string): void {
    this.#logEnd(code, why);
    this.end();
  }

  /** The server is shutting down: what is parked is refused, what runs may finish, what comes is refused. */
  drain(within: number): void {
    this.#draining = true;
    if (this.events) this.output.add(`! draining within=${within}ms${this.eol}`);
    for (const call of this.#inFlight) {
      if (call.phase === "parked") call.abort("draining", DRAINING);
    }
    this.output.flush();
    this.#settle();
  }

  /** Whether it is this untagged request's turn to be answered. */
  isFirst(call: Request): boolean {
    return this.#inFlight.first === call;
  }

  /** The request with this tag, while it is not answered. */
  find(tag: string): Request | undefined {
    return this.#inFlight.find(tag);
  }

  /** Resolves once no request but this one is in flight. */
  async othersAnswered(call: Request): Promise<void> {
    while (this.inFlight > 1 && !this.closed && !call.answered) await this.#nextAnswer();
  }

  /** The arguments of a request are checked: it may line up. */
  checked(call: Request): void {
    this.#inFlight.checked(call, this.present);
  }

  /** The present: the same for all that is taken from what was read. */
  get present(): number {
    return this.#taking ? this.#now : this.server.clock.now();
  }

  /** A request has a seat. */
  started(call: Request): void {
    // A PING between the refused ones changes nothing.
    if (!call.builtin) this.#rest.served();
    this.#inFlight.started(call);
  }

  /** Something was answered while requests are taken: it goes out behind them. */
  answersNow(): void {
    this.#urgent = true;
  }

  /** A request has written its final line; one that was `turnedAway` may wait for other answers to go with. */
  answered(call: Request, turnedAway: boolean, now?: number): void {
    this.#inFlight.answered(call);
    if (this.closed) return;
    if (this.#taking) this.#urgent ||= !turnedAway;
    else {
      if (!turnedAway || !this.#rest.quiet || this.#urgent) this.output.schedule();
      this.#urgent = false;
      this.#patience.answered(now ?? this.server.clock.now());
    }
    this.#answer.broadcast();
    if (this.#ended || this.#draining) this.#settle();
  }

  #settle(): void {
    if (this.#shut || this.closed || this.inFlight > 0) return;
    this.#shut = this.#ended = true;
    this.#stopLinger = this.server.clock.after(LINGER_MS, () => this.close());
    this.output.finish().then(() => this.#stream.closeWrite()).catch(() => this.close());
  }

  /** Ctrl-C: the oldest request that waits for its answer in turn is cancelled. */
  #interrupt(): void {
    this.#inFlight.first?.abort("cancelled", "Ctrl-C ended the request.");
  }
}
