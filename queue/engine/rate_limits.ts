// The limits of queues and keys, and the rates that hold them back.

import type { LeakyBucket } from "../../scheduling/gcra.ts";
import { Deadlines, ownTimes } from "../index/deadlines.ts";
import type { Job } from "../index/job.ts";
import type { LimitedJobs } from "../index/jobs.ts";
import type { QueueView } from "../index/queue.ts";
import { RateState } from "../index/rate_state.ts";
import type { Yield } from "../index/job_slice.ts";
import { BYTES, type Memory } from "../memory.ts";
import type { JournalWriter } from "../store/journal.ts";
import type { QueueLimits } from "../store/store.ts";
import type { QueueClock } from "./queue_clock.ts";

/** The parts that the limits work with. */
interface RateLimitParts {
  readonly jobs: LimitedJobs;
  readonly journal: JournalWriter<"limits">;
  readonly clock: QueueClock;
  readonly memory: Memory;
  readonly yield: Yield;
  /** Gets queues whose jobs are no longer held back. */
  readonly onFree: (queues: Iterable<QueueView>) => void;
}

/** The limits of all queues and keys. */
export class RateLimits {
  /** How many queues and keys have limits. */
  size = 0;
  readonly #parts: RateLimitParts;
  /** The limits whose rate holds jobs back. */
  readonly #held: Deadlines<RateState>;
  readonly #debts = new LiftedDebts();

  /** Starts without limits. */
  constructor(parts: RateLimitParts) {
    this.#parts = parts;
    this.#held = new Deadlines<RateState>(
      parts.clock,
      ownTimes,
      parts.yield,
      (states) => this.#release(states),
    );
  }

  /** Sets the limits of a queue or key. Resolves once they are stored. */
  set(limits: QueueLimits): Promise<void> {
    const stored = this.load(limits);
    return this.#parts.journal.write({ kind: "limits", limits: stored });
  }

  /** Sets limits that the store has. Returns them as they are stored. */
  load(limits: QueueLimits): QueueLimits {
    const { jobs, clock, memory, onFree } = this.#parts;
    const now = clock.now();
    const queue = jobs.queue(limits.queue);
    const key = limits.key === "" ? undefined : queue.key(limits.key);
    const owner = key ?? queue;
    const hadLimits = owner.limits !== undefined;
    const state = owner.limits ??= new RateState(
      limits.queue,
      limits.key,
      this.#debts.take(limits),
    );
    if (state.place !== -1) this.#held.remove(state);
    if (state.set(limits, now)) this.#held.add(state);
    if (!state.hasLimits) {
      owner.limits = undefined;
      this.#debts.keep(state, now);
    }
    const more = Number(owner.limits !== undefined) - Number(hadLimits);
    this.size += more;
    memory.kept += more * BYTES.limits;
    if (key !== undefined) queue.updateLimits(key, hadLimits);
    onFree([queue]);
    jobs.forget(queue);
    return state.stored(now);
  }

  /** Counts a job that is taken. */
  spend(job: Job): void {
    if (job.queue.limits === undefined && job.keyState.limits === undefined) return;
    const keyState = this.#parts.jobs.keyOf(job);
    const { queue } = keyState;
    const now = this.#parts.clock.now();
    if (queue.limits !== undefined) this.#spend(queue.limits, now);
    if (keyState.limits === undefined) return;
    this.#spend(keyState.limits, now);
    queue.updateBlocked(keyState);
  }

  /** Takes back a job that was counted. */
  refund(job: Job): void {
    const keyState = this.#parts.jobs.keyOf(job);
    const { queue } = keyState;
    const now = this.#parts.clock.now();
    for (const state of [queue.limits, keyState.limits]) {
      if (state === undefined || state.bucket.rate === 0) continue;
      if (state.place !== -1) this.#held.remove(state);
      if (state.refund(now)) this.#held.add(state);
      this.#storeSlow(state, now);
    }
    if (keyState.limits !== undefined) queue.updateBlocked(keyState);
  }

  /** Stops: no rate lets a job go any more. */
  stop(): void {
    this.#held.stop();
  }

  #spend(state: RateState, now: number): void {
    if (state.spend(now)) this.#held.add(state);
    this.#storeSlow(state, now);
  }

  #storeSlow(state: RateState, now: number): void {
    if (state.isSlow) this.#parts.journal.write({ kind: "limits", limits: state.stored(now) });
  }

  /** The rates of these limits let a job go again. */
  #release(states: Iterable<RateState>): void {
    const queues = new Set<QueueView>();
    for (const { limits } of states) {
      if (!this.#parts.jobs.queues.has(limits.queue)) continue;
      const queue = this.#parts.jobs.queue(limits.queue);
      const key = limits.key === "" ? undefined : queue.find(limits.key);
      if (key !== undefined) queue.updateBlocked(key);
      queues.add(queue);
    }
    this.#parts.onFree(queues);
  }
}

/** How many debts are remembered. */
const MOST = 1_000;

/**
 * The debts at rates that were lifted: to lift a rate and set it again earns no second burst. The latest are remembered
 * until they are paid.
 */
class LiftedDebts {
  readonly #all = new Map<string, LeakyBucket>();

  /** The limits of a queue or key are lifted. */
  keep({ limits, bucket }: RateState, now: number): void {
    if (bucket.emptyAt(now) <= now) return;
    for (const [name, oldest] of this.#all) {
      if (this.#all.size < MOST && oldest.emptyAt(now) > now) break;
      this.#all.delete(name);
    }
    this.#all.set(nameOf(limits), bucket);
  }

  /** Removes the debt of a queue or key that has limits again; `undefined` if it has none. */
  take(limits: QueueLimits): LeakyBucket | undefined {
    const name = nameOf(limits);
    const bucket = this.#all.get(name);
    this.#all.delete(name);
    return bucket;
  }
}

function nameOf({ queue, key }: QueueLimits): string {
  return JSON.stringify([queue, key]);
}
