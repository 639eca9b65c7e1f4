// All jobs by id and by queue, each where its state puts it.

import { BYTES, type Memory, textBytes } from "../memory.ts";
import type { JobProgress, JobState, StoredJob } from "../store/job_fields.ts";
import type { Deadlines } from "./deadlines.ts";
import type { CountedEvent } from "./event_rates.ts";
import type { Job } from "./job.ts";
import type { JobExtras, JobHistory, JobHolder } from "./job_page.ts";
import type { JobTable } from "./job_table.ts";
import { type Counts, type KeyState, noJobs, Queue, type QueueView } from "./queue.ts";
import { SetAside } from "./set_aside.ts";
import { NONE } from "./slots.ts";
import { SortedNames } from "./sorted_names.ts";

/**
 * All jobs. Each change of a job is one call, which leaves every index, count and deadline right: counting costs nothing,
 * finding and changing a job O(log n).
 */
export class Jobs {
  readonly counts: Counts = noJobs();
  /** How often each event has happened to jobs since the start. */
  readonly events: Record<CountedEvent, number> = { put: 0, taken: 0, done: 0, failed: 0 };
  /** How many ready jobs are urgent. */
  urgent = 0;
  readonly queues = new Map<string, Queue>();
  /** The names of the queues. */
  readonly names = new SortedNames();
  readonly #table: JobTable;
  readonly #memory: Memory;
  readonly #deadlines: Deadlines<number>;
  readonly #expiries: Deadlines<JobExtras>;

  /**
   * Starts with an empty table. `deadlines` gets the slots of jobs that are delayed, taken or done, `expiries` the jobs
   * that can expire.
   */
  constructor(table: JobTable, deadlines: Deadlines<number>, expiries: Deadlines<JobExtras>) {
    this.#table = table;
    this.#memory = table.memory;
    this.#deadlines = deadlines;
    this.#expiries = expiries;
  }

  /** How many jobs there are. */
  get size(): number {
    return this.#table.size;
  }

  /** The job with an id. */
  get(id: number): Job | undefined {
    return this.#table.get(id);
  }

  /** The order of jobs, by slot. */
  get isBefore(): (a: number, b: number) => boolean {
    return this.#table.wasReadyBefore;
  }

  /** The job in a slot. */
  at(slot: number): Job {
    return this.#table.at(slot);
  }

  /** All jobs, by id. */
  [Symbol.iterator](): Generator<Job, void, void> {
    return this.#table[Symbol.iterator]();
  }

  /** Adds a job; its id must be above all before it. */
  add(stored: StoredJob): Job {
    const queue = this.queue(stored.queue);
    const keyState = queue.key(stored.key);
    const job = this.#table.add(stored, keyState.share(stored));
    queue.ids.add(job.id);
    if (stored.unique !== "") queue.claimName(stored.unique, job.id);
    this.#attach(job, keyState);
    return job;
  }

  /** A job has come further; `holder` is the connection that has taken it. */
  update(job: Job, progress: JobProgress, holder?: JobHolder): void {
    this.#update(job, this.keyOf(job), progress, holder);
  }

  /** As `update`, for a job that is taken: `inTurn` if it is the next of its queue. Its key is charged for it. */
  take(job: Job, progress: JobProgress, holder: JobHolder, inTurn: boolean): void {
    const keyState = this.keyOf(job);
    const { order } = keyState.queue;
    if (inTurn) order.take();
    else if (job.state === "ready") order.takeOutOfTurn(job.slot);
    keyState.takes++;
    this.#update(job, keyState, progress, holder);
  }

  /** As `update`, for a job whose consumer did not learn of it: its key gets back what it was charged. */
  untake(job: Job, progress: JobProgress): void {
    const keyState = this.keyOf(job);
    keyState.queue.order.refund(job.slot);
    keyState.takes--;
    this.#update(job, keyState, progress, undefined);
  }

  /** As `update`, for a job whose result, of this size, takes the place of its body. */
  finish(job: Job, progress: JobProgress, size: number): void {
    const keyState = this.keyOf(job);
    this.#detach(job, keyState);
    this.#table.update(job, progress, undefined);
    this.#table.setSize(job, size);
    this.#attach(job, keyState);
  }

  /** Removes a job. */
  remove(job: Job): void {
    const { unique } = job;
    const keyState = this.keyOf(job);
    const { queue } = keyState;
    this.#detach(job, keyState);
    queue.ids.remove(job.id);
    if (unique !== "") queue.releaseName(unique);
    this.#table.delete(job);
    queue.keys.update(keyState);
    queue.forget(keyState);
    this.forget(queue);
  }

  /** Something happens to a job that its queue counts. */
  countEvent(job: Job, event: CountedEvent, now: number): void {
    this.events[event]++;
    this.keyOf(job).queue.rates.count(event, now);
  }

  /** The history of a job, to be changed. */
  historyOf({ slot }: Job): JobHistory {
    const had = this.#table.extrasOf(slot);
    if (had?.history !== undefined) return had.history;
    const before = bytesOf(had);
    const extras = this.#table.madeExtrasOf(slot);
    extras.history = { delay: 0, timeouts: 0, releases: 0, buries: 0, kicks: 0 };
    this.#memory.kept += bytesOf(extras) - before;
    return extras.history;
  }

  /** A consumer waits for jobs of a queue. */
  addConsumer(name: string): void {
    this.queue(name).consumers++;
  }

  /** A consumer of a queue no longer waits. Returns how many still do. */
  removeConsumer(name: string): number {
    const queue = this.queue(name);
    const left = --queue.consumers;
    this.forget(queue);
    return left;
  }

  /** The key of a job, to be changed. */
  keyOf({ slot }: Job): KeyState {
    return this.#table.optionsOf(slot).key;
  }

  #update(
    job: Job,
    keyState: KeyState,
    progress: JobProgress,
    holder: JobHolder | undefined,
  ): void {
    this.#detach(job, keyState);
    this.#table.update(job, progress, holder);
    this.#attach(job, keyState);
  }

  /** A job goes where its state puts it. */
  #attach(job: Job, keyState: KeyState): void {
    const { state, slot } = job;
    const extras = this.#table.extrasOf(slot);
    this.#count(keyState, state, 1);
    this.#memory.kept += bytesOf(extras);
    keyState.queue.keys.update(keyState);
    if (state === "ready") {
      if (this.#table.isUrgent(slot)) this.#countUrgent(keyState, 1);
      keyState.queue.order.push(slot);
    } else {
      if (job.hasDeadline) this.#deadlines.add(slot);
      if (state === "delayed" || state === "dead") {
        (keyState.aside ??= new SetAside(this.#table)).add(slot, state);
      }
    }
    if (extras !== undefined && extras.expiresAt > 0) {
      if (state === "ready" || state === "delayed") this.#expiries.add(extras);
    }
  }

  /** A job leaves the place where its state has put it. */
  #detach(job: Job, keyState: KeyState): void {
    const { state, slot } = job;
    const extras = this.#table.extrasOf(slot);
    if (extras !== undefined && extras.place !== -1) this.#expiries.remove(extras);
    if (state === "ready") {
      if (this.#table.isUrgent(slot)) this.#countUrgent(keyState, -1);
    } else if (state === "delayed" || state === "dead") keyState.aside!.remove(slot, state);
    if (this.#table.placeOf(slot) !== NONE) {
      if (state === "ready") keyState.queue.order.remove(slot);
      else this.#deadlines.remove(slot);
    }
    this.#count(keyState, state, -1);
    this.#memory.kept -= bytesOf(extras);
  }

  #count(keyState: KeyState, state: JobState, change: number): void {
    const { queue } = keyState;
    queue.counts[state] += change;
    this.counts[state] += change;
    keyState.count(state, change);
    if (state === "taken") queue.updateBlocked(keyState);
  }

  #countUrgent(keyState: KeyState, change: number): void {
    this.urgent += change;
    keyState.queue.urgent += change;
    keyState.urgent += change;
  }

  /** The queue of a name, made if there is none. */
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

  /** Forgets a queue if it is empty. */
  forget(queue: Queue): void {
    if (!queue.isEmpty || this.queues.get(queue.name) !== queue) return;
    this.queues.delete(queue.name);
    this.names.delete(queue.name);
    this.#memory.kept -= BYTES.queue + textBytes(queue.name);
  }
}

/** The jobs as every module but the transitions sees them: it can change neither a job nor a queue. */
export interface JobsView extends Pick<Jobs, "get" | "at" | typeof Symbol.iterator> {
  readonly isBefore: (a: number, b: number) => boolean;
  readonly size: number;
  readonly counts: Readonly<Counts>;
  readonly events: Readonly<Record<CountedEvent, number>>;
  readonly urgent: number;
  readonly queues: ReadonlyMap<string, QueueView>;
  readonly names: Iterable<string> & Pick<SortedNames, "after">;
}

/** The jobs as the consumers see them: a queue counts its consumers, and exists as long as it has one. */
export type ConsumedJobs = JobsView & Pick<Jobs, "addConsumer" | "removeConsumer">;

/** The jobs as the limits see them: queues and keys hold limits, and exist as long as they do. */
export type LimitedJobs = JobsView & Pick<Jobs, "queue" | "keyOf" | "forget">;

/** The memory of a job. */
function bytesOf(extras: JobExtras | undefined): number {
  if (extras === undefined) return BYTES.job;
  const history = extras.history === undefined ? 0 : BYTES.history;
  const texts = textBytes(extras.unique) + textBytes(extras.trace) + textBytes(extras.reason) +
    textBytes(extras.past);
  return BYTES.job + BYTES.extras + history + texts;
}
