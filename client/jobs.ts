// The interface between a worker and its queue: jobs, calls, and the ways in which a job can end.

import type { CallOptions } from "./client.ts";

/** A job as TAKE gives it. */
export interface TakenItem {
  /** Its number. */
  readonly id: number;
  /** The queue that it is from. */
  readonly queue: string;
  /** The key of the job, if PUT gave one. */
  readonly key?: string;
  /** How often it was taken, this included. */
  readonly attempt: number;
  /** How long the lease was at first, in milliseconds. */
  readonly lease: number;
  /** The W3C traceparent of its PUT, if that had one. */
  readonly trace?: string;
  /** The job itself. */
  readonly body: Uint8Array;
}

/** A job in the hands of a worker. */
export interface TakenJob extends TakenItem {
  /** The body as text. Throws `JobFailure`, which makes the job dead, where it is not UTF-8. */
  text(): string;
  /** The value of a body that is JSON. Throws `JobFailure`, which makes the job dead, where it is not. */
  // deno-lint-ignore no-explicit-any
  json(): any;
}

/** The answer to a TAKE while it comes; `Items` is one. */
export interface TakenJobs extends AsyncIterable<TakenItem> {
  /** Asks the server to answer now; jobs that it has given come still. */
  stop(): void;
  /** Gives the request up. */
  cancel(): void;
}

/** The calls of a client that a worker makes: a client of `queueProtocol`, or of any protocol that has these commands. */
export interface WorkClient {
  /** Whether it can make no calls any more. */
  readonly closed: boolean;
  /** Takes jobs. */
  TAKE(
    args: { queue: readonly string[]; wait?: number; lease?: number; max?: number },
    options?: CallOptions,
  ): TakenJobs;
  /** A job is done. */
  DONE(
    args: { id: readonly number[]; body?: Uint8Array | string; attempt?: number },
    options?: CallOptions,
  ): Promise<unknown>;
  /** A job failed. */
  FAIL(
    args: {
      id: readonly number[];
      reason?: string;
      retry?: number;
      dead?: boolean;
      attempt?: number;
    },
    options?: CallOptions,
  ): Promise<{ state?: "delayed" | "ready" | "dead" }>;
  /** A lease begins anew. */
  EXTEND(
    args: { id: number; lease?: number; attempt?: number },
    options?: CallOptions,
  ): Promise<{ lease: number }>;
  /** A job goes back. */
  RELEASE(
    args: { id: number; delay?: number; attempt?: number },
    options?: CallOptions,
  ): Promise<unknown>;
}

/** The next step for a job that a handler did not do; give at most one of them. */
export interface JobFailureOptions extends ErrorOptions {
  /** Milliseconds before the next attempt. Default: `backoff=` of PUT. */
  retry?: number;
  /** No further attempt: the job is dead, and stays to be looked at. */
  dead?: boolean;
  /** The job goes back in so many milliseconds, and this attempt does not count. */
  release?: number;
}

/**
 * Thrown by a handler to choose the next step for its job; any other error is a failure too, tried again as PUT
 * said. The message is the reason that JOB and LIST show.
 *
 * @example
 * ```ts
 * import { JobFailure } from "@lineup/lineup/client";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const failure = new JobFailure("no such mailbox", { dead: true });
 * assertEquals([failure.message, failure.dead, failure.retry], ["no such mailbox", true, undefined]);
 * assertThrows(() => new JobFailure("later", { dead: true, retry: 500 }), TypeError);
 * ```
 */
export class JobFailure extends Error {
  /** The name of the class. */
  override readonly name = "JobFailure";
  /** Milliseconds before the next attempt. */
  readonly retry: number | undefined;
  /** Whether there is no further attempt. */
  readonly dead: boolean;
  /** Milliseconds in which the job goes back, the attempt not counted. */
  readonly release: number | undefined;

  /** A failure for this reason. Throws `TypeError` where the options contradict each other. */
  constructor(reason: string, options: JobFailureOptions = {}) {
    const { retry, dead = false, release } = options;
    super(reason, options);
    if (Number(dead) + Number(retry !== undefined) + Number(release !== undefined) > 1) {
      throw new TypeError("give one of retry, dead and release");
    }
    for (const [name, ms] of Object.entries({ retry, release })) {
      if (ms !== undefined && !(ms >= 0 && ms < Infinity)) {
        throw new TypeError(`${name} must be a number of milliseconds, not ${ms}`);
      }
    }
    this.retry = retry;
    this.dead = dead;
    this.release = release;
  }
}

/** The reason of a handler's signal where the job is no longer this worker's: its lease ran out, or it was dropped. */
export class LeaseLost extends Error {
  /** The name of the class. */
  override readonly name = "LeaseLost";
}

/** An event of a worker and its jobs. */
export type WorkEvent =
  | { readonly type: "done"; readonly job: TakenJob }
  /** It is tried again, unless its `state` is now dead. */
  | {
    readonly type: "failed";
    readonly job: TakenJob;
    readonly error: Error;
    readonly state: "delayed" | "ready" | "dead" | undefined;
  }
  /** It went back, the attempt not counted. */
  | { readonly type: "released"; readonly job: TakenJob }
  /** Its lease is lost, or its outcome could not be told. */
  | { readonly type: "lost"; readonly job: TakenJob; readonly error: Error }
  /** No jobs can be taken; it is tried again in `ms`. */
  | { readonly type: "trouble"; readonly error: Error; readonly ms: number };

/** The outcomes of the jobs of a worker. */
export interface WorkCounts {
  /** Jobs taken. */
  readonly taken: number;
  /** Those that are done. */
  readonly done: number;
  /** Those that failed and are tried again. */
  readonly failed: number;
  /** Those that failed and are dead. */
  readonly dead: number;
  /** Those that went back. */
  readonly released: number;
  /** Those whose leases were lost. */
  readonly lost: number;
}
