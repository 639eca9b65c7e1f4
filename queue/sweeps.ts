// What is done to many jobs of a queue: a slice at a time, so that nobody else waits for a million of them.

import type { Client } from "../server/handlers.ts";
import type { Job } from "./job.ts";
import { serve } from "./take.ts";
import type { State } from "./store.ts";
import type { WorkQueue } from "./work_queue.ts";

/** How many jobs a slice looks at: while there is such work the runtime looks at sockets after ten slices or so. */
const SLICE = 100;
/** After so many slices what they changed is stored before more is changed: a commit costs as much as thousands of changes. */
const SLICES_A_COMMIT = 40;
/** How many jobs LIST looks at before it answers with what it has. */
const LOOKS = 10_000;

/** Which jobs of a queue are meant. */
export interface Chosen {
  readonly queue: string;
  readonly state: State | undefined;
  readonly key: string | undefined;
}

/** Who asks for it, and whether still. */
export interface Asker {
  readonly client: Client;
  readonly signal: AbortSignal;
}

/** A page of jobs. */
export interface Page {
  readonly jobs: readonly Job[];
  /** The number behind which the next page begins; `undefined` where there is none. */
  readonly after: number | undefined;
}

/** The jobs with numbers above `after`, at most `max`, by number: those that come and go meanwhile change no other page. */
export function list(work: WorkQueue, chosen: Chosen, max: number, after: number): Page {
  const roll = work.jobs.queues.get(chosen.queue)?.roll;
  const jobs: Job[] = [];
  let looked = 0;
  while (roll !== undefined) {
    const ids = roll.page(after, SLICE);
    for (const id of ids) {
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
    work.change(job, () => job.revive(work.now()));
  });
}

async function sweep(
  work: WorkQueue,
  chosen: Chosen,
  { client, signal }: Asker,
  how: (job: Job) => void,
): Promise<number> {
  // Or it would go on for as long as others put jobs.
  const last = work.lastId;
  let count = 0;
  for (let after = 0, slices = 1;; slices++) {
    await work.slices.turn(client, signal);
    signal.throwIfAborted();
    work.mayChange();
    const queue = work.jobs.queues.get(chosen.queue);
    const ids = queue?.roll.page(after, SLICE) ?? [];
    for (const id of ids) {
      after = id;
      const job = work.jobs.get(id)!;
      if (id > last || !matches(job, chosen)) continue;
      how(job);
      count++;
    }
    if (queue !== undefined) serve(work, queue);
    const whole = ids.length < SLICE || after >= last;
    // The store sets the pace, or what is to be written would grow.
    if (whole || slices % SLICES_A_COMMIT === 0) await work.journal.settled();
    if (whole) return count;
  }
}

function matches(job: Job, { state, key }: Chosen): boolean {
  return (state === undefined || job.state === state) && (key === undefined || job.key === key);
}
