// One client: its bytes in, its requests in flight, its bytes out.

import type { Frame } from "../protocol/frame.ts";
import { type Framed, Framer } from "../protocol/framer.ts";
import type { Malformed } from "../protocol/malformed.ts";
import { type Parts, readRequest, type Values, writeParts } from "../protocol/message.ts";
import { telnet, type TelnetCommand } from "../protocol/telnet.ts";
import { Condition } from "../net/condition.ts";
import { Output } from "../net/output.ts";
import type { ByteStream } from "../net/stream.ts";
import { isLost, StreamError } from "../net/stream_error.ts";
import type { Line } from "../scheduling/ticket.ts";
import { answerLine } from "./answer.ts";
import { Call } from "./call.ts";
import { ClientLines } from "./client_lines.ts";
import { DRAINING, type ErrorLine, refusalFor } from "./errors.ts";
import { InOrder } from "./in_order.ts";
import { Patience } from "./patience.ts";
import type { Client } from "./handlers.ts";
import { Rest } from "./rest.ts";
import type { Route } from "./routes.ts";
import type { Service } from "./service.ts";

// What waits for its first bytes holds a small buffer, of which there may be ten thousand; who fills it gets a larger one.
const [LEAST_READ, MOST_READ] = [1024, 16_384];
// A close with unread input resets the connection, and the client may never see the last reply: so the server ends
// its own side, and reads and forgets what still comes for a while.
const LINGER_MS = 1000;
const LINGER_BYTES = 1 << 20;

// How many requests of one connection are taken before others get their turn.
const REQUESTS_A_TURN = 64;
// Who sends as fast as is read would be read from for ever: what is there already is read without a turn of the loop.
const MUCH = MOST_READ;
// To read as much takes as long as to refuse a request.
const BYTES_A_REQUEST = 1024;

const TOO_OFTEN: ErrorLine = {
  code: "quota",
  message: "Refused requests come again and again.",
};

const NO_WORDS: readonly string[] = [];
const NO_OPTIONS: ReadonlyMap<string, string> = new Map();

/** One connection of a server. */
export class Connection implements Client {
  readonly id: number;
  readonly server: Service;
  readonly output: Output;
  agent: string | undefined = undefined;
  timing = false;
  events = false;
  /** It has said HELLO, as our clients do. */
  introduced = false;
  closed = false;
  /** How many of its requests were answered with an error. */
  errors = 0;

  readonly #stream: ByteStream;
  readonly #framer: Framer;
  readonly #lines: ClientLines;
  readonly #tagged = new Map<string, Call>();
  readonly #untagged: InOrder;
  readonly #patience: Patience;
  #bodies = 0;
  /** Bytes held for this client, as the server counted them last. */
  weight = 0;
  readonly #rest: Rest;
  #now = 0;
  #unknown = 0;
  /** Requests that have come, and bytes. */
  #requests = 0;
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
  /** What came during a rest, to be admitted last to first: the first waited unread the longest. */
  #rested: Call[] | undefined = undefined;
  /** It is read as one of those that are read one after another. */
  #inLine = false;
  /** Bytes that were read since it last was. */
  #unturned = 0;
  #shut = false;
  /** A Ctrl-C came, and its DO TIMING-MARK may follow. */
  #interrupted = false;
  #stopLinger: (() => void) | undefined = undefined;
  readonly #answer = new Condition();
  #onClosed: (() => void)[] | undefined = undefined;

  constructor(server: Service, stream: ByteStream, id: number) {
    this.id = id;
    this.server = server;
    this.#stream = stream;
    this.#lines = new ClientLines(server, stream.peer);
    this.#since = server.clock.now();
    this.#patience = new Patience(this.#since);
    this.#rest = new Rest(
      server.rests,
      server.bounds,
      () => this.#lines.client,
      () => this.output.flush(),
    );
    this.#untagged = new InOrder(server.bounds.answers, () => this.#present());
    this.#framer = new Framer("request", server.limits);
    this.output = new Output(
      stream,
      (error) => this.#unwritable(error),
      () => server.watch(),
      server.bounds.output,
    );
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
  line(route: Route, name: string = route.class): Line {
    return this.#lines.of(route, name);
  }

  /** Requests that are not answered yet. */
  get inFlight(): number {
    return this.#untagged.size + this.#tagged.size;
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
    else this.server.log({ level: "error", message: "connection failed", client, error });
    this.#logged = true;
  }

  /** Logs how the connection ends, and what came of it. */
  #logEnd(code: string, why?: string): void {
    this.#logged = true;
    const { peer: client, errors, server } = this;
    const message = code === "" ? "connection ended" : `connection ended: ${code}`;
    const requests = this.#requests;
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
        this.#patience.hungUp = true;
        break;
      }
      this.server.counters.received += read;
      this.#received += read;
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
      if (this.#rest.costly || this.#unturned >= MUCH) {
        await this.#lineUp();
        if (this.closed) return;
      }
      this.#framer.push(buffer.subarray(0, read));
      this.#taking = true;
      this.#now = this.server.clock.now();
      let unread = since === undefined ? 0 : this.#now - since;
      if (since !== undefined) this.#rested = [];
      let taken = 0;
      let whole = false;
      for (let framed; (framed = this.#framer.next()) !== undefined && !this.#ended;) {
        whole = true;
        this.#handle(framed);
        const full = this.#full;
        const pauses = this.#rest.pauses && !this.#rest.exhausted;
        if (!full && !pauses && ++taken < REQUESTS_A_TURN) continue;
        if (this.#rested !== undefined) this.#admit(this.#rested, unread);
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
          this.#rested = [];
        }
        taken = 0;
      }
      this.#interrupt();
      if (this.#rested !== undefined) this.#admit(this.#rested, unread);
      this.#rested = undefined;
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
    if (!this.#ended && !this.#framer.idle) {
      this.#refuse(
        undefined,
        {
          code: "bad-syntax",
          message: "The input ended within a request, which was not executed.",
        },
      );
    }
  }

  /** Whether the client has to read answers, or wait for some, before more of its requests are taken. */
  get #full(): boolean {
    return this.output.full || this.#tooMuch;
  }

  get #tooMuch(): boolean {
    return this.#untagged.size >= this.server.maxInFlight ||
      this.#bodies > this.server.bounds.requests;
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

  /** Counts what is held for this client against it and against the server's memory. */
  #weigh(): void {
    const weight = this.closed
      ? 0
      : this.#framer.held + this.#bodies + this.#untagged.held + this.output.held;
    const more = weight - this.weight;
    this.weight = weight;
    if (more !== 0) this.server.weigh(more);
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
      pressure.haste,
    );
    if (overdue === undefined) this.#weigh();
    else if (overdue.deaf) {
      this.drop(overdue.message);
    } else if (!this.#ended) {
      this.#refuse(undefined, { code: "timeout", message: overdue.message });
      this.end();
    }
    return this.output.held === 0 && this.#patience.quiet;
  }

  /**
   * A request was refused as busy or quota, because of the load or not. Who goes on asking all the same is not listened
   * to for the time it was told.
   */
  refused(retry: number, forLoad: boolean): void {
    this.#rest.refused(retry, this.#present(), forLoad);
    // Refusals go out together at the end of a rest.
    if (!this.#rest.quiet) this.#urgent = true;
  }

  /** Ends the connection of who was told to stay away often enough. */
  #dismiss(): void {
    this.#refuse(undefined, TOO_OFTEN);
    this.end();
  }

  /** Refuses what did not even line up, as busy or quota. */
  #turnAway(tag: string | undefined, line: ErrorLine): void {
    this.refused(line.retry!, false);
    this.#refuse(tag, line, true);
  }

  /** Resolves once the event loop has looked after everybody else. */
  #turn(): Promise<void> {
    this.output.schedule();
    return this.server.turn();
  }

  #nextAnswer(): Promise<void> {
    this.output.flush();
    return this.#answer.wait();
  }

  /** Closes at once because of what the client does, and logs it. */
  drop(why: string, bytes?: number): void {
    this.#logged = true;
    this.server.counters.dropped++;
    const message = `connection dropped: ${why}`;
    this.server.log({ level: "error", message, client: this.peer, bytes });
    this.close();
  }

  /** Closes at once; what is in flight is aborted. */
  close(): void {
    if (this.closed) return;
    // Programs that are none of ours, and people, send what may be a request by chance.
    if (!this.introduced && !this.#logged && this.#received > 0) this.#logEnd("");
    this.closed = this.#ended = true;
    this.#stopLinger?.();
    this.#untagged.stop();
    this.#rest.cancel();
    for (const call of this.#inOrder()) call.drop();
    this.#answer.notify();
    this.#weigh();
    this.#stream.close();
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

  /** The server is shutting down: what is parked is refused, what runs may finish, what comes is refused. */
  drain(within: number): void {
    this.#draining = true;
    if (this.events) this.output.add(`! draining within=${within}ms${this.eol}`);
    for (const call of this.#inOrder()) {
      if (call.phase === "parked") call.abort("draining", DRAINING);
    }
    this.output.flush();
    this.#settle();
  }

  /** Whether it is this untagged request's turn to be answered. */
  isFirst(call: Call): boolean {
    return this.#untagged.first === call;
  }

  /** The request with this tag, while it is not answered. */
  find(tag: string): Call | undefined {
    return this.#tagged.get(tag);
  }

  /** Resolves once no request but this one is in flight. */
  async othersAnswered(call: Call): Promise<void> {
    while (this.inFlight > 1 && !this.closed && !call.answered) await this.#nextAnswer();
  }

  /** The arguments of a request are checked: it may line up. */
  checked(call: Call): void {
    if (call.tag === undefined) this.#untagged.advance();
    else call.lineUp(this.#present());
  }

  #present(): number {
    return this.#taking ? this.#now : this.server.clock.now();
  }

  /** A request has a seat. */
  started(call: Call): void {
    // A PING between the refused ones changes nothing.
    if (!call.standing) this.#rest.served();
    if (call.tag === undefined) this.#untagged.started(call);
  }

  /** A request has written its final line; one that was `turnedAway` may wait for other answers to go with. */
  answered(call: Call, turnedAway: boolean, now?: number): void {
    this.#bodies -= call.bytes;
    if (call.tag !== undefined) this.#tagged.delete(call.tag);
    else this.#untagged.answered(call);
    if (this.closed) return;
    if (this.#taking) this.#urgent ||= !turnedAway;
    else {
      if (!turnedAway || !this.#rest.quiet || this.#urgent) this.output.schedule();
      this.#urgent = false;
      this.#patience.answered(now ?? this.server.clock.now());
    }
    this.#answer.notify();
    if (this.#ended || this.#draining) this.#settle();
  }

  #settle(): void {
    if (this.#shut || this.closed || this.inFlight > 0) return;
    this.#shut = this.#ended = true;
    this.#stopLinger = this.server.clock.after(LINGER_MS, () => this.close());
    this.output.finish().then(() => this.#stream.closeWrite()).catch(() => this.close());
  }

  *#inOrder(): Generator<Call> {
    yield* this.#untagged;
    yield* [...this.#tagged.values()];
  }

  #handle(framed: Framed): void {
    if (framed.kind !== "telnet") this.#interrupt();
    switch (framed.kind) {
      case "frame":
        this.#request(framed);
        break;
      case "malformed":
        this.#malformed(framed);
        break;
      case "telnet":
        this.#telnet(framed);
    }
  }

  #request(frame: Frame): void {
    const route = this.server.routes.get(frame.head);
    const { tag } = frame;
    if (tag !== undefined) {
      if (this.#tagged.has(tag)) {
        // An answer with this tag could be read as either request's.
        this.#refuse(undefined, {
          code: "bad-syntax",
          message: `The tag ${tag} is still in use.`,
        });
        this.end();
        return;
      }
      if (this.#tagged.size >= this.server.maxInFlight) {
        this.#turnAway(tag, this.#tooMany());
        return;
      }
    }
    if (route === undefined) {
      this.#unknownCommand(frame);
      return;
    }
    this.#unknown = 0;
    this.#requests++;
    if (this.#draining && !route.compiled.standing) {
      this.#refuse(tag, refusalFor("draining", 1000));
      return;
    }
    this.server.counters.requests++;
    if (this.server.pressure.sheds && !route.compiled.standing) {
      const message = "The server holds as much for its clients as it may.";
      this.#turnAway(tag, { code: "busy", message, retry: 1000 });
      return;
    }
    if (route.instant !== undefined && this.#answerAtOnce(route, frame)) return;
    const call = new Call(this, route, frame, this.#now);
    this.#link(call);
    if (this.#rested === undefined) call.admit();
    else this.#rested.push(call);
  }

  /** Admits what came in the last `unread` ms, evenly as far as is known. */
  #admit(calls: Call[], unread: number): void {
    const { length } = calls;
    for (let i = 0; i < length; i++) {
      const call = calls.pop()!;
      call.unread = unread * (i + 0.5) / length;
      call.admit();
    }
  }

  /**
   * Answers a request that takes next to no time, where nobody waits: without a ticket. Whatever is unusual about it
   * goes the usual way.
   */
  #answerAtOnce(route: Route, frame: Frame): boolean {
    const { tag } = frame;
    if (frame.options.size > 0 || this.timing || (tag === undefined && this.#untagged.size > 0)) {
      return false;
    }
    let parts: Parts;
    try {
      const args = readRequest(route.compiled, frame) as Values;
      if (!route.scheduler.instant(this.line(route), this.#now)) return false;
      parts = writeParts(route.compiled.reply, route.instant!(args));
    } catch {
      return false;
    }
    this.output.add(answerLine(tag, "OK", parts, "", this.eol));
    this.#urgent = true;
    return true;
  }

  #tooMany(): ErrorLine {
    const { maxInFlight } = this.server;
    const message = `At most ${maxInFlight} tagged requests of a connection may be in flight.`;
    return { code: "quota", message, retry: 100, details: { scope: "connection" } };
  }

  #unknownCommand({ tag, head }: Frame): void {
    const message = `There is no command ${head}; HELP lists them.`;
    this.#refuse(tag, { code: "unknown-command", message });
    this.#unknown++;
    if (this.#unknown < this.server.bounds.unknownCommands) return;
    this.#logEnd("unknown-command", message);
    this.end();
  }

  #malformed({ tag, code, message, fatal }: Malformed): void {
    const free = tag !== undefined && !this.#tagged.has(tag) ? tag : undefined;
    this.#refuse(free, { code, message });
    if (!fatal) return;
    this.#logEnd(code, message);
    this.end();
  }

  /** Answers what never became a request, in its turn. */
  #refuse(tag: string | undefined, line: ErrorLine, turnedAway: boolean = false): void {
    const frame: Frame = {
      kind: "frame",
      tag,
      head: "",
      words: NO_WORDS,
      options: NO_OPTIONS,
      body: undefined,
    };
    const call = new Call(this, this.server.nowhere, frame, this.#now);
    this.#link(call);
    call.answerError(line, turnedAway);
  }

  #link(call: Call): void {
    this.#bodies += call.bytes;
    if (call.tag !== undefined) this.#tagged.set(call.tag, call);
    else this.#untagged.push(call);
  }

  #telnet({ command, option }: TelnetCommand): void {
    if (command === telnet.IP) {
      this.#interrupt();
      this.#interrupted = true;
      return;
    }
    this.#urgent = true;
    // telnet shows nothing after Ctrl-C until its DO TIMING-MARK is answered (RFC 860), so that answer goes first.
    if (command === telnet.DO) {
      const answer = option === telnet.TIMING_MARK ? telnet.WILL : telnet.WONT;
      this.output.add("", Uint8Array.of(telnet.IAC, answer, option));
      if (option === telnet.TIMING_MARK) this.#interrupt();
    } else if (command === telnet.WILL) {
      this.output.add("", Uint8Array.of(telnet.IAC, telnet.DONT, option));
    }
  }

  /** Ctrl-C: the oldest request that waits for its answer in turn is cancelled. */
  #interrupt(): void {
    if (!this.#interrupted) return;
    this.#interrupted = false;
    this.#untagged.first?.abort("cancelled", "Ctrl-C ended the request.");
  }
}
