// The interface of an engine that has a part of all jobs, for the engine that puts the parts together.

import type { KeyChoice } from "../patterns.ts";
import type { Claim, DeliveredJob, TakeRequest } from "./engine.ts";
import type { RankedEngine } from "./ranked_engine.ts";

/** The job of a queue that would be taken next. */
export interface NextJob {
  /** Its number. */
  readonly id: number;
  /** Its rank; `NO_RANK` for none. */
  readonly rank: number;
  /** When it became ready, in ms since the Unix epoch. */
  readonly readyAt: number;
  /** The length of its body in bytes. */
  readonly size: number;
  /** The share of its queue beside the other queues of a TAKE. */
  readonly weight: number;
}

/** A request that waits for a job. */
export interface Offer {
  /** Resolves with its jobs, or with `undefined` when its time is over. Rejects when there will be none. */
  readonly jobs: Promise<readonly DeliveredJob[] | undefined>;
  /** It waits no longer, and jobs that it has are ready again. */
  leave(): void;
}

/** Some jobs of connections that have ended. */
export interface EndedHold {
  /** The number of a job. */
  readonly id: number;
  /** The attempt whose lease ends. */
  readonly attempt: number;
}

/** An engine with a part of all jobs. */
export interface ShardEngine extends RankedEngine {
  /** The job of a queue that would be taken next, of these keys if there are any. */
  next(queue: string, keys?: KeyChoice): NextJob | undefined;
  /**
   * Waits up to `time` ms for a job, beside other engines. Call it in the turn in which `next` tells none. `onServed` is
   * called at once when there is one, so that no other engine gives any. Throws `busy` or `read-only`.
   */
  offer(request: TakeRequest, time: number, onServed: () => void): Offer;
  /** Throws `not-found` or `not-taken` unless the client has taken all of these jobs. */
  needTaken(ids: readonly number[], claim: Claim): void;
  /** Leases end whose connections to other servers have ended. */
  endHolds(jobs: readonly EndedHold[]): void;
}
