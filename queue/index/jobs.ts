// The jobs by number and by queue, each where its state puts it.

import type { Deadlines } from "./deadlines.ts";
import type { Job, JobExtras } from "./job.ts";
import type { JobTable } from "./job_table.ts";
import { BYTES, type Memory, textBytes } from "../memory.ts";
import { type Counts, noJobs, Queue } from "./queue.ts";
import { SortedNames } from "./sorted_names.ts";
import type { StoredJob } from "../store/store.ts";

/** All jobs; counting costs nothing, finding and moving one O(log n). */
export class Jobs {
  readonly counts: Counts = noJobs();
  readonly queues = new Map<string, Queue>();
  /** The names of the queues. */
  readonly names = new SortedNames();
  readonly #table: JobTable;
  readonly #memory: Memory;
  readonly #deadlines: Deadlines<number>;
  readonly #expiries: Deadlines<JobExtras>;

  /**
   * None yet, in an empty table; `deadlines` get the slots of those that are delayed, taken or done, `expiries` those that
   * will expire.
   */
  constructor(table: JobTable, deadlines: Deadlines<number>, expiries: Deadlines<JobExtras>) {
    this.#table = table;
    this.#memory = table.memory;
    this.#deadlines = deadlines;
    this.#expiries = expiries;
  }

  /** How many there are. */
  get size(): number {
    return this.#table.size;
  }

  /** The job of a number. */
  get(id: number): Job | undefined {
    return this.#table.get(id);
  }

  /** All of them, by number. */
  [Symbol.iterator](): Generator<Job, void, void> {
    return this.#table[Symbol.iterator]();
  }

  /** A new job; `put` follows. */
  add(stored: StoredJob): Job {
    const queue = this.queue(stored.queue);
    const job = this.#table.add(stored, queue.tenant(stored.key).kind(stored));
    queue.roll.add(job.id);
    if (stored.unique !== "") queue.claim(stored.unique, job.id);
    return job;
  }

  /** A lifted job is gone. */
  delete(job: Job): void {
    const { queue, tenant, unique } = job;
    queue.roll.remove(job.id);
    if (unique !== "") queue.releaseName(unique);
    this.#table.delete(job);
    queue.keys.update(tenant);
    queue.forget(tenant);
    this.forget(queue);
  }

  /** A job goes where its state puts it. */
  put(job: Job): void {
    const { state, queue, extras } = job;
    this.#count(job, 1);
    this.#memory.kept += bytesOf(extras);
    queue.keys.update(job.tenant);
    if (state === "ready") queue.order.push(job);
    else if (job.hasDeadline) this.#deadlines.add(job.slot);
    if (
      extras !== undefined && extras.expiresAt > 0 && (state === "ready" || state === "delayed")
    ) {
      this.#expiries.add(extras);
    }
  }

  /** A job leaves where its state has put it, for that to change; `put` or `delete` follows. */
  detach(job: Job): void {
    const { state, queue, extras } = job;
    if (extras !== undefined && extras.place !== -1) this.#expiries.remove(extras);
    if (job.isPlaced) {
      if (state === "ready") queue.order.remove(job);
      else this.#deadlines.remove(job.slot);
    }
    this.#count(job, -1);
    this.#memory.kept -= bytesOf(extras);
  }

  #count(job: Job, change: number): void {
    const { state, queue, tenant } = job;
    queue.counts[state] += change;
    this.counts[state] += change;
    tenant.count(state, change);
    if (state === "taken") queue.review(tenant);
  }

  /** The queue of a name. */
  queue(name: string): Queue {
    let queue = this.queues.get(name);
    if (queue === undefined) {
      queue = new Queue(name, this.#table);
      this.queues.set(name, queue);
      this.names.add(name);
      this.#memory.kept += BYTES.queue + textBytes(name);
    }
    return queue;
  }

  /** A queue may be empty now. */
  forget(queue: Queue): void {
    if (!queue.empty || this.queues.get(queue.name) !== queue) return;
    this.queues.delete(queue.name);
    this.names.delete(queue.name);
    this.#memory.kept -= BYTES.queue + textBytes(queue.name);
  }
}

/** What a job takes. */
function bytesOf(extras: JobExtras | undefined): number {
  if (extras === undefined) return BYTES.job;
  return BYTES.job + BYTES.extras + textBytes(extras.unique) + textBytes(extras.reason);
}
