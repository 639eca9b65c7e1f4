// Handlers that burn CPU, in Workers: one request a worker at a time, so that the only queue is the scheduler's.

import { Refusal } from "../protocol/errors.ts";
import type { Values } from "../protocol/message.ts";
import type { Clock } from "../scheduling/clock.ts";
import type { Context } from "./handlers.ts";
import type { LogEntry } from "./log.ts";
import type { FromWorker, PlainRefusal, Task, ToWorker } from "./worker_messages.ts";

/** Which handlers run in workers, and in how many. */
export interface WorkerOptions {
  /** The module, whose default export is the handlers (or `{ handlers }`, as `lineup serve` takes). */
  module: string | URL;
  /** How many workers, so how many requests at once. Default: the machine's processors. */
  size?: number;
  /** How long a handler may go on after its request was cancelled, in ms, before its worker is replaced. Default 100. */
  grace?: number;
}

interface Environment {
  readonly clock: Clock;
  readonly log: (entry: LogEntry) => void;
}

/** Where the messages about the running request go. */
interface Listener {
  item(item: Values): void;
  settle(end: { reply: Values | undefined } | { error: unknown }): void;
}

/** A worker that starts too often in a row is broken: it pauses, up to this long, in ms. */
const LONGEST_PAUSE = 5000;

/** Workers with the handlers of one module. */
export class WorkerPool {
  /** The commands that the module has handlers for. */
  readonly verbs: readonly string[];
  /** How many requests run at once. */
  readonly size: number;
  readonly #seats: readonly Seat[];
  readonly #idle: Seat[];

  private constructor(seats: readonly Seat[], verbs: readonly string[]) {
    this.#seats = seats;
    this.#idle = [...seats];
    this.size = seats.length;
    this.verbs = verbs;
  }

  /** Starts the workers. Rejects with what the module threw as it was loaded. */
  static async open(options: WorkerOptions, environment: Environment): Promise<WorkerPool> {
    const { size = navigator.hardwareConcurrency, grace = 100 } = options;
    if (!Number.isSafeInteger(size) || size < 1) {
      throw new RangeError(`workers.size must be an integer of at least 1, not ${size}`);
    }
    const module = String(options.module);
    const seats = Array.from({ length: size }, () => new Seat(module, grace, environment));
    try {
      const [verbs] = await Promise.all(seats.map((seat) => seat.start()));
      return new WorkerPool(seats, verbs);
    } catch (error) {
      for (const seat of seats) seat.close();
      throw error;
    }
  }

  /** Runs a request. Settles when its worker is free again, which may be after the request was answered. */
  async run(args: Values, context: Context): Promise<Values | undefined> {
    const seat = this.#take();
    try {
      return await seat.run(toTask(args, context), context, () => seat.more());
    } finally {
      this.#idle.push(seat);
    }
  }

  /** Runs a streaming request. */
  async *stream(args: Values, context: Context): AsyncGenerator<Values, Values | undefined> {
    const seat = this.#take();
    const items: Values[] = [];
    let wake: () => void = () => {};
    let ended = false;
    const end = seat.run(toTask(args, context), context, (item) => {
      items.push(item);
      wake();
    }).finally(() => {
      ended = true;
      wake();
    });
    end.catch(() => {});
    try {
      for (;;) {
        const item = items.shift();
        if (item !== undefined) {
          yield item;
          seat.more();
        } else if (ended) return await end;
        else await new Promise<void>((resolve) => wake = resolve);
      }
    } finally {
      // Left early: the request was cancelled, and the worker is not free before it has heard of it.
      await end.catch(() => {});
      this.#idle.push(seat);
    }
  }

  /** Ends the workers. */
  close(): void {
    for (const seat of this.#seats) seat.close();
  }

  #take(): Seat {
    const seat = this.#idle.pop();
    if (seat === undefined) throw new Error("more requests run in workers than there are seats");
    return seat;
  }
}

/** A place for one worker, which is replaced when it hangs or breaks. */
class Seat {
  readonly #module: string;
  readonly #grace: number;
  readonly #environment: Environment;
  #worker: Worker | undefined = undefined;
  #ready: Promise<readonly string[]> = Promise.resolve([]);
  #listener: Listener | undefined = undefined;
  #context: Context | undefined = undefined;
  #pause = 0;
  #closed = false;

  constructor(module: string, grace: number, environment: Environment) {
    this.#module = module;
    this.#grace = grace;
    this.#environment = environment;
  }

  /** Starts a worker. Resolves with the commands that it has handlers for. */
  start(): Promise<readonly string[]> {
    const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>();
    const worker = new Worker(new URL("./worker_host.ts", import.meta.url), { type: "module" });
    this.#worker = worker;
    this.#ready = promise;
    promise.catch(() => {});
    worker.onmessage = ({ data }: MessageEvent<FromWorker>): void => {
      if (data.kind === "ready") resolve(data.verbs);
      else if (data.kind === "broken") reject(data.error);
      else this.#hear(data);
    };
    worker.onerror = (event): void => {
      event.preventDefault();
      const error = new Error(`a worker ended: ${event.message}`);
      reject(error);
      if (this.#worker === worker) this.#replace(error);
    };
    this.#post({ kind: "load", module: this.#module });
    return promise;
  }

  #post(message: ToWorker): void {
    this.#worker?.postMessage(message);
  }

  #hear(message: FromWorker): void {
    switch (message.kind) {
      case "item":
        this.#listener?.item(message.item);
        break;
      case "log":
        this.#context?.log(message.message, message.details);
        break;
      case "reply":
        this.#pause = 0;
        this.#listener?.settle({ reply: message.reply });
        break;
      case "refusal":
        this.#listener?.settle({ error: toRefusal(message.refusal) });
        break;
      case "failure":
        this.#listener?.settle({ error: message.error });
    }
  }

  /** The last item was passed on. */
  more(): void {
    this.#post({ kind: "more" });
  }

  /** Runs one request; settles once the worker is free. */
  async run(
    task: Task,
    context: Context,
    item: (item: Values) => void,
  ): Promise<Values | undefined> {
    await this.#ready;
    const { signal } = context;
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<Values | undefined>();
    let stopTimer: (() => void) | undefined;
    const onAbort = (): void => {
      this.#post({ kind: "abort", refusal: toPlain(signal.reason) });
      stopTimer = this.#environment.clock.after(this.#grace, () => this.#replace(signal.reason));
    };
    this.#context = context;
    this.#listener = {
      item,
      settle: (end) => "reply" in end ? resolve(end.reply) : reject(end.error),
    };
    signal.addEventListener("abort", onAbort);
    try {
      this.#post({ kind: "task", task });
      return await promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
      stopTimer?.();
      this.#listener = this.#context = undefined;
    }
  }

  /** The worker is of no use any more: another takes its place, and its request ends with `error`. */
  #replace(error: unknown): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#listener?.settle({ error });
    if (this.#closed) return;
    const { clock, log } = this.#environment;
    const again = Promise.withResolvers<void>();
    this.#ready = again.promise.then(() => this.start());
    this.#ready.catch((error) => {
      log({ level: "error", message: "a worker could not be started", error });
      if (!this.#closed) this.#replace(error);
    });
    clock.after(this.#pause, again.resolve);
    this.#pause = Math.min(LONGEST_PAUSE, Math.max(50, this.#pause * 2));
  }

  close(): void {
    this.#closed = true;
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#listener?.settle({ error: new Refusal("draining", "The server is shutting down.") });
  }
}

function toTask(args: Values, { verb, client, identity, deadline, trace }: Context): Task {
  const { id, peer, agent } = client;
  return { verb, args, client: { id, peer, agent }, identity, deadline, trace };
}

function toPlain({ code, message, retry, executed, details }: Refusal): PlainRefusal {
  return { code, message, retry, executed, details };
}

function toRefusal({ code, message, ...options }: PlainRefusal): Refusal {
  return new Refusal(code, message, options);
}
