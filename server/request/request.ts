// One request on its way: lined up, running, parked, answered. It is the ticket that the scheduler moves.

import { type Executed, Refusal } from "../../protocol/errors.ts";
import type { Frame } from "../../dialects/lineup1/frame.ts";
import { type Parts, readRequest, type Values } from "../../dialects/lineup1/message.ts";
import type { ClassName } from "../../protocol/spec.ts";
import { type RefusalReason as Reason, Ticket } from "../../scheduling/ticket.ts";
import { answerLine, replyParts, timingText } from "./answer.ts";
import type { Connection } from "../connection/connection.ts";
import { RequestContext } from "./context.ts";
import { DRAINING, type ErrorLine, errorText, EXPIRED, isDeclared, refusalFor } from "./errors.ts";
import { Receipt, type UnsentAction } from "../connection/receipts.ts";
import type { Route } from "./routes.ts";

// What a request holds, measured as the growth of the heap: one that waits or runs takes 400 to 450 bytes beside its
// words, a word 40 beside its characters, one that is parked 1.2 to 3 KiB more.
const BYTES = 512;
const WORD = 40;
const PARKED = 2048;
/** Of words up to this length it is not worth a look whether their characters take one byte each or two. */
const SHORT = 64;
const LATIN1 = /^[\0-\xff]*$/;
/** So many bytes more count at once, fewer at the next look at the connection. */
const MANY = 65_536;
const DRAIN_RETRY = 1000;
const READ: Frame = {
  kind: "frame",
  tag: undefined,
  head: "",
  words: [],
  options: new Map(),
  body: undefined,
};

/** One request. */
export class Request extends Ticket {
  /** The untagged request behind this one. */
  after: Request | undefined = undefined;
  /** Whether its arguments are checked, so that it may line up. */
  ready = false;
  /** Whether its final line is written (or nobody waits for it any more). */
  answered = false;
  trace: string | undefined = undefined;

  readonly tag: string | undefined;
  readonly connection: Connection;
  readonly #route: Route;
  /** What was asked, until it is checked. */
  #frame: Frame;
  readonly #arrived: number;
  #started = 0;
  #args: Values = {};
  #abort: AbortController | undefined = undefined;
  #reason: Refusal | undefined = undefined;
  #goOn: (() => void) | undefined = undefined;
  #whenStopped: ((reason: Refusal) => void) | undefined = undefined;
  /** It has been parked, or is. */
  #parked = false;
  #held: (string | Uint8Array)[] | undefined = undefined;
  #receipt: Receipt | undefined = undefined;
  /** It waits for its turn or for its client to read. */
  #streams = false;
  /** Lets a stream go on that waits so. */
  #whenGoing: (() => void) | undefined = undefined;

  constructor(connection: Connection, route: Route, frame: Frame, now: number) {
    super(connection.line(route), route.cost, bytesOf(frame));
    this.connection = connection;
    this.#route = route;
    this.#frame = frame;
    this.tag = frame.tag;
    this.#arrived = now;
  }

  get verb(): string {
    return this.#route.compiled.verb;
  }

  /** Whether the server answers it itself, whatever the protocol is. */
  get builtin(): boolean {
    return this.#route.compiled.builtin;
  }

  override get streams(): boolean {
    return this.#streams;
  }

  get identity(): string | undefined {
    return undefined;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#reason !== undefined) this.#abort.abort(this.#reason);
    }
    return this.#abort.signal;
  }

  /** Writes a line to the server's log. */
  log(message: string, details: Readonly<Record<string, unknown>> | undefined): void {
    const { verb, connection: { server, peer: client } } = this;
    server.log({ level: "info", message, verb, client, ...details });
  }

  /** Counts bytes that the handler holds for the client. */
  hold(bytes: number): void {
    if (this.answered) return;
    this.bytes += bytes;
    this.connection.holds(bytes, bytes >= MANY);
  }

  /** Calls `action` with the items that never left the server, once it is known that they will not. */
  whenUnsent(action: UnsentAction): void {
    this.#receipt = new Receipt(action);
  }

  /** Bytes of answers that wait for their turn. */
  get heldBytes(): number {
    return this.#held?.reduce((sum, part) => sum + part.length, 0) ?? 0;
  }

  /** Checks the arguments, then lines up when its connection lets it. */
  admit(): void {
    const { compiled } = this.#route;
    let args: Values | Promise<Values>;
    try {
      if (compiled.command.role !== undefined && this.identity === undefined) {
        throw new Refusal("unauthenticated", `${this.verb} needs AUTH first.`);
      }
      args = readRequest(compiled, this.#frame);
    } catch (error) {
      this.fail(error);
      return;
    }
    if (!(args instanceof Promise)) this.#checked(args);
    else args.then((args) => this.#checked(args), (error) => this.fail(error));
  }

  #checked(args: Values): void {
    if (this.answered) return;
    this.#args = args;
    if (this.#frame.options.size > 0) this.#readOptions(args);
    this.#frame = READ;
    this.ready = true;
    this.connection.checked(this);
    // Requests that their connection holds back are in no scheduler that would see to their deadline.
    if (this.phase === "new" && this.deadline < Infinity && !this.answered) {
      this.connection.server.held.set(this, this.deadline);
    }
  }

  #readOptions(args: Values): void {
    const { within, trace } = args;
    const name = args.class as ClassName | undefined;
    if (trace !== undefined) this.trace = trace as string;
    if (name !== undefined) this.lane = this.connection.line(this.#route, name);
    if (within !== undefined) {
      this.deadline = this.connection.server.clock.now() + (within as number);
    }
  }

  /** Goes to the scheduler, which calls `begin` or `refuse`. */
  enqueue(now: number): void {
    this.connection.server.held.clear(this);
    this.#route.scheduler.submit(this, now);
  }

  /** It has a seat: runs. */
  begin(): void {
    const { handler, compiled } = this.#route;
    this.#started = this.since;
    let result: unknown;
    try {
      // The commands that the server answers itself reach into it; no other handler does.
      result = handler(this.#args, compiled.builtin ? this : new RequestContext(this));
    } catch (error) {
      this.#failed(error);
      this.#finish();
      return;
    }
    // Not before the handler was called, or the request behind this one could begin first.
    this.connection.started(this);
    if (compiled.items !== undefined) {
      this.#stream(result).catch((error) => this.#failed(error)).finally(() => this.#finish());
    } else if (isThenable(result)) {
      // One step, and one look at the clock: this is the way of most requests.
      result.then((reply) => {
        const now = this.connection.server.turnClock.now();
        this.#succeed(reply as Values, now);
        this.#finish(now);
      }, (error) => {
        this.#failed(error);
        this.#finish();
      });
    } else {
      this.#succeed(result as Values);
      this.#finish();
    }
  }

  #finish(now?: number): void {
    this.#route.scheduler.finish(this, now);
  }

  /** It has a seat again. */
  goOn(): void {
    const goOn = this.#goOn;
    this.#goOn = undefined;
    goOn?.();
  }

  /** The scheduler will not run it. */
  refuse(reason: Reason, retry: number, scope: string | undefined): void {
    const turnedAway = reason === "busy" || reason === "quota";
    if (turnedAway) this.connection.refused(retry, reason === "busy");
    this.answerError(refusalFor(reason, retry, scope), turnedAway);
  }

  /** Waits without holding a seat; rejects as soon as the request is ended from outside. */
  async park<T>(promise: PromiseLike<T>): Promise<T> {
    if (this.connection.draining) this.abort("draining", DRAINING);
    if (this.#reason !== undefined) {
      // If it rejects too, nobody else hears it, and that would end the process.
      promise.then(undefined, () => {});
      throw this.#reason;
    }
    // Where several promises are parked at once, the first gives the seat up and takes it again.
    if (this.answered || this.phase !== "running") return promise;
    if (!this.#route.scheduler.park(this)) {
      promise.then(undefined, () => {});
      const { code, message, retry } = refusalFor("busy", 1000);
      throw new Refusal(code, message, { retry });
    }
    if (!this.#parked) this.hold(PARKED);
    this.#parked = true;
    try {
      // Without a signal, which takes a KiB: many thousands may be parked.
      return await new Promise<T>((resolve, reject) => {
        this.#whenStopped = reject;
        promise.then(resolve, reject);
      });
    } finally {
      this.#whenStopped = undefined;
      await this.#takeSeat();
    }
  }

  #takeSeat(): Promise<void> | undefined {
    if (this.answered || this.phase !== "parked") return;
    return new Promise((resolve) => {
      this.#goOn = resolve;
      this.#route.scheduler.unpark(this);
    });
  }

  /** Waits for the client, or for the request before this one: who may need this one's seat meanwhile. */
  async outOfSeat(wait: Promise<void>): Promise<void> {
    this.#streams = true;
    const parked = this.phase === "running" && this.#route.scheduler.park(this);
    await wait;
    if (parked) await this.#takeSeat();
    this.#streams = false;
  }

  /** Ends the request from outside: it is answered now, and the handler's signal is aborted. */
  abort(code: "expired" | "cancelled" | "draining", message: string): void {
    if (this.answered) return;
    const executed: Executed = this.#started === 0 ? "no" : "maybe";
    const options = code === "draining" ? { retry: DRAIN_RETRY } : { executed };
    const reason = new Refusal(code, message, options);
    this.#route.scheduler.cancel(this);
    this.fail(reason);
    this.#stop(reason);
  }

  /** The connection is gone: nobody waits for the answer. */
  drop(): void {
    if (this.answered) return;
    this.#route.scheduler.cancel(this);
    this.#end();
    this.#stop(new Refusal("cancelled", "The connection is lost.", { executed: "maybe" }));
  }

  #stop(reason: Refusal): void {
    this.#reason = reason;
    this.#abort?.abort(reason);
    this.#whenStopped?.(reason);
    this.goOn();
  }

  async #stream(result: unknown): Promise<void> {
    const source = (result instanceof Promise ? await result : result) as
      & AsyncIterable<Values>
      & Iterable<Values>;
    const items = source[Symbol.asyncIterator]?.() ?? source[Symbol.iterator]();
    const shape = this.#route.compiled.items!;
    const { output } = this.connection;
    try {
      for (;;) {
        const step = items.next();
        const { done, value } = step instanceof Promise ? await step : step;
        if (done && !this.answered) this.#succeed(value);
        if (done) return;
        if (this.answered || this.#isLate()) break;
        this.#emit("*", replyParts(shape, value), "");
        if (this.tag === undefined && !this.connection.isFirst(this)) {
          await this.outOfSeat(new Promise((resolve) => this.#whenGoing = resolve));
        }
        if (output.full) await this.#drained();
        else output.schedule();
      }
    } catch (error) {
      this.#failed(error);
    }
    await items.return?.();
  }

  /** Waits until the client has read, or the request is answered meanwhile. */
  #drained(): Promise<void> {
    return this.outOfSeat(
      new Promise((resolve) => {
        this.#whenGoing = resolve;
        this.connection.output.drained().then(resolve);
      }),
    );
  }

  /** Whether its time is over: a handler that has held the event loop leaves the timer of `within=` no turn. */
  #isLate(): boolean {
    if (this.deadline === Infinity || this.answered) return false;
    if (this.connection.server.clock.now() < this.deadline) return false;
    this.abort("expired", EXPIRED);
    return true;
  }

  #succeed(reply: Values | undefined, now?: number): void {
    if (this.answered || this.#isLate()) return;
    let parts: Parts;
    try {
      parts = replyParts(this.#route.compiled.reply, reply);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.#emit("OK", parts, this.#timing());
    this.#end(false, now);
  }

  /** Its handler has thrown. */
  #failed(error: unknown): void {
    if (!this.#isLate()) this.fail(error);
  }

  /** Answers with an error: a declared `Refusal` as it is, all else as `internal`. */
  fail(error: unknown): void {
    if (this.answered) return;
    this.answerError(isDeclared(error, this.#route.compiled) ? error : this.#internal(error));
  }

  /** Answers with an error; one that is `turnedAway` was never begun and may be told a little later. */
  answerError(line: ErrorLine, turnedAway: boolean = false): void {
    if (this.answered) return;
    this.connection.server.countError(line.code);
    this.connection.errors++;
    this.#emit("ERR", { text: errorText(line), body: undefined }, this.#timing());
    this.#end(turnedAway);
  }

  #internal(error: unknown): ErrorLine {
    const { verb } = this;
    const incident = crypto.randomUUID().slice(0, 8);
    const client = this.connection.peer;
    const message = `${verb} failed`;
    this.connection.server.incidentLog.add({
      level: "error",
      message,
      verb,
      client,
      incident,
      error,
    });
    const details = { incident };
    return { code: "internal", message: `${verb} failed; the server's log says why.`, details };
  }

  #timing(): string {
    if (!this.connection.timing) return "";
    const now = this.connection.server.clock.now();
    const started = this.#started || now;
    return timingText(started - this.#arrived, now - started);
  }

  #emit(head: string, parts: Parts, timing: string): void {
    const { output, receipts, eol } = this.connection;
    const { body } = parts;
    const line = answerLine(this.tag, head, parts, timing, eol);
    const receipt = head === "*" ? this.#receipt : undefined;
    if (this.tag !== undefined || this.connection.isFirst(this)) {
      if (receipt !== undefined) receipts.add(receipt);
      output.add(line, body);
      if (body !== undefined) output.add(eol);
    } else {
      if (receipt !== undefined) receipts.hold(receipt);
      const held = this.#held ??= [];
      held.push(line);
      if (body !== undefined) held.push(body, eol);
    }
  }

  /** It is this request's turn to be answered: what it held back goes out. */
  release(): void {
    const { output, receipts } = this.connection;
    const receipt = this.#receipt;
    if (receipt !== undefined) receipts.release(receipt);
    for (const part of this.#held ?? []) {
      if (typeof part !== "string") output.add("", part);
      else {
        if (receipt !== undefined && part.startsWith("*")) receipts.add(receipt);
        output.add(part);
      }
    }
    if (this.#held !== undefined) output.schedule();
    this.#held = undefined;
    this.#whenGoing?.();
  }

  #end(turnedAway: boolean = false, now?: number): void {
    this.answered = true;
    if (this.phase === "new") this.connection.server.held.clear(this);
    this.#whenGoing?.();
    this.connection.answered(this, turnedAway, now);
  }
}

function isThenable(result: unknown): result is PromiseLike<unknown> {
  return typeof (result as { then?: unknown } | null | undefined)?.then === "function";
}

function bytesOf({ words, options, body }: Frame): number {
  let bytes = BYTES + (body?.length ?? 0);
  for (const word of words) bytes += bytesOfWord(word);
  if (options.size === 0) return bytes;
  for (const value of options.values()) bytes += bytesOfWord(value);
  return bytes;
}

function bytesOfWord(word: string): number {
  const { length } = word;
  return WORD + (length > SHORT && LATIN1.test(word) ? length : 2 * length);
}
