// One request on its way: waiting, running, parked, answered. It is the context that its handler gets.

import { compile, type CompiledCommand } from "../protocol/compile.ts";
import { type Executed, Refusal } from "../protocol/errors.ts";
import type { Frame } from "../protocol/framer.ts";
import { formatWord, isOptionName, quote } from "../protocol/line.ts";
import { type Parts, readRequest, type Values, writeParts } from "../protocol/message.ts";
import type { Connection } from "./connection.ts";
import type { Waiting } from "./dispatch.ts";
import type { Client, Context } from "./handlers.ts";

/** A handler as the server calls it: types were checked where it was written. */
// deno-lint-ignore no-explicit-any
export type AnyHandler = (args: any, context: Context, call: Call) => unknown;

/** A command and who serves it. */
export interface Route {
  readonly compiled: CompiledCommand;
  readonly handler: AnyHandler;
}

/** Where what is no request goes: it can only be refused, with a standard code. */
export const nowhere: Route = {
  compiled: compile({ name: "none", version: "1", summary: "Nothing.", commands: {} }).commands.get(
    "PING",
  )!,
  handler: () => undefined,
};

type State = "waiting" | "running" | "parked" | "answered";

/** One request. */
export class Call implements Context, Waiting {
  /** The untagged request behind this one. */
  next: Call | undefined = undefined;
  deadline: number | undefined = undefined;
  trace: string | undefined = undefined;

  readonly tag: string | undefined;
  readonly #connection: Connection;
  readonly #route: Route;
  readonly #frame: Frame;
  readonly #arrived: number;
  #state: State = "waiting";
  #seated = false;
  #started = 0;
  #args: Values = {};
  #abort: AbortController | undefined = undefined;
  #reason: Refusal | undefined = undefined;
  #stopTimer: (() => void) | undefined = undefined;
  #goOn: (() => void) | undefined = undefined;
  #held: (string | Uint8Array)[] | undefined = undefined;
  #whenFirst: (() => void) | undefined = undefined;

  constructor(connection: Connection, route: Route, frame: Frame) {
    this.#connection = connection;
    this.#route = route;
    this.#frame = frame;
    this.tag = frame.tag;
    this.#arrived = connection.timing ? connection.server.clock.now() : 0;
  }

  get verb(): string {
    return this.#route.compiled.verb;
  }

  get client(): Client {
    return this.#connection;
  }

  /** The connection, for the commands that the server answers itself. */
  get connection(): Connection {
    return this.#connection;
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

  get answered(): boolean {
    return this.#state === "answered";
  }

  get parked(): boolean {
    return this.#state === "parked";
  }

  // Handlers take these two apart from the context, so each comes bound to it.
  get log(): Context["log"] {
    return (message, details) => {
      const { verb, client } = this;
      this.#connection.server.log({
        level: "info",
        message,
        verb,
        client: client.peer,
        ...details,
      });
    };
  }

  get park(): Context["park"] {
    return (promise) => this.#park(promise);
  }

  /** Checks the arguments and lines up. */
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
    if (!(args instanceof Promise)) this.#lineUp(args);
    else args.then((args) => this.#lineUp(args), (error) => this.fail(error));
  }

  #lineUp(args: Values): void {
    if (this.answered) return;
    this.#args = args;
    if (this.#frame.options.size > 0) this.#readOptions(args);
    // CANCEL must reach a request when all seats are taken, so what the server answers itself needs none.
    if (this.#route.compiled.standing) this.#run();
    else this.#connection.server.dispatcher.submit(this);
  }

  #readOptions(args: Values): void {
    const { within, trace } = args;
    if (trace !== undefined) this.trace = trace as string;
    if (within === undefined) return;
    const { clock } = this.#connection.server;
    this.deadline = clock.now() + (within as number);
    this.#stopTimer = clock.after(within as number, () => {
      this.abort("expired", "The time given by within= is over.");
    });
  }

  start(): void {
    this.#seated = true;
    const goOn = this.#goOn;
    if (goOn === undefined) return this.#run();
    this.#goOn = undefined;
    goOn();
  }

  #run(): void {
    this.#state = "running";
    if (this.#connection.timing) this.#started = this.#connection.server.clock.now();
    let result: unknown;
    try {
      result = this.#route.handler(this.#args, this, this);
    } catch (error) {
      this.fail(error);
      this.#leaveSeat();
      return;
    }
    if (this.#route.compiled.items !== undefined) {
      this.#stream(result).catch((error) => this.fail(error)).finally(() => this.#leaveSeat());
    } else if (isThenable(result)) {
      Promise.resolve(result)
        .then((reply) => this.#succeed(reply as Values), (error) => this.fail(error))
        .finally(() => this.#leaveSeat());
    } else {
      this.#succeed(result as Values);
      this.#leaveSeat();
    }
  }

  refuse(retry: number): void {
    this.fail(new Refusal("busy", "The server has too much to do.", { retry }));
  }

  async #park<T>(promise: PromiseLike<T>): Promise<T> {
    const { signal } = this;
    if (this.#connection.draining) this.abort("draining", DRAINING);
    if (signal.aborted) {
      // If it rejects too, nobody else hears it, and that would end the process.
      promise.then(undefined, () => {});
      throw signal.reason;
    }
    if (this.answered) return promise;
    const held = this.#seated;
    this.#state = "parked";
    this.#leaveSeat();
    let stop: (() => void) | undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        stop = () => reject(signal.reason);
        signal.addEventListener("abort", stop);
        promise.then(resolve, reject);
      });
    } finally {
      signal.removeEventListener("abort", stop!);
      // Where several promises are parked at once, the one that gave the seat up takes it again.
      if (held && !this.answered) {
        this.#state = "running";
        await this.#takeSeat();
      }
    }
  }

  #takeSeat(): Promise<void> {
    return new Promise((resolve) => {
      this.#goOn = resolve;
      this.#connection.server.dispatcher.resume(this);
    });
  }

  /** Waits for the client, or for the request before this one: who may need this one's seat meanwhile. */
  async #outOfSeat(wait: Promise<void>): Promise<void> {
    const held = this.#seated;
    this.#leaveSeat();
    await wait;
    if (held && !this.answered) await this.#takeSeat();
  }

  #leaveSeat(): void {
    if (!this.#seated) return;
    this.#seated = false;
    this.#connection.server.dispatcher.finish(this);
  }

  /** Ends the request from outside: it is answered now, and the handler's signal is aborted. */
  abort(code: "expired" | "cancelled" | "draining", message: string): void {
    if (this.answered) return;
    const executed: Executed = this.#state === "waiting" ? "no" : "maybe";
    if (this.#state === "waiting") this.#connection.server.dispatcher.withdraw(this);
    const options = code === "draining" ? { retry: DRAIN_RETRY } : { executed };
    const reason = new Refusal(code, message, options);
    this.fail(reason);
    this.#stop(reason);
  }

  /** The connection is gone: nobody waits for the answer. */
  drop(): void {
    if (this.answered) return;
    if (this.#state === "waiting") this.#connection.server.dispatcher.withdraw(this);
    this.#end();
    this.#stop(new Refusal("cancelled", "The connection is lost.", { executed: "maybe" }));
  }

  #stop(reason: Refusal): void {
    this.#reason = reason;
    this.#abort?.abort(reason);
  }

  async #stream(result: unknown): Promise<void> {
    const source = (result instanceof Promise ? await result : result) as
      & AsyncIterable<Values>
      & Iterable<Values>;
    const items = source[Symbol.asyncIterator]?.() ?? source[Symbol.iterator]();
    const shape = this.#route.compiled.items!;
    for (;;) {
      const step = items.next();
      const { done, value } = step instanceof Promise ? await step : step;
      if (this.answered) {
        if (!done) await items.return?.();
        return;
      }
      if (done) return this.#succeed(value);
      this.#emit("*", writeParts(shape, value), "");
      if (this.tag === undefined && !this.#connection.isFirst(this)) {
        await this.#outOfSeat(new Promise((resolve) => this.#whenFirst = resolve));
      }
      if (this.#connection.output.full) await this.#outOfSeat(this.#connection.output.drained());
      else this.#connection.output.schedule();
    }
  }

  #succeed(reply: Values | undefined): void {
    if (this.answered) return;
    let parts: Parts;
    try {
      parts = writeParts(this.#route.compiled.reply, reply);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.#emit("OK", parts, this.#timing());
    this.#end();
  }

  /** Answers with an error: a declared `Refusal` as it is, all else as `internal`. */
  fail(error: unknown): void {
    if (this.answered) return;
    const { code, message, retry, executed, details } = this.#declared(error);
    // What handlers put in may be cut in the middle of a character; that must not fail a second time.
    let text = ` ${code} ${quote(message.toWellFormed())}`;
    if (executed !== undefined) text += ` executed=${executed}`;
    if (Number.isFinite(retry)) text += ` retry=${Math.max(0, Math.ceil(retry!))}`;
    for (const [name, value] of Object.entries(details)) {
      text += ` ${name}=${formatWord(String(value).toWellFormed())}`;
    }
    this.#connection.server.countError(code);
    this.#emit("ERR", { text, body: undefined }, this.#timing());
    this.#end();
  }

  #declared(error: unknown): Refusal {
    const { verb } = this;
    if (
      error instanceof Refusal && this.#route.compiled.errors.has(error.code) &&
      Object.keys(error.details).every(isDetail)
    ) return error;
    const incident = crypto.randomUUID().slice(0, 8);
    this.#connection.server.log({
      level: "error",
      message: `${verb} failed`,
      verb,
      client: this.client.peer,
      incident,
      error,
    });
    return new Refusal("internal", `${verb} failed; the server's log says why.`, {
      details: { incident },
    });
  }

  #timing(): string {
    if (!this.#connection.timing || this.#arrived === 0) return "";
    const now = this.#connection.server.clock.now();
    const started = this.#started || now;
    return ` waited=${milliseconds(started - this.#arrived)} took=${milliseconds(now - started)}`;
  }

  #emit(head: string, { text, body }: Parts, timing: string): void {
    const { output, eol } = this.#connection;
    const start = this.tag === undefined ? head : `#${this.tag} ${head}`;
    let line = start + text + timing;
    if (body !== undefined) line += ` {${body.length}}`;
    line += eol;
    if (this.tag !== undefined || this.#connection.isFirst(this)) {
      output.add(line, body);
      if (body !== undefined) output.add(eol);
    } else {
      const held = this.#held ??= [];
      held.push(line);
      if (body !== undefined) held.push(body, eol);
    }
  }

  /** It is this request's turn to be answered: what it held back goes out. */
  release(): void {
    const { output } = this.#connection;
    for (const part of this.#held ?? []) {
      if (typeof part === "string") output.add(part);
      else output.add("", part);
    }
    this.#held = undefined;
    this.#whenFirst?.();
  }

  #end(): void {
    this.#state = "answered";
    this.#stopTimer?.();
    this.#whenFirst?.();
    this.#connection.answered(this);
  }
}

const DRAIN_RETRY = 1000;
/** Why a request is refused while the server drains. */
export const DRAINING = "The server is shutting down.";

function isThenable(result: unknown): result is PromiseLike<unknown> {
  return typeof (result as { then?: unknown } | null | undefined)?.then === "function";
}

// A name that the line has already would make it one that no client can read.
function isDetail(name: string): boolean {
  return isOptionName(name) && !["executed", "retry", "waited", "took"].includes(name);
}

function milliseconds(value: number): string {
  return String(Math.round(value * 1000) / 1000);
}
