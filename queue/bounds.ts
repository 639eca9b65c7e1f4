// How much there may be: everything that clients can make more of.

import type { Jobs } from "./jobs.ts";
import { busy } from "./refusals.ts";

/** How much there may be. */
export interface Bounds {
  readonly maxJobs: number;
  readonly maxQueues: number;
  readonly maxTakers: number;
}

/** Throws `busy` where there may be no further job. */
export function roomForJob({ maxJobs }: Bounds, jobs: Jobs): void {
  if (jobs.size >= maxJobs) throw busy(`There are ${maxJobs} jobs, as many as may be.`);
}

/** Throws `busy` where not all of these queues are there or may be. */
export function roomForQueues({ maxQueues }: Bounds, jobs: Jobs, names: readonly string[]): void {
  const { queues } = jobs;
  if (queues.size + names.length <= maxQueues || names.every((name) => queues.has(name))) return;
  throw busy(`There may be ${maxQueues} queues, and there is no room for another.`);
}

/** Throws `busy` where no further request may wait for a job. */
export function roomForTaker({ maxTakers }: Bounds, takers: number): void {
  if (takers >= maxTakers) throw busy(`${maxTakers} requests wait for a job, as many as may.`);
}
