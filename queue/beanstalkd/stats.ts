// The figures of jobs and tubes.

import type { JobHistory } from "../index/job_page.ts";
import { type JobState, NO_RANK, type StoredJob } from "../store/job_fields.ts";
import type { ScopeCounts } from "../engine/ranked_engine.ts";
import type { TubeNames } from "./tube_names.ts";
import type { Tube } from "./tubes.ts";
import { quoted } from "./yaml.ts";

/** The states as beanstalkd names them. A job that is done is gone. */
const names: Readonly<Record<JobState, string>> = {
  delayed: "delayed",
  ready: "ready",
  taken: "reserved",
  dead: "buried",
  done: "invalid",
};

/** The priority of jobs that have none: the least urgent that are not behind all others. */
const WITHOUT_RANK = 1024;

/** The figures of a job. */
export function jobStats(
  { job, history }: {
    readonly job: StoredJob;
    readonly history: Readonly<JobHistory> | undefined;
  },
  now: number,
  tubes: TubeNames,
): Record<string, string | number> {
  const { state, readyAt, endsAt, enqueuedAt, rank } = job;
  const left = state === "delayed" ? readyAt - now : state === "taken" ? endsAt - now : 0;
  // A release is not stored as such: after a restart, what is left of its delay is all that is known.
  const since = job.attempt === 0 ? enqueuedAt : now;
  const delay = history?.delay ?? (state === "delayed" ? readyAt - since : 0);
  return {
    id: job.id,
    tube: quoted(tubes.tubeOf(job.queue, job.key)),
    state: names[state],
    pri: rank === NO_RANK ? WITHOUT_RANK : rank,
    age: seconds(now - enqueuedAt),
    delay: Math.round(delay / 1000),
    ttr: Math.ceil(job.lease / 1000),
    "time-left": seconds(left),
    file: 0,
    reserves: job.attempt,
    timeouts: history?.timeouts ?? 0,
    releases: history?.releases ?? 0,
    buries: history?.buries ?? 0,
    kicks: history?.kicks ?? 0,
  };
}

/** The figures of a tube. */
export function tubeStats(
  tube: Tube,
  counts: ScopeCounts,
  now: number,
): Record<string, string | number> {
  const paused = tube.pausedUntil > now;
  return {
    name: quoted(tube.name),
    ...currentJobs(counts),
    "total-jobs": tube.puts,
    "current-using": tube.using,
    "current-watching": tube.watching,
    "current-waiting": tube.waiting,
    "cmd-delete": tube.deletes,
    "cmd-pause-tube": tube.pauses,
    pause: paused ? Math.floor(tube.pause / 1000) : 0,
    "pause-time-left": paused ? seconds(tube.pausedUntil - now) : 0,
  };
}

/** How many jobs there are in each state. */
export function currentJobs(
  { urgent, ready, taken, delayed, dead }: ScopeCounts,
): Record<string, number> {
  return {
    "current-jobs-urgent": urgent,
    "current-jobs-ready": ready,
    "current-jobs-reserved": taken,
    "current-jobs-delayed": delayed,
    "current-jobs-buried": dead,
  };
}

/** Whole seconds. */
export function seconds(ms: number): number {
  return Math.floor(Math.max(0, ms) / 1000);
}
