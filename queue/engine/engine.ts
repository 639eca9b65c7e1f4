// The interface that the handlers of the queue call. Behind it stands a local engine, or another one, such as one that keeps its jobs in
// a database that several nodes share.

import type { Counts } from "../index/queue.ts";
import type { CountedEvent } from "../index/event_rates.ts";
import type { JobState, StoredJob } from "../store/job_fields.ts";
import type { NewJob } from "../store/job_values.ts";
import type { QueueLimits, Schedule } from "../store/store.ts";
import type { KeyChoice } from "../patterns.ts";
import type { Caller, QueueClient } from "./caller.ts";

/** The answer to a PUT. */
export interface PutResult {
  /** The id of the job. */
  readonly id: number;
  /** Whether the queue had a job of this name already, whose id this is. */
  readonly duplicate?: true;
}

/** The request of a TAKE. */
export interface TakeRequest {
  /** The queues to take from; one that is named twice counts once. */
  readonly queues: readonly string[];
  /** How many jobs at most. */
  readonly max: number;
  /** The length of the leases in ms; `undefined` for that of each job. */
  readonly lease: number | undefined;
  /** Whether the leases end with the connection. */
  readonly releaseOnDisconnect: boolean;
  /** The client that will hold the leases. */
  readonly client: QueueClient;
  /** Of these queues, only jobs of these keys. Default: all keys of all queues. */
  readonly keys?: ReadonlyMap<string, KeyChoice>;
  /** Whether the foremost job of all queues is next, as if they were one queue. Default: the queues take turns. */
  readonly byRank?: boolean;
}

/** A job of a TAKE. */
export interface DeliveredJob {
  /** The id of the job. */
  readonly id: number;
  /** The queue that it comes from. */
  readonly queue: string;
  /** Its key; `undefined` for none. */
  readonly key: string | undefined;
  /** The number of this attempt; none is given twice. */
  readonly attempt: number;
  /** The length of the lease, in ms. */
  readonly lease: number;
  /** The W3C traceparent of its PUT; `undefined` for none. */
  readonly trace: string | undefined;
  /** The body of the job. */
  readonly body: Uint8Array;
}

/** Which attempt a worker means: the one of this number, else the one that its client holds. */
export interface Claim {
  /** The client of the worker. */
  readonly client: QueueClient;
  /** The number of the attempt; `undefined` for that which the client holds. */
  readonly attempt: number | undefined;
}

/** The outcome that a FAIL reports. */
export interface AttemptFailure {
  /** Why it failed; may be empty. */
  readonly reason: string;
  /** How long before the next attempt, in ms; `undefined` for the backoff of the job. */
  readonly retry: number | undefined;
  /** Whether there is no further attempt. */
  readonly dead: boolean;
  /** The rank from now on, for a job that has one. Default: as before. */
  readonly rank?: number;
}

/** How many of the jobs that failed are in each state now. */
export interface FailedCounts {
  /** How many wait for their next attempt. */
  readonly delayed: number;
  /** How many are ready for it. */
  readonly ready: number;
  /** How many have no further attempt, or have expired. */
  readonly dead: number;
}

/** Which jobs of a queue are meant. */
export interface JobFilter {
  /** The name of the queue. */
  readonly queue: string;
  /** Default: all states. */
  readonly state?: JobState;
  /** Default: all keys. */
  readonly key?: string;
  /** Only jobs of these keys. Default: all keys. */
  readonly keys?: KeyChoice;
}

/** Where a job is. */
export interface FoundJob {
  /** The name of its queue. */
  readonly queue: string;
  /** Its key; empty for none. */
  readonly key: string;
  /** Its state. */
  readonly state: JobState;
}

/** Which jobs of a queue are listed. */
export interface ListFilter extends JobFilter {
  /** Only jobs with this text in their body or their name. Default: all. */
  readonly text?: string;
}

/** Why no job of a queue or key is given out: it is paused, as many run as may, or its rate is used up. */
export type BlockReason = "paused" | "running" | "rate";

/** A job with its body, as JOB tells it. */
export interface JobDetails {
  /** The job. */
  readonly job: StoredJob;
  /** Its body, or its result if it is done. */
  readonly body: Uint8Array;
  /** Who has taken it: an identity, or the address of a connection. Absent where nobody has, or nobody knows. */
  readonly takenBy?: string;
}

/** A page of jobs. */
export interface JobList {
  /** The jobs, by id. */
  readonly jobs: readonly StoredJob[];
  /** The next page begins behind this id; `undefined` if this page is the last. */
  readonly after: number | undefined;
}

/** Which queues are meant. */
export interface QueueFilter {
  /** Only queues whose names match this pattern, in which `*` stands for any characters and `?` for one. Default: all. */
  readonly match?: string;
  /** Only queues whose names are behind this one. Default: all. */
  readonly after?: string;
  /** Only queues that have some of these keys, and only what these have. Default: all. */
  readonly keys?: KeyChoice;
}

/** The state of a queue in short. */
export interface QueueSummary {
  /** The name of the queue. */
  readonly queue: string;
  /** How many jobs it has in each state. */
  readonly counts: Readonly<Counts>;
  /** When the job that has been ready for longest became so; `undefined` if none is ready. */
  readonly oldest: number | undefined;
  /** How many requests wait for a job. */
  readonly consumers: number;
  /** Whether it gives out no job. */
  readonly paused: boolean;
}

/** A key of a queue. */
export interface KeySummary {
  /** The key; empty for jobs without one. */
  readonly key: string;
  /** How many jobs it has in each state. */
  readonly counts: Readonly<Counts>;
  /** Its limits; those of no limit if it has none. */
  readonly limits: QueueLimits;
  /** How many of its jobs were taken since it has had jobs or limits. */
  readonly takes: number;
  /** Why none of its jobs is given out now; `undefined` if they are. */
  readonly blocked: BlockReason | undefined;
}

/** The state of a queue. */
export interface QueueDetails extends Omit<QueueSummary, "paused"> {
  /** The keys with most ready jobs. */
  readonly top: readonly KeySummary[];
  /** How many keys have jobs or limits. */
  readonly keys: number;
  /** How often each event happened lately, per second. */
  readonly rates: Readonly<Record<CountedEvent, number>>;
  /** Its own limits. */
  readonly limits: QueueLimits;
  /** Why none of its jobs is given out now; `undefined` if they are. */
  readonly blocked: BlockReason | undefined;
}

/** The limits that may be set. */
export type LimitChange = Partial<Omit<QueueLimits, "queue" | "key" | "paid">>;

/** A new schedule: `cron` with `zone`, or `interval`. */
export interface NewSchedule
  extends Omit<Schedule, "cron" | "zone" | "interval" | "next" | "paused"> {
  /** Its times, as a cron expression. */
  readonly cron?: string;
  /** The time zone of `cron`, an IANA name. Default: UTC. */
  readonly zone?: string;
  /** The time between two jobs, in ms. */
  readonly interval?: number;
  /** The schedule of this name of another engine, whose place it takes. Default: none. */
  readonly replaces?: FoundSchedule;
}

/** Where a schedule puts its jobs, and when. */
export type FoundSchedule = Pick<
  Schedule,
  "queue" | "key" | "cron" | "zone" | "interval" | "next" | "paused"
>;

/** A schedule, and how long until it puts its next job. */
export interface ScheduleDetails {
  /** The schedule. */
  readonly schedule: Schedule;
  /** In ms; `undefined` while it is paused, or if this version cannot read when. */
  readonly next: number | undefined;
}

/**
 * A durable queue of jobs. A promise of a method that changes something resolves once the change is stored.
 *
 * Every method that changes something rejects with `read-only` while the store fails, and with `draining` once the engine
 * is closed. One that needs room rejects with `busy` if there is none. The other errors are named at each method.
 */
export interface Engine {
  /** The present, on the clock of the times of its jobs, in ms since the Unix epoch. */
  now(): number;
  /** Whether the store fails, so that nothing can change. */
  readonly readOnly: boolean;
  /** The figures for STATS. */
  figures(): Iterable<readonly [name: string, value: number]>;
  /**
   * Stores what has changed and lets the store go. Resolves with how many changes are lost, because the store failed to
   * the end.
   */
  close(): Promise<number>;

  /** Puts a job, unless its queue has one of its name. */
  put(job: NewJob, caller: Caller): Promise<PutResult>;
  /** Waits for the result of a job; empty if it has none. Rejects with `not-found`, or `dead` if none will come. */
  result(id: number, caller: Caller): Promise<Uint8Array>;
  /**
   * Puts jobs again and again from now on. Resolves with how long until the first, in ms; with `undefined` where a schedule
   * of this name is paused, which stays so. Rejects with `bad-arguments`.
   */
  setSchedule(schedule: NewSchedule, caller: Caller): Promise<number | undefined>;
  /**
   * Pauses a schedule, or lets it go on: what it missed meanwhile is not made up for. Resolves with how long until its next
   * job, in ms; with `undefined` where it is paused now. Rejects with `not-found`, or `bad-arguments` if this version cannot
   * read when it is due.
   */
  pauseSchedule(name: string, paused: boolean): Promise<number | undefined>;
  /** Ends a schedule. Rejects with `not-found`. */
  endSchedule(name: string): Promise<void>;
  /** All schedules, by name. Throws if the body of one cannot be read. */
  schedules(): AsyncIterable<ScheduleDetails>;

  /**
   * Takes jobs; waits up to `wait` ms for the first. Resolves with none if none came. Rejects with `bad-arguments` for too
   * many queues.
   */
  take(request: TakeRequest, wait: number, caller: Caller): Promise<readonly DeliveredJob[]>;
  /**
   * Takes back jobs of a TAKE of which its client did not learn: they are ready again at their old places. `mayBeRead`: the
   * client may have learned of them; then no attempt number is used again.
   */
  giveBack(jobs: readonly DeliveredJob[], mayBeRead: boolean): void;
  /** Jobs are done: all or none. Rejects with `not-found` or `not-taken`. */
  done(
    ids: readonly number[],
    claim: Claim,
    result: Uint8Array,
    signal: AbortSignal,
  ): Promise<void>;
  /** Jobs failed: all or none. Rejects with `not-found` or `not-taken`. */
  fail(ids: readonly number[], claim: Claim, failure: AttemptFailure): Promise<FailedCounts>;
  /** A lease begins anew. Resolves with its length in ms. Rejects with `not-found` or `not-taken`. */
  extend(id: number, claim: Claim, lease: number | undefined): Promise<number>;
  /**
   * A job goes back, and the attempt does not count. A job that has a rank gets this one; default: as before. Rejects with
   * `not-found` or `not-taken`.
   */
  release(id: number, claim: Claim, delay: number, rank?: number): Promise<"ready" | "delayed">;

  /** Where a job is; `undefined` if there is none of this number. */
  find(id: number): FoundJob | undefined | Promise<FoundJob | undefined>;
  /** A schedule; `undefined` if there is none of this name. */
  findSchedule(
    name: string,
  ): FoundSchedule | undefined | Promise<FoundSchedule | undefined>;
  /** The queues, by name. */
  queues(filter?: QueueFilter): Iterable<QueueSummary> | AsyncIterable<QueueSummary>;
  /**
   * A queue, with so many of its keys, or only this one; without jobs if there is none of this name. With `keys`, only what
   * these have.
   */
  queue(
    name: string,
    top: number,
    key?: string,
    keys?: KeyChoice,
  ): QueueDetails | Promise<QueueDetails>;
  /** A job and its body, or its result if it is done. Rejects with `not-found`. */
  job(id: number): Promise<JobDetails>;
  /** The jobs with ids above `after`, at most `max`, by id. Jobs that come and go change no other page. */
  list(filter: ListFilter, max: number, after: number, caller: Caller): Promise<JobList>;
  /** Removes a job. Rejects with `not-found`. */
  drop(id: number): Promise<void>;
  /** Removes jobs. Resolves with how many. */
  purge(filter: JobFilter, caller: Caller): Promise<number>;
  /** Makes a dead job ready, with all its attempts. Rejects with `not-found` or `not-dead`. */
  revive(id: number): Promise<void>;
  /** Revives all dead jobs of a queue, or of one of its keys, or of these. Resolves with how many. */
  reviveAll(
    queue: string,
    key: string | undefined,
    caller: Caller,
    keys?: KeyChoice,
  ): Promise<number>;
  /** The limits of a queue; of one of its keys if `key` is not empty. */
  limits(queue: string, key: string): QueueLimits | Promise<QueueLimits>;
  /** Changes some limits. Resolves with all of them. Rejects with `bad-arguments`. */
  setLimits(queue: string, key: string, change: LimitChange): Promise<QueueLimits>;
  /** All limits of all queues, or of one, and of their keys, by name. */
  allLimits(queue?: string): Iterable<QueueLimits> | AsyncIterable<QueueLimits>;
}
