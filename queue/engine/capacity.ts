// How much there may be of everything that clients can make more of. Each method throws `busy` if there is no room.

import { BYTES, type Memory, WAITING_SHARE } from "../memory.ts";
import type { Job } from "../index/job.ts";
import type { JobsView } from "../index/jobs.ts";
import type { QueueView } from "../index/queue.ts";
import { busy, noRows } from "../refusals.ts";
import type { Store } from "../store/store.ts";
import type { StoreRoom } from "./store_room.ts";

/** How much there may be. */
export interface Capacity {
  /** Bytes of memory, of which `WAITING_SHARE` is for requests that wait. */
  readonly maxMemory: number;
  readonly maxJobs: number;
  readonly maxQueues: number;
  readonly maxTakers: number;
  readonly maxRules: number;
  readonly maxSchedules: number;
  readonly maxResults: number;
  /** How long results are kept, in ms. */
  readonly resultTime: number;
}

/** The share of an engine in the bounds of all. */
export interface Holdings {
  readonly memory: Memory;
  readonly jobs: { readonly size: number; readonly queues: { readonly size: number } };
  readonly consumers: { readonly size: number };
  readonly results: { readonly size: number; readonly waiting: number };
  readonly limits: { readonly size: number };
  readonly pauses: { readonly size: number };
  readonly schedules: { readonly size: number };
}

/** Asks whether there is room, in memory and in the store. */
export class CapacityCheck {
  readonly max: Capacity;
  readonly storeRoom: StoreRoom;
  readonly #own: Memory;
  readonly #all: readonly Holdings[];
  readonly #store: Store;

  /** The engines in `all` have room for `max` together; `own` is the memory of this one. */
  constructor(
    max: Capacity,
    own: Memory,
    all: readonly Holdings[],
    store: Store,
    storeRoom: StoreRoom,
  ) {
    this.max = max;
    this.storeRoom = storeRoom;
    this.#own = own;
    this.#all = all;
    this.#store = store;
  }

  /** The bytes of memory that this engine holds: those it counts, and those of a store in memory. */
  get held(): number {
    return this.#own.kept + this.#own.waiting + (this.#store.held?.() ?? 0);
  }

  /** The bytes of memory that all hold for anything but requests that wait. */
  get kept(): number {
    let sum = this.#store.held?.() ?? 0;
    for (const { memory } of this.#all) sum += memory.kept;
    return sum;
  }

  /** The bytes of memory that all hold for requests that wait. */
  get waiting(): number {
    return this.#sum(({ memory }) => memory.waiting);
  }

  /** How many results all keep. */
  get results(): number {
    return this.#sum(({ results }) => results.size);
  }

  #sum(of: (holdings: Holdings) => number): number {
    let sum = 0;
    for (const each of this.#all) sum += of(each);
    return sum;
  }

  /** The memory of a result of this size, in bytes. */
  bytesOfResult(size: number): number {
    return BYTES.job + (this.#store.held === undefined ? 0 : BYTES.kept + size);
  }

  /** Whether more may be kept in memory. */
  get hasMemory(): boolean {
    return this.kept < this.max.maxMemory * (1 - WAITING_SHARE);
  }

  /** More is kept in memory. */
  forMemory(): void {
    if (this.hasMemory) return;
    throw busy(
      `The queue holds ${this.kept} bytes in memory, and its maxMemory is ${this.max.maxMemory}, some of which is for ` +
        "requests that wait; DONE, DROP and PURGE make room.",
    );
  }

  /** New jobs with bodies of so many bytes are stored. */
  forBody(bytes: number): void {
    if (this.storeRoom.hasForJob(bytes)) return;
    throw busy(
      `The disk, or the size that the queue's file may have, leaves room for ${this.storeRoom.reported?.left} bytes of new jobs; ` +
        "DONE, DROP and PURGE make room.",
    );
  }

  /** A change of a job or queue is stored, with so many bytes. Changes that make room need not ask. */
  forRow(bytes: number = 0): void {
    if (!this.storeRoom.hasForRow(bytes)) throw noRows();
  }

  /** A job is put into a queue, for a key. */
  forJob(jobs: JobsView, name: string, key: string, bytes: number): void {
    this.forMemory();
    this.forBody(bytes);
    const { maxJobs } = this.max;
    let count = 0;
    for (const { jobs } of this.#all) count += jobs.size;
    if (count >= maxJobs) throw busy(`There are ${maxJobs} jobs, as many as may be.`);
    const queue = jobs.queues.get(name);
    if (queue === undefined) this.forQueues(jobs, [name]);
    else forDepth(queue, key);
  }

  /** Jobs are done with a result of this size. It takes the place of the body: only the bytes beyond that need room. */
  forResults(jobs: readonly Job[], size: number): void {
    const keeping = jobs.filter(({ options }) => options.keep);
    const more = keeping.reduce((sum, job) => sum + Math.max(0, size - job.size), 0);
    if (more > 0) this.forBody(more);
    // The result is stored before the body is removed.
    if (keeping.length > 0) this.forRow(size * keeping.length);
  }

  /** These queues are named by a request that makes them. */
  forQueues({ queues }: JobsView, names: readonly string[]): void {
    if (names.every((name) => queues.has(name))) return;
    this.forMemory();
    const { maxQueues } = this.max;
    if (this.#sum(({ jobs }) => jobs.queues.size) + names.length <= maxQueues) return;
    throw busy(`There may be ${maxQueues} queues, and there is no room for another.`);
  }

  /** One more queue or key has limits, or a pause that is not stored. */
  forLimits(): void {
    const { maxRules } = this.max;
    const limited = this.#sum(({ limits, pauses }) => limits.size + pauses.size);
    if (limited >= maxRules) throw busy(`${maxRules} queues and keys have limits, as many as may.`);
  }

  /** One more schedule. */
  forSchedule(): void {
    const { maxSchedules } = this.max;
    if (this.#sum(({ schedules }) => schedules.size) >= maxSchedules) {
      throw busy(`There are ${maxSchedules} schedules, as many as may be.`);
    }
  }

  /** One more request waits for a job or a result. */
  forWaiting(): void {
    const { maxTakers, maxMemory } = this.max;
    const requests = this.#sum(({ consumers, results }) => consumers.size + results.waiting);
    if (requests >= maxTakers) throw busy(`${maxTakers} requests wait for a job, as many as may.`);
    const most = maxMemory * WAITING_SHARE;
    const { waiting } = this;
    if (waiting < most) return;
    throw busy(
      `Requests that wait hold ${waiting} bytes in memory, and may hold ${most}, a share of maxMemory.`,
    );
  }

  /** Whether there is room to keep a reason, in memory and in the store. */
  keepsReason(reason: string): boolean {
    return this.hasMemory && this.storeRoom.hasForText(reason.length);
  }
}

/** The queue or the key has as many unfinished jobs as its limit allows. */
function forDepth(queue: QueueView, name: string): void {
  const depth = queue.limits?.limits.depth ?? 0;
  if (depth > 0 && queue.unfinished >= depth) {
    throw busy(
      `${queue.name} is full: it has ${queue.unfinished} unfinished jobs, and its depth is ${depth}.`,
    );
  }
  const key = queue.find(name);
  const keyDepth = key?.limits?.limits.depth ?? 0;
  if (keyDepth > 0 && key!.unfinished >= keyDepth) {
    const jobs = `${key!.unfinished} unfinished jobs in ${queue.name}`;
    throw busy(`${name} has ${jobs}, and the depth of that key is ${keyDepth}.`);
  }
}
