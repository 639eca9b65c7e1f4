// Changes as one statement can make them: each row once, in its last state.

import type { JobProgress, StoredJob } from "../job_fields.ts";
import type { Change, QueueLimits, Schedule } from "../store.ts";

/** The last state of a job. */
export type LastOfJob =
  | { readonly kind: "put"; readonly job: StoredJob; readonly body: Uint8Array }
  | { readonly kind: "move"; readonly progress: JobProgress }
  | { readonly kind: "finish"; readonly progress: JobProgress; readonly result: Uint8Array }
  | { readonly kind: "drop" };

/** The members of a schedule that change while it stays. */
export type ScheduleProgress = Pick<Schedule, "next" | "paused">;

/** The last state of a schedule: it goes on otherwise, or is there, or is not. */
export type LastOfSchedule = Schedule | ScheduleProgress | undefined;

/** The changes of a batch. */
export interface FoldedBatch {
  /** By number. */
  readonly jobs: ReadonlyMap<number, LastOfJob>;
  /** By queue and key. */
  readonly limits: ReadonlyMap<string, QueueLimits>;
  /** By name. */
  readonly schedules: ReadonlyMap<string, LastOfSchedule>;
  /** The highest number of a new job; 0 for none. */
  readonly highestPut: number;
  /** The highest number of a job that is removed; 0 for none. */
  readonly highestDrop: number;
}

const DROP: LastOfJob = { kind: "drop" };

/** Folds changes, in their order. */
export function foldBatch(changes: Iterable<Change>): FoldedBatch {
  const jobs = new Map<number, LastOfJob>();
  const limits = new Map<string, QueueLimits>();
  const schedules = new Map<string, LastOfSchedule>();
  let [highestPut, highestDrop] = [0, 0];
  for (const change of changes) {
    switch (change.kind) {
      case "put":
        jobs.set(change.job.id, change);
        if (change.job.id > highestPut) highestPut = change.job.id;
        break;
      case "move":
      case "finish": {
        const after = moved(jobs.get(change.id), change);
        if (after !== undefined) jobs.set(change.id, after);
        break;
      }
      case "drop":
        jobs.set(change.id, DROP);
        if (change.id > highestDrop) highestDrop = change.id;
        break;
      case "limits":
        limits.set(`${change.limits.queue} ${change.limits.key}`, change.limits);
        break;
      case "schedule":
        schedules.set(change.schedule.name, change.schedule);
        break;
      case "reschedule": {
        const there = schedules.get(change.name);
        // One that was removed before stays so.
        if (there === undefined && schedules.has(change.name)) break;
        const { next, paused } = change;
        schedules.set(change.name, { ...there, next, paused });
        break;
      }
      case "unschedule":
        schedules.set(change.name, undefined);
    }
  }
  return { jobs, limits, schedules, highestPut, highestDrop };
}

/** A job behind a change; `undefined` if it is as before. */
function moved(
  before: LastOfJob | undefined,
  change: Extract<Change, { kind: "move" | "finish" }>,
): LastOfJob | undefined {
  const { progress } = change;
  if (before?.kind === "drop") return undefined;
  const result = change.kind === "finish"
    ? change.result
    : before?.kind === "finish"
    ? before.result
    : undefined;
  if (before?.kind === "put") {
    const body = result ?? before.body;
    return { kind: "put", job: { ...before.job, ...progress, size: body.length }, body };
  }
  return result === undefined ? { kind: "move", progress } : { kind: "finish", progress, result };
}
