// A worker: takes jobs from queues, hands them to a function, and tells the server the outcomes.

import { systemClock } from "../net/clock.ts";
import { guarded } from "./call.ts";
import { asError, ConnectionLost } from "./errors.ts";
import {
  HeldJob,
  type Holding,
  type JobOutcome,
  type SettleResult,
  TOO_LATE_MS,
} from "./held_job.ts";
import {
  JobFailure,
  LeaseLost,
  type TakenItem,
  type TakenJob,
  type WorkClient,
  type WorkEvent,
} from "./jobs.ts";
import { needWorkOptions } from "./check_options.ts";
import { needCommands } from "./need_commands.ts";
import { ReadableJob } from "./taken_job.ts";
import { createTakeLoop } from "./take_loop.ts";
import type { JobContext, JobHandler, Worker, WorkOptions } from "./work_options.ts";

const CLOSE_MS = 10_000;
/** How long handlers have to end once they are aborted, and how long then the last word to the server may take. */
const GRACE_MS = 1000, LAST_WORD_MS = 1000;
/** The most jobs that a TAKE may ask for. */
const MOST_TAKEN = 100;
/** The commands of `WorkClient`. */
const COMMANDS = ["TAKE", "DONE", "FAIL", "EXTEND", "RELEASE"] as const;

/**
 * Does the jobs of one queue or several: takes them in batches, as many as it has room for, keeps their leases while the
 * handler runs, and says `DONE` or `FAIL` by its outcome, again and again where the connection is lost, under the
 * attempt's number, so that it never ends the job of another worker. Where nothing can be taken for a while (no
 * connection, `read-only`, `busy`, `draining`), it tries again after pauses that grow up to 10 s.
 *
 * Throws `TypeError` for a client without the commands of the queue's protocol, and for options that there are not or
 * that are of another type; `RangeError` for numbers that cannot be. `queue` has typed payloads instead of bodies.
 *
 * @example
 * ```ts
 * import { connect, JobFailure, work } from "@lineup/lineup/client";
 * import { openQueue, queueProtocol } from "@lineup/lineup/queue";
 * import { serve } from "@lineup/lineup/server";
 * import { assertEquals } from "@std/assert";
 *
 * await using queue = await openQueue();
 * await using server = await serve(queueProtocol, queue.handlers, { port: 0 });
 * await using client = await connect(queueProtocol, server.address);
 * const { id } = await client.PUT({ queue: "sums", body: "6 * 7" });
 * const result = client.WAIT({ id });
 *
 * await using worker = work(client, "sums", (job, { signal }) => {
 *   signal.throwIfAborted();
 *   const [, a, b] = /^(\d+) \* (\d+)$/.exec(job.text()) ?? [];
 *   if (b === undefined) throw new JobFailure("this is no product", { dead: true });
 *   return String(Number(a) * Number(b));
 * }, { concurrency: 10 });
 *
 * assertEquals(new TextDecoder().decode((await result).body), "42");
 * await worker.close();
 * assertEquals([worker.counts.taken, worker.counts.done], [1, 1]);
 * ```
 */
export function work(
  client: WorkClient,
  queues: string | readonly string[],
  handler: JobHandler,
  options: WorkOptions = {},
): Worker {
  needCommands("work", client, COMMANDS);
  needWorkOptions(options);
  if (typeof handler !== "function") {
    throw new TypeError(`the handler of work must be a function, not ${typeof handler}`);
  }
  const { concurrency = 1, prefetch = 0, lease, most = Infinity, untilEmpty = false } = options;
  const { clock = systemClock, random = Math.random, onEvent, grace = GRACE_MS } = options;
  within("concurrency", concurrency, 1);
  within("prefetch", prefetch, 0);
  within("grace", grace, 0);
  if (lease !== undefined) within("lease", lease, 1);
  if (most !== Infinity) within("most", most, 1);
  const names = typeof queues === "string" ? [queues] : Array.isArray(queues) ? [...queues] : [];
  if (names.length === 0 || names.some((name) => typeof name !== "string")) {
    throw new RangeError("work needs the name of a queue, or an array of names");
  }

  const holding: Holding = { client, clock, random, lease };
  const counts = { taken: 0, done: 0, failed: 0, dead: 0, released: 0, lost: 0 };
  const waiting = new Set<HeldJob>();
  const running = new Set<HeldJob>();
  /** Those whose end is being told. */
  const telling = new Set<HeldJob>();
  let closing = false, interrupted = false;
  /** Whatever the loop of TAKEs waits for may have come. */
  let changed = (): void => {};

  const next = (): Promise<void> => new Promise((resolve) => changed = resolve);
  const emit = (event: WorkEvent): void => guarded(onEvent, event);

  function count(job: TakenJob, told: SettleResult): void {
    if (told.type === "failed" && told.state === "dead") counts.dead++;
    else counts[told.type]++;
    emit({ ...told, job });
  }

  async function settle(held: HeldJob, ending: JobOutcome): Promise<void> {
    telling.add(held);
    count(held.job, await held.tell(ending));
    telling.delete(held);
    changed();
  }

  async function run(held: HeldJob): Promise<void> {
    running.add(held);
    const { signal } = held.handling;
    const ending = await outcome(held.job, { signal });
    // Else it was given back meanwhile, or is lost.
    if (!running.delete(held)) return;
    begin();
    // An outcome that the handler has chosen holds.
    const isCut = interrupted && ending.type === "failed" &&
      !(ending.error instanceof JobFailure);
    await settle(held, isCut ? { type: "released", delay: 0 } : ending);
  }

  async function outcome(job: TakenJob, context: JobContext): Promise<JobOutcome> {
    try {
      return { type: "done", body: toBody(await handler(job, context)) };
    } catch (thrown) {
      const error = asError(thrown);
      const delay = error instanceof JobFailure ? error.release : undefined;
      return delay === undefined ? { type: "failed", error } : { type: "released", delay };
    }
  }

  /** Begins those that wait, as far as there is room. */
  function begin(): void {
    for (const held of waiting) {
      if (closing || running.size >= concurrency) break;
      waiting.delete(held);
      run(held);
    }
    changed();
  }

  function accept(item: TakenItem): void {
    const job = new ReadableJob(item);
    counts.taken++;
    if (job.lease <= TOO_LATE_MS) {
      const error = new LeaseLost(
        `a lease of ${job.lease} ms is over before anything can be done; take it with a longer one`,
      );
      return count(job, { type: "lost", error });
    }
    const held: HeldJob = new HeldJob(job, holding, () => {
      // One whose end is being told is counted there.
      if (!waiting.delete(held) && !running.delete(held)) return;
      count(job, { type: "lost", error: held.lost! });
      begin();
    });
    if (closing) settle(held, { type: "released", delay: 0 });
    else {
      waiting.add(held);
      begin();
    }
  }

  /** How many jobs to ask for; `undefined` for none any more. */
  function room(): number | undefined {
    if (closing || counts.taken >= most) return undefined;
    // While outcomes cannot be told, no more jobs are taken.
    if (telling.size > concurrency + prefetch) return 0;
    // A few large TAKEs, not many small ones.
    if (waiting.size * 2 > prefetch) return 0;
    const free = concurrency + prefetch - running.size - waiting.size;
    return Math.min(free, most - counts.taken, MOST_TAKEN);
  }

  const isIdle = (): boolean => running.size + waiting.size + telling.size === 0;

  function giveBack(all: Set<HeldJob>): void {
    for (const held of all) {
      all.delete(held);
      settle(held, { type: "released", delay: 0 });
    }
  }

  /** Waits no longer: aborts the handlers, gives their jobs back after `grace`, and at last stops telling outcomes. */
  function interrupt(): void {
    if (interrupted || ended) return;
    interrupted = true;
    takes.cancel();
    const reason = new DOMException("the worker closes, and waits no longer", "AbortError");
    for (const { handling } of running) handling.abort(reason);
    clearTimer = clock.after(grace, () => {
      giveBack(running);
      clearTimer = clock.after(LAST_WORD_MS, () => {
        const error = new ConnectionLost("the worker closed before it could tell", "maybe");
        for (const held of telling) held.lose(error);
      });
    });
  }

  let ended = false;
  let clearTimer = (): void => {};
  const cuts: (() => void)[] = [];

  function drain(): void {
    if (closing) return;
    closing = true;
    takes.stop();
    giveBack(waiting);
    changed();
  }

  function close(within: number = CLOSE_MS): Promise<void> {
    if (!ended) {
      drain();
      if (within <= 0) interrupt();
      else if (within !== Infinity) cuts.push(clock.after(within, interrupt));
    }
    return finished.catch(() => {});
  }

  const takes = createTakeLoop(
    { client, queues: names, lease, untilEmpty, clock, random },
    {
      counts,
      room,
      accept,
      isIdle,
      isClosing: () => closing,
      changed: next,
      wake: () => changed(),
      emit,
    },
  );
  const finished = (async () => {
    try {
      await takes.run();
    } catch (error) {
      close();
      throw error;
    } finally {
      while (!isIdle()) await next();
      ended = true;
      clearTimer();
      for (const stop of cuts) stop();
    }
  })();

  return { counts, finished, close, [Symbol.asyncDispose]: () => close() };
}

function within(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new RangeError(`${name} must be an integer of at least ${least}, not ${value}`);
}

function toBody(value: unknown): Uint8Array | string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string" || value instanceof Uint8Array) return value;
  return JSON.stringify(value);
}
