// LIST text=: reads the bodies of jobs, some at a time, and stops early: a page costs the same however many jobs there are.

import { Buffer } from "node:buffer";
import { JobSlice } from "../index/job_slice.ts";
import type { StoredJob } from "../store/job_fields.ts";
import type { ReadBody } from "../store/body_reads.ts";
import type { Bodies } from "./bodies.ts";
import type { Caller } from "./caller.ts";
import type { JobList, ListFilter } from "./engine.ts";
import { Cursor, type SweepParts } from "./sweeps.ts";

/** A page ends after so many jobs, or bytes of bodies, that were looked at. */
const MOST = { jobs: 1_000, bytes: 8 << 20 };
/** So many bodies are read at once. */
const BATCH = { jobs: 100, bytes: 1 << 20 };
/** A page ends after so many jobs that do not even match by state and key. */
const MOST_PASSED = 10_000;

/** The parts that a search works with. */
interface SearchParts extends SweepParts {
  readonly bodies: Bodies;
}

/** As `listJobs`, for jobs with a text in their body or their name. */
export function searchJobs(
  { jobs, journal, clock, scheduler, bodies }: SearchParts,
  filter: ListFilter & { readonly text: string },
  max: number,
  after: number,
  caller: Caller,
): Promise<JobList> {
  const text = Buffer.from(filter.text);
  const cursor = new Cursor(jobs, filter, after);
  return scheduler.run(caller, async (turn) => {
    const found: StoredJob[] = [];
    const looked = { jobs: 0, bytes: 0 };
    let last = after;
    while (!cursor.isAtEnd) {
      await turn();
      caller.signal.throwIfAborted();
      const batch = nextBatch(cursor, new JobSlice(clock));
      const read = await readAll(batch, bodies, journal);
      for (const [i, job] of batch.entries()) {
        last = job.id;
        if (job.unique.includes(filter.text) || hasText(read[i], text)) found.push(job);
        if (found.length === max) {
          const isLast = i === batch.length - 1 && (cursor.isAtEnd || !cursor.hasMore);
          return { jobs: found, after: isLast ? undefined : last };
        }
        looked.bytes += job.size;
      }
      looked.jobs += batch.length;
      last = cursor.after;
      const isFull = looked.jobs >= MOST.jobs || looked.bytes >= MOST.bytes ||
        cursor.looks >= MOST_PASSED;
      if (isFull && !cursor.isAtEnd) return { jobs: found, after: last };
    }
    return { jobs: found, after: undefined };
  });
}

/** The next jobs that match but for the text. */
function nextBatch(cursor: Cursor, slice: JobSlice): StoredJob[] {
  const batch: StoredJob[] = [];
  let bytes = 0;
  for (const job of cursor.matching(slice)) {
    batch.push(job.stored());
    bytes += job.size;
    if (batch.length === BATCH.jobs || bytes >= BATCH.bytes) break;
  }
  return batch;
}

async function readAll(
  batch: readonly StoredJob[],
  bodies: Bodies,
  journal: SweepParts["journal"],
): Promise<(ReadBody | undefined)[]> {
  const read: (ReadBody | undefined)[] = batch.map(({ id }) => bodies.get(id));
  const missing = batch.flatMap(({ id }, i) => read[i] === undefined ? [{ id, i }] : []);
  if (missing.length === 0) return read;
  const stored = await journal.read(missing.map(({ id }) => id));
  for (const [at, { i }] of missing.entries()) read[i] = stored[at];
  return read;
}

/** A body that cannot be read, or is gone by now, has no text. */
function hasText(body: ReadBody | undefined, text: Buffer): boolean {
  if (!(body instanceof Uint8Array)) return false;
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).includes(text);
}
