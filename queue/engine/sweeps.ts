// Work on many jobs of a queue: LIST, PURGE, REVIVE. It goes in slices, between which other requests have their turn.

import type { Job } from "../index/job.ts";
import type { JobsView } from "../index/jobs.ts";
import { JobSlice } from "../index/job_slice.ts";
import type { JournalView } from "../store/journal.ts";
import type { StoredJob } from "../store/job_fields.ts";
import type { Caller } from "./caller.ts";
import type { JobFilter, JobList } from "./engine.ts";
import type { JobEvent } from "./lifecycle.ts";
import type { QueueClock } from "./queue_clock.ts";
import type { SliceScheduler } from "./slice_scheduler.ts";
import type { Transitions } from "./transitions.ts";

/** How many ids are read at once. */
const IDS = 100;
/** After so many changes they are stored before more is changed: a commit costs as much as thousands of changes. */
const CHANGES_PER_COMMIT = 4_000;
/** LIST looks at so many jobs, then answers with what it has. */
const MOST_LISTED = 10_000;

/** The parts that sweeps work with. */
export interface SweepParts {
  readonly jobs: JobsView;
  readonly transitions: Transitions;
  readonly journal: JournalView;
  readonly clock: QueueClock;
  readonly scheduler: SliceScheduler;
}

/** Lists jobs. Those with ids above `after` that match, at most `max`, by id. */
export async function listJobs(
  { jobs, clock, scheduler }: SweepParts,
  filter: JobFilter,
  max: number,
  after: number,
  caller: Caller,
): Promise<JobList> {
  const listing = new Listing(jobs, filter, max, after);
  // Most lists are short and need no turn of their own.
  if (listing.goOn(new JobSlice(clock))) return listing.list();
  return await scheduler.run(caller, async (turn) => {
    do {
      await turn();
      caller.signal.throwIfAborted();
    } while (!listing.goOn(new JobSlice(clock)));
    return listing.list();
  });
}

/** The same happens to all jobs that match and are there now. Resolves with how many once that is stored. */
export async function changeJobs(
  { jobs, transitions, journal, clock, scheduler }: SweepParts,
  filter: JobFilter,
  event: (now: number) => JobEvent,
  caller: Caller,
): Promise<number> {
  // Without jobs that are put meanwhile: there could be no end.
  const cursor = new Cursor(jobs, filter, 0, transitions.lastId);
  return await scheduler.run(caller, async (turn) => {
    let count = 0;
    let unstored = 0;
    for (;;) {
      // It needs no turn if there is nothing to do.
      if (countMatching(jobs, filter) > 0) await turn();
      caller.signal.throwIfAborted();
      transitions.ask();
      const now = clock.now();
      const slice = new JobSlice(clock, now);
      transitions.changeEach(cursor.matching(slice), () => event(now), () => {
        count++;
        unstored++;
      });
      // The store sets the pace, or the changes that are not written would pile up.
      if (cursor.isAtEnd || unstored >= CHANGES_PER_COMMIT) {
        await journal.settled();
        unstored = 0;
      }
      if (cursor.isAtEnd) return count;
    }
  });
}

/** Goes through the jobs of a queue by id, slice by slice. */
export class Cursor {
  /** The last id that was looked at. */
  after: number;
  /** How many jobs were looked at. */
  looks = 0;
  /** Whether no further job can match. */
  isAtEnd = false;
  readonly #jobs: JobsView;
  readonly #filter: JobFilter;
  readonly #last: number;

  /** Starts behind the id `after`, and ends with the id `last`. */
  constructor(jobs: JobsView, filter: JobFilter, after: number, last: number = Infinity) {
    this.#jobs = jobs;
    this.#filter = filter;
    this.after = after;
    this.#last = last;
  }

  /** Whether there are ids that were not looked at. */
  get hasMore(): boolean {
    const queue = this.#jobs.queues.get(this.#filter.queue);
    return queue !== undefined && queue.ids.page(this.after, 1).length > 0;
  }

  /** The jobs of one slice that match. Each may change as it is iterated. */
  *matching(slice: JobSlice): Generator<Job, void, void> {
    while (!slice.isOver) {
      const queue = this.#jobs.queues.get(this.#filter.queue);
      const isAny = countMatching(this.#jobs, this.#filter) > 0;
      const ids = isAny ? queue!.ids.page(this.after, IDS) : [];
      for (const id of ids) {
        if (id > this.#last) break;
        this.after = id;
        this.looks++;
        const job = this.#jobs.get(id);
        if (job !== undefined && matches(job, this.#filter)) yield job;
        if (slice.spend()) return;
      }
      if (ids.length < IDS || ids[ids.length - 1] > this.#last) {
        this.isAtEnd = true;
        return;
      }
    }
  }
}

/** A page of jobs as it grows. */
class Listing {
  readonly #jobs: JobsView;
  readonly #filter: JobFilter;
  readonly #max: number;
  readonly #cursor: Cursor;
  readonly #found: StoredJob[] = [];
  #isLast = false;

  constructor(jobs: JobsView, filter: JobFilter, max: number, after: number) {
    this.#jobs = jobs;
    this.#filter = filter;
    this.#max = max;
    this.#cursor = new Cursor(jobs, filter, after);
  }

  /** Adds the jobs of a slice. Returns whether the page is whole. */
  goOn(slice: JobSlice): boolean {
    const cursor = this.#cursor;
    // At most so many are still to be found: beyond them there is nothing to look for.
    let left = countMatching(this.#jobs, this.#filter) - this.#stillMatching;
    if (left > 0) {
      for (const job of cursor.matching(slice)) {
        this.#found.push(job.stored());
        if (--left === 0) break;
        if (this.#found.length === this.#max) break;
      }
    }
    const isFull = this.#found.length === this.#max || cursor.looks >= MOST_LISTED;
    this.#isLast = left <= 0 || cursor.isAtEnd || (isFull && !cursor.hasMore);
    return this.#isLast || isFull;
  }

  list(): JobList {
    return { jobs: this.#found, after: this.#isLast ? undefined : this.#cursor.after };
  }

  /** How many of the jobs that were found match still. */
  get #stillMatching(): number {
    let count = 0;
    for (const { id } of this.#found) {
      const job = this.#jobs.get(id);
      if (job !== undefined && matches(job, this.#filter)) count++;
    }
    return count;
  }
}

/** How many jobs match at this moment; perhaps fewer if only some keys are meant. */
function countMatching(
  { queues }: JobsView,
  { queue: name, state, key: keyName }: JobFilter,
): number {
  const queue = queues.get(name);
  if (queue === undefined) return 0;
  if (keyName === undefined) return state === undefined ? queue.ids.size : queue.counts[state];
  const key = queue.find(keyName);
  if (key === undefined) return 0;
  return state === undefined ? key.size : key[state];
}

function matches(job: Job, { state, key, keys }: JobFilter): boolean {
  return (state === undefined || job.state === state) &&
    (key === undefined || job.key === key) && (keys === undefined || keys.has(job.key));
}
