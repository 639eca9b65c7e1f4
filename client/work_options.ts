// How a worker is told to work.

import type { Clock } from "../scheduling/clock.ts";
import type { TakenJob, WorkCounts, WorkEvent } from "./jobs.ts";

/** The second argument of a handler. */
export interface JobContext {
  /**
   * Aborted where the job is no longer this worker's (`LeaseLost`), and where the worker closes and does not wait any
   * longer: stop then, because the outcome no longer counts.
   */
  readonly signal: AbortSignal;
}

/**
 * Does a job. Its return value is the job's result, which is kept if PUT said `result=keep`: text and bytes as they
 * are, anything else but `undefined` and `null` as JSON. An exception is a failure; see `JobFailure`.
 */
export type JobHandler = (job: TakenJob, context: JobContext) => unknown;

/** How to work. */
export interface WorkOptions {
  /** How many jobs at a time. Default 1. */
  concurrency?: number;
  /**
   * How many more are taken ahead, so that short jobs need not wait for the next TAKE. Other workers do not get these meanwhile.
   * Default 0.
   */
  prefetch?: number;
  /** How long leases are, in milliseconds; they are extended at half of it. Default: `lease=` of PUT. */
  lease?: number;
  /** Ends by itself once so many jobs were taken and are settled. Default: never. */
  most?: number;
  /** Ends by itself once no job is ready and none runs. Default false. */
  untilEmpty?: boolean;
  /**
   * How long handlers have to end, in milliseconds, once the worker closes and does not wait any longer; then their jobs
   * are given back. Default 1000.
   */
  grace?: number;
  /** Is told each event. */
  onEvent?: (event: WorkEvent) => void;
  /** The time. Default: that of the machine. */
  clock?: Clock;
  /** Numbers from 0 to 1, 1 excluded. Default: `Math.random`. */
  random?: () => number;
}

/** A worker that works. `await using` closes it. */
export interface Worker extends AsyncDisposable {
  /** The outcomes of its jobs so far. */
  readonly counts: WorkCounts;
  /**
   * Resolves once it has ended and all jobs are settled. Rejects where no job can be taken any more: the client is closed
   * (`ConnectionLost`), or the server refuses for good (`Refusal`). Not to look at it is to have that as an unhandled
   * rejection.
   */
  readonly finished: Promise<void>;
  /**
   * Takes no more jobs, gives back those that were not begun, and lets the others end, for `within` milliseconds at most
   * (default 10000; `Infinity` for as long as they take). Then their signals are aborted and they are given back too,
   * whether they end or not, which takes up to `grace` and a second. May be called again, with less time.
   */
  close(within?: number): Promise<void>;
}
