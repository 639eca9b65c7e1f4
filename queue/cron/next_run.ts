// When a schedule puts its next job.

import { readCron } from "./cron.ts";
import { nextTime } from "./cron_times.ts";
import type { StoredSchedule } from "../store/store.ts";

/** When a schedule puts its jobs: at the times of `cron` in `zone`, or every `interval` ms. */
export type ScheduleTimes = Pick<StoredSchedule, "cron" | "zone" | "interval">;

/** If the time of day is set back by less, jobs of fixed times do not run again, in ms: the rule of Vixie cron. */
const CORRECTION = 3 * 3_600_000;

/**
 * When a schedule puts its next job after `now`, if one was due at `from`; `undefined` for never. Throws `BadCron` if the
 * expression cannot be read.
 */
export function nextRun(
  { cron, zone, interval }: ScheduleTimes,
  from: number,
  now: number,
): number | undefined {
  if (cron === "") return from + interval * Math.max(1, Math.floor((now - from) / interval) + 1);
  return nextTime(readCron(cron), zone, now);
}

/**
 * When a schedule of cron puts its next job, if `next` was computed at another time of day or with other rules of its zone.
 * An overdue job stays overdue. If the time of day was set back by little, fixed times that come again do not count again.
 */
export function reviewed({ cron, zone, next }: StoredSchedule, now: number): number {
  if (next <= now) return next;
  const times = readCron(cron);
  const first = nextTime(times, zone, now) ?? Infinity;
  if (!times.fixed || next < first) return first;
  return next <= (nextTime(times, zone, now + CORRECTION) ?? Infinity) ? next : first;
}
