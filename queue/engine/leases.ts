// Workers report on the jobs that they hold: DONE, FAIL, EXTEND, RELEASE.

import { longestPause } from "../backoff.ts";
import type { Refusal } from "../../protocol/errors.ts";
import type { Job } from "../index/job.ts";
import type { JobsView } from "../index/jobs.ts";
import { notTaken } from "../refusals.ts";
import type { JournalView } from "../store/journal.ts";
import type { CapacityCheck } from "./capacity.ts";
import type { AttemptFailure, Claim, FailedCounts } from "./engine.ts";
import { countedAttempts } from "./lifecycle.ts";
import type { QueueClock } from "./queue_clock.ts";
import type { Transitions } from "./transitions.ts";

/** The parts that leases work with. */
interface LeaseParts {
  readonly jobs: JobsView;
  readonly transitions: Transitions;
  readonly journal: JournalView;
  readonly capacity: CapacityCheck;
  readonly clock: QueueClock;
  /** A number from 0 up to 1. */
  readonly random: () => number;
}

/** Jobs are done: all, or none if one of them is not taken by this client. */
export async function done(
  parts: LeaseParts,
  ids: readonly number[],
  claim: Claim,
  result: Uint8Array,
): Promise<void> {
  const { transitions, capacity, clock } = parts;
  const endsAt = clock.now() + capacity.max.resultTime;
  const jobs = claimed(parts, ids, claim);
  await transitions.changeAll(jobs, { kind: "done", result, endsAt });
}

/** Jobs failed: all, or none if one of them is not taken by this client. */
export async function fail(
  parts: LeaseParts,
  ids: readonly number[],
  claim: Claim,
  { reason, retry, dead, rank }: AttemptFailure,
): Promise<FailedCounts> {
  const { transitions, clock, random } = parts;
  const now = clock.now();
  const counts = { delayed: 0, ready: 0, dead: 0 };
  await transitions.changeEach(claimed(parts, ids, claim), (job) => {
    const pause = retry ?? backoff(job, random);
    return { kind: "fail", readyAt: now + pause, delayed: pause > 0, dead, reason, rank };
  }, (id) => {
    // A job that has expired will not be tried again either.
    const state = parts.jobs.get(id)?.state ?? "dead";
    counts[state as keyof FailedCounts]++;
  });
  return counts;
}

/** A lease begins anew. Resolves with its length in ms. */
export async function extend(
  parts: LeaseParts,
  id: number,
  claim: Claim,
  lease: number | undefined,
): Promise<number> {
  const [job] = claimed(parts, [id], claim);
  const length = lease ?? job.options.lease;
  await parts.transitions.change(job, { kind: "extend", endsAt: parts.clock.now() + length });
  return length;
}

/** A job goes back, and the attempt does not count. Resolves with its state. */
export async function release(
  parts: LeaseParts,
  id: number,
  claim: Claim,
  delay: number,
  rank?: number,
): Promise<"ready" | "delayed"> {
  const [job] = claimed(parts, [id], claim);
  const readyAt = delay > 0 ? parts.clock.now() + delay : undefined;
  await parts.transitions.change(job, { kind: "release", readyAt, rank });
  return readyAt === undefined ? "ready" : "delayed";
}

/** The jobs with these ids, each once, if this client has taken all of them. */
export function claimed(
  { transitions }: Pick<LeaseParts, "transitions">,
  ids: readonly number[],
  claim: Claim,
): readonly Job[] {
  if (ids.length === 1) return [held(transitions.job(ids[0]), claim)];
  const jobs = [...new Set(ids)].map((id) => held(transitions.job(id), claim));
  if (claim.attempt !== undefined && jobs.length > 1) {
    throw oneAttempt();
  }
  return jobs;
}

/** The refusal of several jobs with one attempt. */
export function oneAttempt(): Refusal {
  return notTaken("attempt= is the attempt of a single job; name one job at a time with it.");
}

/** The job, if this client has taken it. */
function held(job: Job, { client, attempt }: Claim): Job {
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
 * The pause before the next attempt: twice as long after each attempt. Half of it is up to chance, so that jobs that failed
 * together do not come back together ("equal jitter": Brooker, Exponential Backoff And Jitter, AWS 2015).
 */
function backoff(job: Job, random: () => number): number {
  const { backoff } = job.options;
  if (backoff === 0) return 0;
  const pause = longestPause(backoff, countedAttempts(job));
  return Math.max(1, Math.round(pause * (1 + random()) / 2));
}
