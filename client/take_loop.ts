// The TAKEs of a worker: one after another, with pauses where they come to nothing.

import type { Clock } from "../scheduling/clock.ts";
import { asError } from "./errors.ts";
import { mayPass, pauseAfter } from "./held_job.ts";
import type { TakenItem, TakenJobs, WorkClient, WorkCounts, WorkEvent } from "./jobs.ts";
import { backoff } from "./retry.ts";

/** How long a TAKE waits for a job, and how much longer its answer may take. */
const WAIT_MS = 30_000, ANSWER_MS = 10_000;
const CAP_MS = 10_000;
/** An answer without a job that comes sooner than this is followed by a pause, of at least `BASE_MS`. */
const EARLY_MS = 1000, BASE_MS = 50;

/** How to take. */
export interface TakeOptions {
  readonly client: WorkClient;
  readonly queues: readonly string[];
  /** How long leases are, in ms; `undefined` leaves that to PUT. */
  readonly lease: number | undefined;
  /** Ends once no job is ready and none runs. */
  readonly untilEmpty: boolean;
  readonly clock: Clock;
  readonly random: () => number;
}

/** The worker as its TAKEs see it. */
export interface TakeOwner {
  readonly counts: WorkCounts;
  /** How many jobs to ask for; `undefined` for no TAKE ever again. */
  room(): number | undefined;
  accept(job: TakenItem): void;
  /** Whether no job is held. */
  isIdle(): boolean;
  isClosing(): boolean;
  /** Resolves when `room` or any other answer may have changed. */
  changed(): Promise<void>;
  /** Resolves `changed`. */
  wake(): void;
  emit(event: WorkEvent): void;
}

/** The TAKEs of a worker. */
export interface TakeLoop {
  /** Resolves at the end. Rejects where no job can be taken any more. */
  run(): Promise<void>;
  /** Asks the server to answer now; jobs that it has given come still. */
  stop(): void;
  /** Gives the TAKE up. */
  cancel(): void;
}

/** The TAKEs of a worker; none is sent before `run`. */
export function createTakeLoop(options: TakeOptions, owner: TakeOwner): TakeLoop {
  const { client, queues: queue, lease, untilEmpty, clock, random } = options;
  const { counts } = owner;
  let taking: TakenJobs | undefined;

  const settledJobs = (): number => counts.done + counts.failed + counts.dead + counts.released;

  /** Ends early where the worker closes. */
  async function pause(ms: number): Promise<void> {
    let over = false;
    const stop = clock.after(ms, () => {
      over = true;
      owner.wake();
    });
    while (!over && !owner.isClosing()) await owner.changed();
    stop();
  }

  async function run(): Promise<void> {
    let failures = 0;
    /** TAKEs in a row that came to nothing: no job in no time, or none whose lease could be kept. */
    let misses = 0;
    let lost = 0, settled = 0;
    for (let max; (max = owner.room()) !== undefined;) {
      if (max <= 0) {
        await owner.changed();
        continue;
      }
      if (settledJobs() > settled) misses = 0;
      else if (counts.lost > lost) misses++;
      lost = counts.lost;
      settled = settledJobs();
      if (misses > 0) {
        await pause(Math.max(BASE_MS, backoff(misses, BASE_MS, CAP_MS, random())));
        if (owner.isClosing()) break;
      }
      const before = counts.taken;
      const askedAt = clock.now();
      try {
        const wait = untilEmpty ? 0 : WAIT_MS;
        taking = client.TAKE({ queue, max, lease, wait }, { within: wait + ANSWER_MS });
        for await (const job of taking) owner.accept(job);
        failures = 0;
      } catch (thrown) {
        const error = asError(thrown);
        if (owner.isClosing()) break;
        if (client.closed || !mayPass(error)) throw error;
        const ms = Math.ceil(pauseAfter(error, failures++, CAP_MS, random));
        owner.emit({ type: "trouble", error, ms });
        await pause(ms);
        continue;
      } finally {
        taking = undefined;
      }
      if (counts.taken > before) continue;
      if (!untilEmpty) misses = clock.now() - askedAt < EARLY_MS ? misses + 1 : 0;
      else if (owner.isIdle()) break;
      else await owner.changed();
    }
  }

  return { run, stop: () => taking?.stop(), cancel: () => taking?.cancel() };
}
