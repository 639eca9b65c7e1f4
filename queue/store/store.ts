// The interface of a store, which memory and SQLite implement, and what it keeps beside jobs.

import type { JobOptions, JobProgress, StoredJob } from "./job_fields.ts";
import type { NewJob } from "./job_values.ts";

/** The limits of a queue or of one of its keys; 0 is no limit. */
export interface QueueLimits {
  /** The queue's name. */
  readonly queue: string;
  /** The key; empty for the queue itself. */
  readonly key: string;
  /** Whether none of its jobs is given out. */
  readonly paused: boolean;
  /** How many of its jobs may be taken at a time. */
  readonly running: number;
  /** How many of its jobs may be taken in a second. */
  readonly rate: number;
  /** Its share beside the other keys of the queue, or the other queues of a TAKE; 0 is as 1. */
  readonly weight: number;
  /** How many jobs it may have that are delayed, ready or taken. */
  readonly depth: number;
  /** When its rate has made up for all jobs that were taken, in ms since the Unix epoch. Absent where that is soon. */
  readonly paid?: number;
}

/** A job that is put again and again, at times or intervals, without its body. */
export interface StoredSchedule extends JobOptions {
  /** A name that no other schedule has. */
  readonly name: string;
  /** Its times, as a cron expression; empty where it has an interval. */
  readonly cron: string;
  /** The time zone of the cron expression, an IANA name. */
  readonly zone: string;
  /** The time between two jobs, in ms; 0 where it has a cron expression. */
  readonly interval: number;
  /** When the next job is put, in ms since the Unix epoch; while it is paused it says nothing. */
  readonly next: number;
  /** Each job expires so long after it was put, in ms; 0 is never. */
  readonly expires: number;
  /** Whether it puts no job until it goes on. */
  readonly paused: boolean;
  /** The length of its body in bytes. */
  readonly size: number;
}

/** A schedule with its body. */
export interface Schedule extends Omit<StoredSchedule, "size"> {
  /** The body of each job. */
  readonly body: Uint8Array;
}

/** A moment on the two clocks of a queue. */
export interface Moment {
  /** The queue's time, in ms: that of jobs, and of schedules with an interval. */
  readonly now: number;
  /** The time of day, in ms since the Unix epoch. */
  readonly wall: number;
}

/** A change of a job, of limits or of a schedule. */
export type Change =
  /** A new job. Its number is above those of all jobs before it. */
  | { readonly kind: "put"; readonly job: StoredJob; readonly body: Uint8Array }
  /** A job has other progress. */
  | { readonly kind: "move"; readonly id: number; readonly progress: JobProgress }
  /** A job is done. Its result takes the place of its body. */
  | {
    readonly kind: "finish";
    readonly id: number;
    readonly progress: JobProgress;
    readonly result: Uint8Array;
  }
  /** A job is removed. */
  | { readonly kind: "drop"; readonly id: number }
  /** A queue or key has other limits. A store keeps none that limit nothing. */
  | { readonly kind: "limits"; readonly limits: QueueLimits }
  /** A schedule is new, or replaces that of its name. */
  | { readonly kind: "schedule"; readonly schedule: Schedule }
  /** A schedule has put a job, is paused or goes on; the next job has another time. */
  | {
    readonly kind: "reschedule";
    readonly name: string;
    readonly next: number;
    readonly paused: boolean;
  }
  /** A schedule is removed. */
  | { readonly kind: "unschedule"; readonly name: string };

/** How much room a store has. */
export interface Room {
  /** How many bytes the store takes. */
  readonly used: number;
  /** How many bytes of new jobs fit, beside the bytes that it may take to make room. */
  readonly left: number;
  /**
   * How many bytes of progress and limits fit: a job is taken, a reason is kept, a limit is set. The bytes that it takes to
   * remove jobs are kept beside them. Default: no bound.
   */
  readonly rows?: number;
}

/**
 * A store has no room for changes, and has made none of them. A `commit` rejects with it to be called again without the new
 * jobs, so that the other changes can be made.
 */
export class StoreFull extends Error {
  /** The name of the class. */
  override readonly name = "StoreFull";
}

/**
 * The store belongs to another server now. A `commit` that rejects with it has changed nothing, and neither will any later
 * one: what memory holds is out of date, and is dropped.
 */
export class StoreLost extends Error {
  /** The name of the class. */
  override readonly name = "StoreLost";
}

/**
 * The store cannot be reached for now. `bodies` and `scheduleBodies` reject with it where all is as it was and can be read
 * later: no job is at fault.
 */
export class StoreUnreachable extends Error {
  /** The name of the class. */
  override readonly name = "StoreUnreachable";
}

/** A job that another program has put into a store. Its body is known as this object, and as no other with the same bytes. */
export type InboxJob = NewJob;

/**
 * Jobs that other programs have put into a store. One leaves the inbox in the `commit` that puts a job with its body: so it
 * becomes one job, and no more.
 */
export interface Inbox {
  /** The next jobs that are not on their way, in the order in which they were put. They are on their way then. */
  next(most: number): Promise<readonly InboxJob[]>;
  /** Removes jobs that no commit has put, because they are of no use. */
  refuse(jobs: readonly InboxJob[]): Promise<void>;
  /** Jobs are not on their way any more: `next` has them again. */
  putBack(jobs: readonly InboxJob[]): void;
  /** Calls `onNews` when there are jobs: soon for those of now, and within seconds for those that come. */
  listen(onNews: () => void): void;
}

/** Whether a store that several servers can reach still belongs to this one. */
export interface Ownership {
  /**
   * Whether it is sure that no other server owns the store by now. While it is not, nothing is answered from memory; a
   * `commit` goes on, because it finds out by itself.
   */
  readonly holds: boolean;
  /** Resolves once the store is lost for good. */
  readonly lost: Promise<StoreLost>;
  /** Whether the owner of several stores, which are lost together, tells of the loss. Default: false. */
  readonly isTold?: boolean;
}

/**
 * Keeps jobs, limits and schedules. Calls take effect in the order in which they are made: `bodies` sees every commit that
 * was called before it and none that was called after it, whether or not those have resolved. The schema is that of
 * {@linkcode StoredJob}, {@linkcode QueueLimits} and {@linkcode StoredSchedule}. `testStore` of the entry point
 * `queue/conformance` tests a store.
 *
 * @example A store that counts changes
 * ```ts
 * import { memoryStore, type Store } from "@lineup/lineup/queue";
 * import { assertEquals } from "@std/assert";
 *
 * const memory = memoryStore();
 * let count = 0;
 * const store: Store = {
 *   ...memory,
 *   commit(changes, moment) {
 *     count += changes.length;
 *     return memory.commit(changes, moment);
 *   },
 * };
 * await store.commit([{ kind: "drop", id: 1 }]);
 * assertEquals(count, 1);
 * ```
 */
export interface Store {
  /**
   * Makes changes durable, all or none, in order; resolves once they are. Rejects where it cannot: then it is unknown
   * whether they are durable, and the same changes may be committed again, alone or with others after them. To put a job
   * that is there replaces it. A change of a job that is not there changes nothing. Rejects with {@linkcode StoreFull}
   * where there is no room: then they are committed again without the new jobs. Rejects with {@linkcode StoreLost} where
   * another server owns the store now: then nothing was changed, and nothing is committed again.
   *
   * `moment` is the time of the changes, and as durable as they are, unless it is less than a second after the last one.
   */
  commit(changes: readonly Change[], moment?: Moment): Promise<void>;
  /** All jobs, in the order of their numbers. */
  load(): AsyncIterable<StoredJob>;
  /** The limits of all queues and keys. */
  limits(): Promise<QueueLimits[]>;
  /** All schedules. */
  schedules(): Promise<StoredSchedule[]>;
  /** The bodies of schedules, in the order of `names`; `undefined` for none. */
  scheduleBodies(names: readonly string[]): Promise<(Uint8Array | undefined)[]>;
  /** The highest number that was ever put, 0 at first. */
  lastId(): Promise<number>;
  /**
   * The moment of the last commit that had one. Without it a queue goes on from the time of day, even where that was set to
   * another time meanwhile.
   */
  moment?(): Promise<Moment | undefined>;
  /** The bodies of jobs, or the results of those that are done, in the order of `ids`; `undefined` for none. */
  bodies(ids: readonly number[]): Promise<(Uint8Array | undefined)[]>;
  /** How many bytes of memory its jobs take. Absent where they are kept elsewhere. */
  held?(): number;
  /** The room that was left after the last commit. A queue refuses new jobs beyond it. Absent where there is no bound. */
  room?(): Room;
  /** Whether the store still belongs to this server. Absent where no other server can take it. */
  readonly ownership?: Ownership;
  /** Jobs that other programs put into the store. Absent where none can. */
  readonly inbox?: Inbox;
  /** Waits for the calls made so far, then releases everything. */
  close(): Promise<void>;
}
