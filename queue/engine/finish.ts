// What becomes of jobs that were taken: DONE, FAIL, EXTEND, RELEASE.

import type { Client } from "../../server/request/handlers.ts";
import { reasonIn, roomForRow, roomInStore } from "./capacity.ts";
import { longestPause } from "../backoff.ts";
import type { Job } from "../index/job.ts";
import { notTaken } from "../refusals.ts";
import { serve } from "./take.ts";
import type { WorkQueue } from "./work_queue.ts";

/** Which attempt is meant: the one of this number, else the one that this client holds. */
export interface Claim {
  readonly client: Client;
  readonly attempt: number | undefined;
}

/** What a FAIL says. */
export interface Failure {
  readonly reason: string;
  /** In ms; `undefined` for what PUT said. */
  readonly retry: number | undefined;
  readonly dead: boolean;
}

/** How many of the jobs that failed are now in each state. */
export interface Failed {
  readonly delayed: number;
  readonly ready: number;
  readonly dead: number;
}

/** Jobs are done: all of them, or none where one is not taken by this client. */
export async function done(
  work: WorkQueue,
  ids: readonly number[],
  claim: Claim,
  result: Uint8Array,
): Promise<void> {
  const now = work.now();
  const jobs = claimed(work, ids, claim);
  // A result takes the place of the body: only what it has more needs room.
  const more = jobs.filter(({ kind, size }) => kind.keep && result.length > size)
    .reduce((sum, { size }) => sum + result.length - size, 0);
  if (more > 0) roomInStore(work, more);
  // It is stored before the body is gone.
  const kept = result.length * jobs.filter(({ kind }) => kind.keep).length;
  if (kept > 0) roomForRow(work, kept);
  for (const job of jobs) {
    const { id, queue } = job;
    queue.rates.count("done", now);
    const written = job.kind.keep ? work.finish(job, result) : work.remove(job);
    work.results.done(id, result, written);
    serve(work, queue);
  }
  await work.journal.settled();
}

/** Jobs failed: all of them, or none where one is not taken by this client. */
export async function fail(
  work: WorkQueue,
  ids: readonly number[],
  claim: Claim,
  { reason, retry, dead }: Failure,
): Promise<Failed> {
  const now = work.now();
  const failed = { delayed: 0, ready: 0, dead: 0 };
  for (const job of claimed(work, ids, claim)) {
    job.queue.rates.count("failed", now);
    const pause = retry ?? backoff(job, work.random);
    // To fail makes room, so it is never refused; but no reason is kept for which there is none.
    const kept = reasonIn(work, reason);
    work.change(job, () => job.fail(now + pause, pause > 0, dead, kept));
    // One that has expired will not be tried again either.
    const state = work.jobs.get(job.id)?.state;
    failed[(state ?? "dead") as keyof Failed]++;
    if (state === "dead") {
      const why = reason === "" ? "." : `: ${reason}`;
      work.results.dead(job.id, `Job ${job.id} is dead${why}`);
    }
    serve(work, job.queue);
  }
  await work.journal.settled();
  return failed;
}

/** A lease begins anew. Resolves with its length in ms. */
export async function extend(
  work: WorkQueue,
  id: number,
  claim: Claim,
  lease: number | undefined,
): Promise<number> {
  const [job] = claimed(work, [id], claim);
  const length = lease ?? job.kind.lease;
  await work.change(job, () => job.extend(work.now() + length));
  return length;
}

/** A job goes back, the attempt not counted. Resolves with its state. */
export async function release(
  work: WorkQueue,
  id: number,
  claim: Claim,
  delay: number,
): Promise<"ready" | "delayed"> {
  const [job] = claimed(work, [id], claim);
  const ready = delay > 0 ? work.now() + delay : undefined;
  const written = work.change(job, () => job.release(ready));
  serve(work, job.queue);
  await written;
  return ready === undefined ? "ready" : "delayed";
}

/** The jobs of these numbers, each once, if this client has taken all of them. */
function claimed(work: WorkQueue, ids: readonly number[], claim: Claim): Job[] {
  work.mayChange();
  if (ids.length === 1) return [taken(work.job(ids[0]), claim)];
  const jobs = [...new Set(ids)].map((id) => taken(work.job(id), claim));
  if (claim.attempt !== undefined && jobs.length > 1) {
    throw notTaken("attempt= is the attempt of a single job; name one job at a time with it.");
  }
  return jobs;
}

function taken(job: Job, { client, attempt }: Claim): Job {
  const { id, state, holder } = job;
  if (state !== "taken") throw notTaken(`Job ${id} is not taken: it is ${state}.`);
  if (attempt !== undefined) {
    if (attempt === job.attempt) return job;
    throw notTaken(`Job ${id} is taken, and attempt ${attempt} is not the present one.`);
  }
  if (holder === undefined || holder === client || holder.closed) return job;
  throw notTaken(`Job ${id} was taken by another connection; give attempt= where it is yours.`);
}

/**
 * How long until the next attempt: twice as long after each, of which the half is up to chance, so that jobs that failed
 * together do not come back together ("equal jitter": Brooker, Exponential Backoff And Jitter, AWS 2015).
 */
function backoff({ kind, used }: Job, random: () => number): number {
  if (kind.backoff === 0) return 0;
  const pause = longestPause(kind.backoff, used);
  return Math.max(1, Math.round(pause * (1 + random()) / 2));
}
