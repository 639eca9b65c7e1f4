// The seat of one worker: its start, its one request at a time, its end and its successor.

import { Refusal } from "../../protocol/errors.ts";
import type { Values } from "../../protocol/shape.ts";
import { abortable } from "./abortable.ts";
import { drainingFailure } from "../admission/draining.ts";
import type { Context } from "../request/handlers.ts";
import type { Telemetry } from "../telemetry.ts";
import { type FromWorker, type Task, toPlain, toRefusal } from "./messages.ts";
import { type ProcessOptions, WorkerProcess } from "./process.ts";

// The time in ms for a worker to load its module, which may have to be downloaded.
const START_MS = 60_000;
// The pause in ms before the next start after a worker that ended without serving. It doubles each time.
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5000;

/** Options of workers. */
export interface SeatOptions extends ProcessOptions {
  readonly grace: number;
  readonly telemetry: Telemetry;
}

/** The running request. */
interface Run {
  readonly context: Context;
  readonly item: (item: Values) => void;
  readonly resolve: (reply: Values | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** The seat of one worker. A worker that hangs or ends is replaced. */
export class WorkerSeat {
  /** Whether a request can begin at once. */
  ready = false;
  readonly #options: SeatOptions;
  #process: WorkerProcess | undefined = undefined;
  /** The processes that have not ended, including killed ones. */
  readonly #alive = new Set<WorkerProcess>();
  #started = newStart();
  #loaded = false;
  #run: Run | undefined = undefined;
  #pause = FIRST_PAUSE;
  #stopTimer: () => void = () => {};
  #stopGrace: (() => void) | undefined = undefined;

  constructor(options: SeatOptions) {
    this.#options = options;
  }

  /** Starts a worker. Resolves with the commands of its handlers. Rejects where its module cannot be loaded. */
  start(): Promise<readonly string[]> {
    const { promise } = this.#started;
    this.#stopTimer = this.#options.clock.after(START_MS, () => {
      const { module } = this.#options;
      this.#replace(
        new Error(
          `a worker did not finish loading ${module.slice(0, 200)} in ${START_MS / 1000} s`,
        ),
      );
    });
    try {
      const process: WorkerProcess = new WorkerProcess(this.#options, (message) => {
        if (this.#process === process) this.#hear(message);
      });
      this.#process = process;
      this.#alive.add(process);
      process.ended.then((how) => {
        this.#alive.delete(process);
        if (this.#process === process) this.#replace(new Error(`a worker ended: ${how}`));
      });
    } catch (error) {
      this.#replace(error);
    }
    return promise;
  }

  /**
   * Runs one request. Settles once the worker is free. When the signal is aborted, the handler has `grace` ms to stop;
   * then another worker takes its place.
   */
  async run(
    task: Task,
    context: Context,
    item: (item: Values) => void,
  ): Promise<Values | undefined> {
    const { signal } = context;
    // A worker that has started may have ended since.
    while (!this.ready) await abortable(this.#started.promise, signal);
    const { promise, resolve, reject } = Promise.withResolvers<Values | undefined>();
    const onAbort = (): void => this.stop(signal.reason);
    this.#run = { context, item, resolve, reject };
    signal.addEventListener("abort", onAbort);
    try {
      this.#process!.send({ kind: "task", ...task });
      return await promise;
    } finally {
      this.#run = undefined;
      signal.removeEventListener("abort", onAbort);
      this.#stopGrace?.();
      this.#stopGrace = undefined;
      // The request is answered already, so it may wait for the next worker.
      if (signal.aborted) await this.#started.promise.catch(() => {});
    }
  }

  /** Tells the handler to stop, and ends the worker where it does not. */
  stop(reason: Refusal): void {
    if (this.#run === undefined || this.#stopGrace !== undefined) return;
    const { clock, grace, telemetry } = this.#options;
    const { verb, client } = this.#run.context;
    this.#process?.send({ kind: "abort", reason: toPlain(reason), closed: client.closed });
    this.#stopGrace = clock.after(grace, () => {
      telemetry.tell({ kind: "worker-replaced", verb, client: client.peer });
      this.#replace(reason);
    });
  }

  /** Tells the worker that its last item was passed on. */
  more(): void {
    this.#process?.send({ kind: "more" });
  }

  /** Ends the worker, and starts no other. Resolves once no process of this seat is left. */
  async close(): Promise<void> {
    this.#end(new Refusal("draining", drainingFailure.message));
    for (const { ended } of this.#alive) await ended;
  }

  #hear(message: FromWorker): void {
    switch (message.kind) {
      case "ready":
        this.ready = this.#loaded = true;
        this.#stopTimer();
        this.#started.resolve(message.verbs);
        return;
      case "item":
        this.#run?.item(message.values);
        return;
      case "log":
        this.#options.telemetry.tell({ ...message, kind: "handler-logged" });
        return;
      case "uncaught": {
        const { error } = message;
        return this.#replace(new Error(`a worker ended: ${error}`, { cause: error }));
      }
      case "failure":
        if (!this.ready) return this.#replace(message.error);
        this.#run?.reject(message.error);
        break;
      case "refusal":
        this.#run?.reject(toRefusal(message.refusal));
        break;
      case "reply":
        this.#run?.resolve(message.values);
    }
    this.#run = undefined;
    this.#pause = FIRST_PAUSE;
  }

  /** Gives the worker up: its request ends with `error`, and another worker takes its place. */
  #replace(error: unknown): void {
    const served = this.#run !== undefined;
    this.#end(error);
    // The caller of `start` hears that the first worker cannot be started.
    if (!this.#loaded) return;
    this.#started = newStart();
    if (served) {
      this.start();
      return;
    }
    const { clock, telemetry } = this.#options;
    telemetry.tell({ kind: "worker-ended", error });
    this.#stopTimer = clock.after(this.#pause, () => this.start());
    this.#pause = Math.min(LONGEST_PAUSE, 2 * this.#pause);
  }

  #end(error: unknown): void {
    this.#stopTimer();
    this.#process?.kill();
    this.#process = undefined;
    this.ready = false;
    this.#started.reject(error);
    this.#run?.reject(error);
    this.#run = undefined;
  }
}

/** Settles when a worker has started or failed. Nothing needs to handle its rejection. */
function newStart(): PromiseWithResolvers<readonly string[]> {
  const start = Promise.withResolvers<readonly string[]>();
  start.promise.catch(() => {});
  return start;
}
