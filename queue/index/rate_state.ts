import { LeakyBucket } from "../../scheduling/gcra.ts";
import { hasLimits, noLimits } from "../queue_limits.ts";
import type { QueueLimits } from "../store/store.ts";
import type { Due } from "./deadlines.ts";

/** How many seconds of a rate may be taken at once: a timer that is late by less costs none of the rate. */
const BURST_SECONDS = 0.1;
/** Above this rate a debt is paid within a moment, and a restart may forget it. */
const SLOW = 10;

/** A bucket without debt. */
function newBucket(): LeakyBucket {
  return new LeakyBucket(BURST_SECONDS);
}

/** The limits of a queue or key as every module sees them that may not change them. */
export type RateStateView = Readonly<Pick<RateState, "limits" | "blockReason">>;

/** The limits of a queue or of one of its keys, and whether its rate holds it back. */
export class RateState implements Due {
  place = -1;
  /** When the rate lets the next job go. */
  due = 0;
  limits: QueueLimits;
  /** The jobs that were taken and that the rate has not paid for. */
  readonly bucket: LeakyBucket;

  constructor(queue: string, key: string, bucket: LeakyBucket = newBucket()) {
    this.limits = noLimits(queue, key);
    this.bucket = bucket;
  }

  /** Whether there is any limit. */
  get hasLimits(): boolean {
    return hasLimits(this.limits);
  }

  /** Sets other limits. Returns whether none may be taken before `due`. */
  set({ paid, ...limits }: QueueLimits, now: number): boolean {
    if (limits.rate !== this.bucket.rate) this.bucket.setRate(limits.rate, now);
    if (paid !== undefined) this.bucket.restore(paid, now);
    this.limits = limits;
    return this.#mustWait(now);
  }

  /** The limits as they are stored. */
  stored(now: number): QueueLimits {
    const { limits } = this;
    if (!this.isSlow) return limits;
    const paid = this.bucket.emptyAt(now);
    return paid > now ? { ...limits, paid } : limits;
  }

  /** Whether the debt must outlast a restart. */
  get isSlow(): boolean {
    return this.limits.rate > 0 && this.limits.rate < SLOW;
  }

  /** Whether none may be taken now that so many are. */
  blocks(taken: number): boolean {
    const { paused, running } = this.limits;
    return paused || this.place !== -1 || (running > 0 && taken >= running);
  }

  /** Why none may be taken now that so many are; `undefined` if one may. */
  blockReason(taken: number): "paused" | "running" | "rate" | undefined {
    const { paused, running } = this.limits;
    if (paused) return "paused";
    if (running > 0 && taken >= running) return "running";
    return this.place !== -1 ? "rate" : undefined;
  }

  /** Counts a job that is taken. Returns whether none may follow before `due`. */
  spend(now: number): boolean {
    if (this.bucket.rate === 0) return false;
    this.bucket.spend(now);
    return this.#mustWait(now);
  }

  /** Takes back a job that was counted. Returns whether none may be taken before `due` all the same. */
  refund(now: number): boolean {
    this.bucket.refund(now);
    return this.#mustWait(now);
  }

  #mustWait(now: number): boolean {
    const wait = this.bucket.wait(now);
    this.due = now + wait;
    return wait > 0;
  }
}
