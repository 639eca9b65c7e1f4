// PUT: new jobs.

import { roomForJob, roomForQueues, roomInDepth, roomInMemory, roomInStore } from "./capacity.ts";
import { type NewJob, newJob } from "../index/job.ts";
import { serve } from "./take.ts";
import type { WorkQueue } from "./work_queue.ts";

/** What came of a PUT. */
export interface Put {
  readonly id: number;
  /** Whether its queue has a job of this name already, which is the one of `id`. */
  readonly duplicate: boolean;
  /** Resolves once the job is stored. */
  readonly written: Promise<void>;
}

/** A new job, unless there is one of its name. Throws `busy` where there is no room for it. */
export function put(work: WorkQueue, told: NewJob): Put {
  work.mayChange();
  const { bounds, jobs } = work;
  const { unique = "", key = "", body } = told;
  const named = unique === "" ? undefined : jobs.queues.get(told.queue)?.named(unique);
  if (named !== undefined) work.dropExpired(work.job(named));
  const there = jobs.queues.get(told.queue);
  const same = unique === "" ? undefined : there?.named(unique);
  if (same !== undefined) {
    return { id: same, duplicate: true, written: work.journal.settled() };
  }
  roomInMemory(work);
  roomInStore(work, body.length);
  roomForJob(bounds, jobs);
  if (there === undefined) roomForQueues(work, [told.queue]);
  else roomInDepth(there, key);
  const id = ++work.lastId;
  const now = work.turnClock.now();
  const written = work.add(newJob(id, now, told), body);
  const queue = jobs.queue(told.queue);
  queue.rates.count("put", now);
  if (told.delay === 0) serve(work, queue);
  return { id, duplicate: false, written };
}
