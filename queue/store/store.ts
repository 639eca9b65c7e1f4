// Where jobs are kept: what is kept beside them, and the interface that memory and SQLite implement.

import type { JobOptions, JobProgress, StoredJob } from "./job_fields.ts";

/** What is set for a queue or for one of its keys; 0 is no limit. */
export interface QueueLimits {
  /** The queue's name. */
  readonly queue: string;
  /** The key; empty for the queue itself. */
  readonly key: string;
  /** Whether its jobs are given to nobody. */
  readonly paused: boolean;
  /** How many of its jobs may be taken at a time. */
  readonly running: number;
  /** How many of its jobs may be taken in a second. */
  readonly rate: number;
  /** Its share beside the other keys of the queue, or the other queues of a TAKE; 0 is as 1. */
  readonly weight: number;
  /** How many jobs it may have that are delayed, ready or taken. */
  readonly depth: number;
  /** When its rate has made up for all that were taken, in ms since the Unix epoch; only where that is a while. */
  readonly paid?: number;
}

/** A job that is put again and again, without its body. */
export interface StoredSchedule extends JobOptions {
  /** What no other schedule is named. */
  readonly name: string;
  /** When, as a cron expression; empty where `interval` says it. */
  readonly cron: string;
  /** The time zone of the cron expression, of the IANA's names. */
  readonly zone: string;
  /** How long between two jobs, in ms; 0 where `cron` says when. */
  readonly interval: number;
  /** When the next job is put, in ms since the Unix epoch. */
  readonly next: number;
  /** How long after it was put each job expires, in ms; 0 is never. */
  readonly expires: number;
  /** The length of its body in bytes. */
  readonly size: number;
}

/** A schedule with its body. */
export interface Schedule extends Omit<StoredSchedule, "size"> {
  /** The body of each job. */
  readonly body: Uint8Array;
}

/** One moment on the two clocks of a queue. */
export interface Moment {
  /** The queue's time, which all times of jobs and of schedules with an interval are on, in ms. */
  readonly now: number;
  /** The time of day, in ms since the Unix epoch. */
  readonly wall: number;
}

/** One change of a job, of the rules or of the schedules. */
export type Change =
  /** A new job; its number is above all before it. */
  | { readonly kind: "put"; readonly job: StoredJob; readonly body: Uint8Array }
  /** A job has come further. */
  | { readonly kind: "move"; readonly id: number; readonly progress: JobProgress }
  /** A job is done, and its result takes the place of its body. */
  | {
    readonly kind: "finish";
    readonly id: number;
    readonly progress: JobProgress;
    readonly result: Uint8Array;
  }
  /** A job is gone. */
  | { readonly kind: "drop"; readonly id: number }
  /** The rules of a queue or key are others; those that say nothing are kept by nobody. */
  | { readonly kind: "rules"; readonly rules: QueueLimits }
  /** A schedule is new or another. */
  | { readonly kind: "schedule"; readonly schedule: Schedule }
  /** A schedule has put a job, and puts the next one at another time. */
  | { readonly kind: "reschedule"; readonly name: string; readonly next: number }
  /** A schedule has ended. */
  | { readonly kind: "unschedule"; readonly name: string };

/** How much room a store has. */
export interface Room {
  /** How many bytes it takes. */
  readonly used: number;
  /** For how many bytes of new jobs there is room, beside what may be needed to make some. */
  readonly left: number;
  /**
   * For how many bytes of what becomes of jobs and queues there is room: that a job is taken, why it failed, a limit. What
   * it takes to remove jobs is kept beside it. Default: no bound.
   */
  readonly rows?: number;
}

/**
 * A store has no room for changes, and has made none of them: what a `commit` rejects with where new jobs are to be given
 * up, so that the other changes can be made.
 */
export class StoreFull extends Error {
  /** The name of the class. */
  override readonly name = "StoreFull";
}

/**
 * Keeps jobs, rules and schedules. Calls take effect in the order in which they are made: `bodies` sees every commit that was called
 * before it and none that was called after, whether or not those have resolved. The schema of what is kept is
 * {@linkcode StoredJob}, {@linkcode QueueLimits} and {@linkcode StoredSchedule}.
 *
 * @example
 * ```ts
 * import { memoryStore, type StoredJob } from "@lineup/lineup/queue";
 * import { assertEquals } from "@std/assert";
 *
 * const store = memoryStore();
 * const job: StoredJob = {
 *   id: 1, queue: "mail", key: "", priority: 5, attempts: 10, lease: 60_000, backoff: 0, keep: false,
 *   unique: "", put: 0, expires: 0, size: 3,
 *   state: "ready", attempt: 0, spared: 0, ready: 0, until: 0, held: false, reason: "",
 * };
 * await store.commit([{ kind: "put", job, body: new Uint8Array(3) }]);
 * assertEquals(await Array.fromAsync(store.load()), [job]);
 * ```
 */
export interface Store {
  /**
   * Makes changes lasting, all or none, in order; resolves once they are. Rejects where it cannot; whether they last
   * is then unknown, and the same changes may be given again, alone or with others behind them: to put a job that is
   * there replaces it. A change of a job that is not there changes nothing. `moment` is when they are made: it becomes
   * lasting with them, unless it is less than a second behind the last one. Rejects with {@linkcode StoreFull} where there is no room: then they are given again without the
   * new jobs.
   */
  commit(changes: readonly Change[], moment?: Moment): Promise<void>;
  /** Every job that is kept, by number. */
  load(): AsyncIterable<StoredJob>;
  /** The rules of all queues and keys. */
  rules(): Promise<QueueLimits[]>;
  /** All schedules. */
  schedules(): Promise<StoredSchedule[]>;
  /** The bodies of schedules, in the order of `names`; `undefined` for none. */
  scheduleBodies(names: readonly string[]): Promise<(Uint8Array | undefined)[]>;
  /** The highest number that was ever put, 0 at first. */
  lastId(): Promise<number>;
  /**
   * The moment of the last commit that had one. Where a store has no such method, or nothing to say, time has passed for its
   * jobs as the time of day says now, also where that was set to another.
   */
  moment?(): Promise<Moment | undefined>;
  /** The bodies of jobs, or the results of those that are done, in the order of `ids`; `undefined` for none. */
  bodies(ids: readonly number[]): Promise<(Uint8Array | undefined)[]>;
  /** How many bytes of memory it takes for what it keeps. Not there for one that keeps it elsewhere. */
  held?(): number;
  /** How much room there was behind the last commit, for a store whose room is bounded: new jobs are refused beyond it. */
  room?(): Room;
  /** Waits for the calls made so far, then lets everything go. */
  close(): Promise<void>;
}
