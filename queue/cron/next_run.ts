// When a schedule puts its next job.

import { readCron } from "./cron.ts";
import { nextTime } from "./cron_times.ts";
import type { StoredSchedule } from "../store/store.ts";

/** When a schedule puts its jobs: at the times of `cron` in `zone`, or every `interval` ms. */
export type ScheduleTimes = Pick<StoredSchedule, "cron" | "zone" | "interval">;

/** Who sets the time of day back by less does not want the jobs of fixed times once more, in ms: as Vixie cron has it. */
const CORRECTION = 3 * 3_600_000;

/**
 * When a schedule puts its next job after `now`, one having been due at `from`; `undefined` where never. Throws `BadCron`
 * where its expression is none of ours.
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
 * When a schedule of cron puts its next job where `next` was found at another time of day, or with other rules of its zone.
 * What is overdue stays so. Where the time of day was set back by little, one of fixed times has had those that come again.
 */
export function reviewed({ cron, zone, next }: StoredSchedule, now: number): number {
  if (next <= now) return next;
  const times = readCron(cron);
  const first = nextTime(times, zone, now) ?? Infinity;
  if (!times.fixed || next < first) return first;
  return next <= (nextTime(times, zone, now + CORRECTION) ?? Infinity) ? next : first;
}
