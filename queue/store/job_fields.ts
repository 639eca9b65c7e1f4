// A job as it is kept. A new field is an entry here, in the interface and in the table below it.

import { parseValue } from "../../protocol/values.ts";
import { bounds } from "../bounds.ts";
import { named, NOW, type StoredField, type StoredFieldSpec } from "./field.ts";
import { LONGEST_PAST } from "./past_attempts.ts";
import {
  FURTHEST_IMPORTED,
  HIGHEST,
  HIGHEST_IMPORTED,
  LAST_TIME,
  LONGEST_REASON,
} from "./stored_bounds.ts";

/** The state of a job; a job is `done` only while its result is kept. */
export type JobState = "delayed" | "ready" | "taken" | "dead" | "done";

/** The states in the order of a job's life, which is also how a store may number them. */
export const states: readonly JobState[] = ["delayed", "ready", "taken", "dead", "done"];

/**
 * The fields that change in a job's life.
 *
 * The passing of time is no change: that a delay or a lease is over follows from `readyAt` or `endsAt`, so it holds after
 * a restart and costs no write. Only a job that is gone for good, such as an expired one, is dropped.
 */
export interface JobProgress {
  /** The state when the job was last stored. */
  readonly state: JobState;
  /** How many times it was taken. A worker that was told an attempt knows it from all others: the number never falls. */
  readonly attempt: number;
  /** How many attempts do not count, because the job was released or revived. */
  readonly uncountedAttempts: number;
  /** When it became or becomes ready, in ms since the Unix epoch: its place among the jobs of its key. */
  readonly readyAt: number;
  /** When its lease ends or its result is forgotten, in ms since the Unix epoch; 0 where it is neither taken nor done. */
  readonly endsAt: number;
  /** Whether its lease ends with the connection that took it. */
  readonly releaseOnDisconnect: boolean;
  /** Why the last attempt failed; empty where it did not or nobody said. */
  readonly reason: string;
  /**
   * 0 to 4294967295, lower first: its place among the jobs of its key, and in a rank that of its number. `NO_RANK` for a job
   * whose place follows from when it becomes ready.
   */
  readonly rank: number;
  /** When it was taken, in ms since the Unix epoch; 0 where it is not, or an older version of this program took it. */
  readonly takenAt: number;
  /** Its last attempts that are over, as `past_attempts.ts` writes them; empty for none. */
  readonly past: string;
}

/** The rank of a job whose place follows from when it becomes ready. */
export const NO_RANK = -1;

/** The fields that hold for all attempts of a job. */
export interface JobOptions {
  /** The queue's name. */
  readonly queue: string;
  /** The key: whose job it is; empty for none. */
  readonly key: string;
  /** 0 to 9, lower first. */
  readonly priority: number;
  /** How many times it is taken at most; 0 is no limit. */
  readonly attempts: number;
  /** The lease of a TAKE that names none, in ms. */
  readonly lease: number;
  /** The pause after its first failure, in ms, twice as long after the next; 0 is none. */
  readonly backoff: number;
  /** Whether its result is kept for clients that ask later. */
  readonly keep: boolean;
}

/** A job as it is kept, without its body. */
export interface StoredJob extends JobOptions, JobProgress {
  /** Its number, from 1 upwards, never used twice. */
  readonly id: number;
  /** A name that no other job of its queue has; empty for none. */
  readonly unique: string;
  /** The W3C traceparent of the PUT that made it; empty for none. */
  readonly trace: string;
  /** When it was put, in ms since the Unix epoch. */
  readonly enqueuedAt: number;
  /** When it is of no use any more, in ms since the Unix epoch, unless it is taken then; 0 is never. */
  readonly expiresAt: number;
  /** The length of its body in bytes; of its result where it is done. */
  readonly size: number;
}

/** A field of a job. */
export interface JobFieldSpec extends StoredFieldSpec {
  /** The part of a job that it belongs to; `body`: it follows from the body, and no column keeps it. */
  readonly part: "job" | "options" | "progress" | "body";
  /** It is progress that a new job has too: it is kept with the job until the job has other progress. */
  readonly initial?: true;
}

/** The default of an option of PUT. */
function ofPut(name: "priority" | "attempts" | "lease" | "backoff"): number {
  const type = name === "lease" || name === "backoff" ? "duration" : "integer";
  return parseValue(bounds[name].default, { type }) as number;
}

const option = { part: "options", type: "integer" } as const;
const time = { type: "time", min: 0, max: LAST_TIME, ahead: FURTHEST_IMPORTED } as const;
const count = {
  part: "progress",
  type: "integer",
  min: 0,
  max: HIGHEST,
  importMax: HIGHEST_IMPORTED,
  default: 0,
} as const;

/** The fields of a job, in the order of their columns. */
const fields: Readonly<Record<keyof StoredJob, JobFieldSpec>> = {
  id: {
    part: "job",
    type: "integer",
    min: 1,
    max: HIGHEST,
    importMax: HIGHEST_IMPORTED,
    varies: true,
  },
  queue: { ...option, type: "word", min: 1, max: bounds.queue.max },
  key: { ...option, type: "word", min: 0, max: bounds.key.max, default: "", varies: true },
  priority: { ...option, ...bounds.priority, default: ofPut("priority") },
  attempts: { ...option, ...bounds.attempts, min: 0, default: ofPut("attempts") },
  lease: { ...option, ...bounds.lease, default: ofPut("lease") },
  backoff: { ...option, ...bounds.backoff, default: ofPut("backoff"), since: 2 },
  keep: { ...option, type: "flag", default: false, since: 2 },
  unique: {
    part: "job",
    type: "word",
    column: "name",
    line: "unique",
    min: 0,
    max: bounds.unique.max,
    default: "",
    since: 2,
  },
  trace: {
    part: "job",
    type: "word",
    min: 0,
    max: bounds.trace.max,
    default: "",
    brief: true,
    since: 5,
  },
  enqueuedAt: { part: "job", ...time, column: "put", default: NOW, varies: true },
  expiresAt: { part: "job", ...time, column: "expires", default: 0, since: 2 },
  size: { part: "body", type: "integer", line: null, unchecked: true },
  state: { part: "progress", type: "state", initial: true, default: "ready" },
  attempt: count,
  uncountedAttempts: { ...count, column: "spared", since: 2 },
  readyAt: {
    part: "progress",
    ...time,
    column: "ready",
    initial: true,
    default: NOW,
    varies: true,
  },
  endsAt: { part: "progress", ...time, column: "until", default: 0, varies: true },
  releaseOnDisconnect: {
    part: "progress",
    type: "flag",
    column: "held",
    default: false,
    since: 2,
  },
  reason: {
    part: "progress",
    type: "text",
    max: LONGEST_REASON,
    default: "",
    unchecked: true,
  },
  rank: {
    part: "progress",
    type: "integer",
    min: NO_RANK,
    max: bounds.rank.max,
    initial: true,
    default: NO_RANK,
    brief: true,
    since: 4,
  },
  takenAt: {
    part: "progress",
    ...time,
    column: "taken",
    default: 0,
    brief: true,
    varies: true,
    since: 5,
  },
  past: {
    part: "progress",
    type: "text",
    max: LONGEST_PAST,
    default: "",
    brief: true,
    unchecked: true,
    since: 5,
  },
};

/** The fields of a job. */
export const jobFields: readonly (JobFieldSpec & StoredField)[] = named(fields);
/** Those of its options, which a schedule has too. */
export const optionFields: readonly StoredField[] = jobFields.filter(({ part }) =>
  part === "options"
);
/** Those of its progress. */
export const progressFields: readonly (JobFieldSpec & StoredField)[] = jobFields.filter((
  { part },
) => part === "progress");
