// What is done to many jobs of a queue: a slice at a time, so that nobody else waits for a million of them.

import type { Context } from "../../server/request/handlers.ts";
import type { Job } from "../index/job.ts";
import { roomForRow } from "./capacity.ts";
import { serve } from "./take.ts";
import type { State } from "../store/store.ts";
import type { WorkQueue } from "./work_queue.ts";

/** How many jobs a slice looks at, at most. */
const SLICE = 100;
/** For how many ms a slice goes on: a job that brings a key of its own takes as long as many others. */
const SLICE_MS = 2;
/** After how many jobs a slice looks at the clock. */
const STRIDE = 16;
/** After so many changes they are stored before more is changed: a commit costs as much as thousands of changes. */
const CHANGES_A_COMMIT = 4_000;
/** How many jobs LIST looks at before it answers with what it has. */
const LOOKS = 10_000;

/** Which jobs of a queue are meant. */
export interface Chosen {
  readonly queue: string;
  readonly state: State | undefined;
  readonly key: string | undefined;
}

/** Who asks for it, and whether still. */
export type Asker = Pick<Context, "client" | "signal" | "park">;

/** A page of jobs. */
export interface Page {
  readonly jobs: readonly Job[];
  /** The number behind which the next page begins; `undefined` where there is none. */
  readonly after: number | undefined;
}

/** The jobs with numbers above `after`, at most `max`, by number: those that come and go meanwhile change no other page. */
export function list(work: WorkQueue, chosen: Chosen, max: number, after: number): Page {
  const roll = work.jobs.queues.get(chosen.queue)?.roll;
  const all = countOf(work, chosen);
  const jobs: Job[] = [];
  let looked = 0;
  while (roll !== undefined && jobs.length < all) {
    const ids = roll.page(after, SLICE);
    for (const id of ids) {
      if (jobs.length === all) break;
      if (jobs.length === max || looked++ === LOOKS) return { jobs, after };
      after = id;
      const job = work.jobs.get(id)!;
      if (matches(job, chosen)) jobs.push(job);
    }
    if (ids.length < SLICE) break;
  }
  return { jobs, after: undefined };
}

/** Jobs are gone. Resolves with how many once that is stored. */
export async function purge(work: WorkQueue, chosen: Chosen, asker: Asker): Promise<number> {
  return await sweep(work, chosen, asker, (job) => {
    const { id } = job;
    work.remove(job);
    work.results.dead(id, `Job ${id} was purged.`);
  });
}

/** Dead jobs are ready and have all their attempts again. Resolves with how many once that is stored. */
export async function revive(work: WorkQueue, queue: string, asker: Asker): Promise<number> {
  const chosen: Chosen = { queue, state: "dead", key: undefined };
  return await sweep(work, chosen, asker, (job) => {
    roomForRow(work);
    work.change(job, () => job.revive(work.now()));
  });
}

async function sweep(
  work: WorkQueue,
  chosen: Chosen,
  asker: Asker,
  how: (job: Job) => void,
): Promise<number> {
  const { signal } = asker;
  // Or it would go on for as long as others put jobs.
  const last = work.lastId;
  return await work.slices.run(asker, async (turn) => {
    let count = 0;
    let unstored = 0;
    for (let after = 0;;) {
      // Where there is nothing left to do it needs no turn.
      if (countOf(work, chosen) > 0) await turn();
      signal.throwIfAborted();
      work.mayChange();
      const queue = work.jobs.queues.get(chosen.queue);
      const begun = work.now();
      const ids = queue === undefined || countOf(work, chosen) === 0
        ? []
        : queue.roll.page(after, SLICE);
      let looked = 0;
      for (const id of ids) {
        if (looked > 0 && looked % STRIDE === 0 && work.now() - begun >= SLICE_MS) break;
        looked++;
        after = id;
        const job = work.jobs.get(id)!;
        if (id > last || !matches(job, chosen)) continue;
        how(job);
        count++;
        unstored++;
      }
      if (queue !== undefined) serve(work, queue);
      const whole = (looked === ids.length && ids.length < SLICE) || after >= last;
      // The store sets the pace, or what is to be written would grow.
      if (whole || unstored >= CHANGES_A_COMMIT) {
        await work.journal.settled();
        unstored = 0;
      }
      if (whole) return count;
    }
  });
}

/** How many jobs are meant, at this moment. */
function countOf({ jobs }: WorkQueue, { queue: name, state, key }: Chosen): number {
  const queue = jobs.queues.get(name);
  if (queue === undefined) return 0;
  if (key === undefined) return state === undefined ? queue.roll.size : queue.counts[state];
  const tenant = queue.find(key);
  if (tenant === undefined) return 0;
  return state === undefined ? tenant.size : tenant[state];
}

function matches(job: Job, { state, key }: Chosen): boolean {
  return (state === undefined || job.state === state) && (key === undefined || job.key === key);
}
