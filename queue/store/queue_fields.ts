// The limits of queues and the schedules as they are kept, and the two records of a file that has one of each.

import { bounds } from "../bounds.ts";
import { named, type StoredField, type StoredFieldSpec } from "./field.ts";
import { type JobOptions, optionFields } from "./job_fields.ts";
import type { QueueLimits, StoredSchedule } from "./store.ts";
import { FURTHEST_SCHEDULED, HIGHEST, LAST_TIME } from "./stored_bounds.ts";

const queue = { type: "word", min: 1, max: bounds.queue.max } as const;
const key = { type: "word", min: 0, max: bounds.key.max, default: "" } as const;

const limits: Readonly<Record<keyof QueueLimits, StoredFieldSpec>> = {
  queue,
  key,
  paused: { type: "flag", default: false },
  running: { type: "integer", ...bounds.running, default: 0 },
  // Limits that are loaded have the nearest rate and weight that may be set.
  rate: { type: "number", ...bounds.rate, default: 0, unchecked: true },
  weight: { type: "number", ...bounds.weight, default: 0, unchecked: true },
  depth: { type: "integer", ...bounds.depth, default: 0 },
  // A debt is on the clock of one queue: no line tells it to another.
  paid: {
    type: "time",
    min: 0,
    max: LAST_TIME,
    line: null,
    default: 0,
    optional: true,
    since: 3,
  },
};

const schedule: Readonly<
  Record<Exclude<keyof StoredSchedule, keyof JobOptions | "size">, StoredFieldSpec>
> = {
  name: { type: "word", min: 1, max: bounds.schedule.max },
  cron: { type: "text", max: bounds.cron.max, default: "", unchecked: true },
  zone: { type: "word", max: bounds.zone.max, default: "", unchecked: true },
  // 0 is none.
  interval: {
    type: "integer",
    min: 0,
    importMin: bounds.interval.min,
    max: bounds.interval.max,
    default: 0,
  },
  next: { type: "time", min: 0, max: LAST_TIME, ahead: FURTHEST_SCHEDULED },
  expires: {
    type: "integer",
    min: 0,
    importMin: bounds.expires.min,
    max: bounds.expires.max,
    default: 0,
  },
  paused: { type: "flag", default: false, brief: true, since: 6 },
};
const [name, ...times] = named(schedule);

/** The fields of limits. */
export const limitFields: readonly StoredField[] = named(limits);
/** The fields of a schedule, without its body. */
export const scheduleFields: readonly StoredField[] = [name, ...optionFields, ...times];

/** The highest number of a job that was ever given. */
export const lastFields: readonly StoredField[] = named({
  id: { type: "integer", min: 0, max: HIGHEST },
});
// Sums of the two times stay within those that dates know.
const half = { type: "time", min: 0, max: LAST_TIME / 2 } as const;
/** The moment of the last commit that had one. */
export const clockFields: readonly StoredField[] = named({
  one: { type: "integer", min: 1, max: 1 },
  now: half,
  wall: half,
});
