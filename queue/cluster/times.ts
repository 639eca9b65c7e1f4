// The times of an engine on the clock of this node. The clock of a queue goes on where that of its last owner was, so clocks
// may differ by some milliseconds, or by as much as somebody has set the clock of a machine.

import type { JobDetails, QueueSummary } from "../engine/engine.ts";
import type { StoredJob } from "../store/job_fields.ts";

/** Less is the time that it takes to read two clocks. */
const LEAST = 1;

/** Queues of an engine whose clock is behind that of this node by `ahead` ms. */
export async function* summariesOnClock(
  queues: Iterable<QueueSummary> | AsyncIterable<QueueSummary>,
  ahead: number,
): AsyncGenerator<QueueSummary, void, void> {
  for await (const queue of queues) yield queueOnClock(queue, ahead);
}

/** As above, for one queue. */
export function queueOnClock<Q extends Pick<QueueSummary, "oldest">>(queue: Q, ahead: number): Q {
  const { oldest } = queue;
  if (Math.abs(ahead) < LEAST || oldest === undefined) return queue;
  return { ...queue, oldest: oldest + ahead };
}

/** As above, for a job. */
export function jobOnClock(job: StoredJob, ahead: number): StoredJob {
  if (Math.abs(ahead) < LEAST) return job;
  const at = (time: number): number => time === 0 ? 0 : time + ahead;
  return {
    ...job,
    enqueuedAt: at(job.enqueuedAt),
    readyAt: at(job.readyAt),
    endsAt: at(job.endsAt),
    expiresAt: at(job.expiresAt),
    takenAt: at(job.takenAt),
  };
}

/** As above, for a job and its body. */
export function detailsOnClock(details: JobDetails, ahead: number): JobDetails {
  return Math.abs(ahead) < LEAST ? details : { ...details, job: jobOnClock(details.job, ahead) };
}
