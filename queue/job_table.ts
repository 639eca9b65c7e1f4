import type { Job } from "./job.ts";

/** How many numbers a chunk spans. */
const CHUNK = 64;

/** Jobs whose numbers follow each other. */
interface Chunk {
  readonly jobs: (Job | undefined)[];
  size: number;
}

/**
 * Jobs by number. Numbers go up, so a map of small arrays takes a few bytes a job, a map of jobs about sixty; where but
 * one of many is left its chunk takes as much as ten jobs.
 */
export class JobTable {
  /** How many there are. */
  size = 0;
  // In the order of their numbers: what is added is in the last chunk or behind it.
  readonly #chunks = new Map<number, Chunk>();

  /** The job of a number. */
  get(id: number): Job | undefined {
    return this.#chunks.get(Math.floor(id / CHUNK))?.jobs[id % CHUNK];
  }

  /** Adds a job; its number is above all before it. */
  add(job: Job): void {
    const at = Math.floor(job.id / CHUNK);
    let chunk = this.#chunks.get(at);
    if (chunk === undefined) {
      // Of its full length and without holes: it grows no further.
      chunk = { jobs: new Array(CHUNK).fill(undefined), size: 0 };
      this.#chunks.set(at, chunk);
    }
    chunk.jobs[job.id % CHUNK] = job;
    chunk.size++;
    this.size++;
  }

  /** Takes one out. */
  delete(job: Job): void {
    const at = Math.floor(job.id / CHUNK);
    const chunk = this.#chunks.get(at)!;
    chunk.jobs[job.id % CHUNK] = undefined;
    this.size--;
    if (--chunk.size === 0) this.#chunks.delete(at);
  }

  /** All of them, by number. */
  *[Symbol.iterator](): Generator<Job, void, void> {
    for (const { jobs } of this.#chunks.values()) {
      for (const job of jobs) if (job !== undefined) yield job;
    }
  }
}
