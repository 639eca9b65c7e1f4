// The changes that the conformance suite, and tests beside it, put into a store.

import type { StoredField } from "../field.ts";
import {
  jobFields,
  type JobOptions,
  type JobProgress,
  optionFields,
  type StoredJob,
} from "../job_fields.ts";
import type { Change, QueueLimits, Schedule, StoredSchedule } from "../store.ts";

/** The defaults of these fields, as far as they have one. */
function defaultsOf(fields: readonly StoredField[]): Partial<StoredJob> {
  return Object.fromEntries(fields.map(({ name, default: value }) => [name, value]));
}

/** A job as a store keeps it. */
export function job(id: number, rest: Partial<StoredJob> = {}): StoredJob {
  return {
    ...defaultsOf(jobFields) as StoredJob,
    id,
    queue: "mail",
    enqueuedAt: 1_577_836_800_000.25,
    readyAt: 1_577_836_800_000.5,
    size: 0,
    ...rest,
  };
}

/** A change that puts a job. */
export function put(stored: StoredJob, body: Uint8Array = new Uint8Array(stored.size)): Change {
  return { kind: "put", job: stored, body };
}

/** The progress of a job that is taken. */
export const progress: JobProgress = {
  state: "taken",
  attempt: 3,
  uncountedAttempts: 1,
  readyAt: 1_577_836_800_001.5,
  endsAt: 1_577_836_860_000.125,
  releaseOnDisconnect: true,
  reason: 'naïve "reason" \u{1f4e8}',
  rank: 4_294_967_295,
  takenAt: 1_577_836_800_002.5,
  past:
    '1 1577836800000 1200.5 failed 127.0.0.1:4711 naïve "reason" \u{1f4e8}\n2 1577836800001 3 timeout -',
};

/** Limits of a queue. */
export const limits: QueueLimits = {
  queue: "mail",
  key: "",
  paused: true,
  running: 7,
  rate: 0.5,
  weight: 2.5,
  depth: 1_000,
};
/** Limits that limit nothing. */
export const noLimits: QueueLimits = {
  ...limits,
  paused: false,
  running: 0,
  rate: 0,
  weight: 0,
  depth: 0,
};

/** A schedule. */
export const schedule: Schedule = {
  ...defaultsOf(optionFields) as JobOptions,
  name: "nightly",
  queue: "mail",
  key: "acme",
  priority: 3,
  attempts: 4,
  lease: 5_000,
  backoff: 100,
  keep: true,
  cron: "0 3 * * *",
  zone: "Europe/Berlin",
  interval: 0,
  next: 1_577_836_800_000,
  expires: 60_000,
  paused: false,
  body: Uint8Array.of(0, 10, 255),
};

/** A schedule as a store returns it. */
export function told({ body, ...rest }: Schedule): StoredSchedule {
  return { ...rest, size: body.length };
}
