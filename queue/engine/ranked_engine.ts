// The interface that the handlers of beanstalkd's dialect call, beside that of every engine.

import type { Counts } from "../index/queue.ts";
import type { Right } from "../rights.ts";
import type { JobHistory } from "../index/job_page.ts";
import type { StoredJob } from "../store/job_fields.ts";
import type { Caller, QueueClient } from "./caller.ts";
import type { DeliveredJob, Engine, TakeRequest } from "./engine.ts";

/** The jobs of a queue, or of one of its keys. */
export interface JobScope {
  /** The name of the queue. */
  readonly queue: string;
  /** Default: all keys. */
  readonly key?: string;
}

/** A job and its body. */
export interface JobWithBody {
  /** The job. */
  readonly job: StoredJob;
  /** Its body. */
  readonly body: Uint8Array;
}

/** How many jobs there are. */
export interface ScopeCounts extends Readonly<Counts> {
  /** How many of the ready jobs are urgent: their rank is below 1024. */
  readonly urgent: number;
}

/** An engine whose clients know ranks, and look at jobs by their state. */
export interface RankedEngine extends Engine {
  /**
   * Takes one job that is ready, delayed or dead, whatever its turn. Its lease ends with the connection. Rejects with
   * `not-found`, or `not-taken` if another has it or it is done.
   */
  takeJob(id: number, client: QueueClient): Promise<DeliveredJob>;
  /** When the first lease ends that also ends with the connection of a client; Infinity for none. */
  leaseEnd(client: QueueClient): number;
  /** A job, and what has happened to it if it has a rank. Throws `not-found`. */
  describe(
    id: number,
  ): { readonly job: StoredJob; readonly history: Readonly<JobHistory> | undefined };
  /** The ready job that is next, the delayed job that is due first, or the job that has been dead for longest. */
  first(scope: JobScope, state: "ready" | "delayed" | "dead"): Promise<JobWithBody | undefined>;
  /** Makes a job that is dead or delayed ready. Rejects with `not-found`, or `not-dead` if it is in another state. */
  wake(id: number): Promise<void>;
  /** Makes dead jobs ready, the first dead first; if there are none, delayed ones. Resolves with how many: at most `most`. */
  wakeFirst(scope: JobScope, most: number, caller: Caller): Promise<number>;
  /** Gives out no job of this scope for so many ms; 0 ends that. It is not stored. Throws `busy`. */
  pauseFor(scope: JobScope, ms: number): void;
  /** How many jobs there are in all; in a scope, if there is one. */
  counts(scope?: JobScope): ScopeCounts;
  /** The keys of a queue that have jobs or limits. */
  keysOf(queue: string): Iterable<string>;
  /** Whether the client of this engine has a right to all jobs of a scope. */
  may(right: Right, scope: JobScope): boolean;
  /** Whether a `take` would find a job at once. */
  hasJobFor(request: TakeRequest): boolean;
  /** How many jobs were put, and how many leases ran out, since the start. */
  totals(): { readonly jobs: number; readonly timeouts: number };
}
