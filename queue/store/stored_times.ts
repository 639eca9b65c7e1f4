// The times of jobs and schedules as they are kept.

import { longestPause } from "../backoff.ts";
import { bounds as ofPut } from "../bounds.ts";
import type { StoredJob } from "./job_fields.ts";
import { laterPast } from "./past_attempts.ts";
import type { Moment, Schedule } from "./store.ts";
import { FURTHEST_IMPORTED } from "./stored_bounds.ts";

/** A moment is written again once it is so old, or once the time of day was set by so much, in ms. */
const MOMENT_MS = 1000;
const STEP_MS = 100;

/**
 * A job as it is loaded: its lease, delay or result lasts no longer than it may. A longer one comes from a wrong clock or was
 * written by hand: then it lasts from now on, as long as the options of the job say. A job that was put in the future was
 * put now.
 *
 * @param now the present on the queue's clock
 * @param resultTime how long results are kept, in ms
 */
export function withinBounds(stored: StoredJob, now: number, resultTime: number): StoredJob {
  const job = laterJob(stored, Math.min(0, now - stored.enqueuedAt));
  const { state, lease, readyAt, endsAt, expiresAt } = job;
  const longest = state === "done" ? resultTime : ofPut.lease.max;
  const own = state === "done" ? resultTime : lease;
  const bounds = {
    readyAt: state === "delayed"
      ? readyAt > now + FURTHEST_IMPORTED
        ? now + longestPause(job.backoff, job.attempt - job.uncountedAttempts)
        : readyAt
      : Math.min(readyAt, now),
    endsAt: endsAt > now + longest ? now + own : endsAt,
    expiresAt: Math.min(expiresAt, now + FURTHEST_IMPORTED),
  };
  // Most jobs are in bounds, and there may be millions: make no copy.
  const same = bounds.readyAt === readyAt && bounds.endsAt === endsAt &&
    bounds.expiresAt === expiresAt;
  return same ? job : { ...job, ...bounds };
}

/** Whether a moment is worth writing: to write each would cost every commit a page or a row. */
export function saysMore(moment: Moment, kept: Moment | undefined): boolean {
  if (kept === undefined) return true;
  const passed = moment.now - kept.now;
  return passed >= MOMENT_MS || Math.abs(moment.wall - kept.wall - passed) >= STEP_MS;
}

/** How far the queue's time is ahead of the time of day in a moment of a store, in whole ms. */
export function aheadOfWall(moment: Moment | undefined): number {
  return moment === undefined ? 0 : Math.round(moment.now - moment.wall);
}

/** A job whose times are later by so many ms; never stays never. */
export function laterJob(job: StoredJob, ms: number): StoredJob {
  if (ms === 0) return job;
  const { enqueuedAt, readyAt, endsAt, expiresAt, takenAt, past } = job;
  return {
    ...job,
    enqueuedAt: later(enqueuedAt, ms),
    readyAt: later(readyAt, ms),
    endsAt: endsAt === 0 ? 0 : later(endsAt, ms),
    expiresAt: expiresAt === 0 ? 0 : later(expiresAt, ms),
    takenAt: takenAt === 0 ? 0 : later(takenAt, ms),
    past: laterPast(past, ms),
  };
}

/** A schedule whose next job is later by so many ms, if it is on the queue's clock. */
export function laterSchedule(schedule: Schedule, ms: number): Schedule {
  return schedule.cron === "" ? { ...schedule, next: later(schedule.next, ms) } : schedule;
}

function later(time: number, ms: number): number {
  return Math.max(1, time + ms);
}
