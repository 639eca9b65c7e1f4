// The jobs by number and by queue, each where its state puts it.

import type { Deadlines } from "./deadlines.ts";
import type { Job } from "./job.ts";
import { Line } from "./line.ts";
import { Order } from "./order.ts";
import type { State } from "./store.ts";

/** How many jobs there are in each state. */
export type Counts = Record<State, number>;

/** One queue: there while it holds a job or somebody waits for one. */
export interface Queue {
  readonly name: string;
  readonly counts: Counts;
  /** The ready jobs. */
  readonly order: Order;
  /** The requests that wait for one. */
  readonly line: Line;
}

/** All jobs; counting costs nothing, finding and moving one O(log n). */
export class Jobs {
  readonly counts: Counts = noJobs();
  readonly queues = new Map<string, Queue>();
  readonly #byId = new Map<number, Job>();
  readonly #deadlines: Deadlines<Job>;

  /** None yet; `deadlines` get those that are delayed or taken. */
  constructor(deadlines: Deadlines<Job>) {
    this.#deadlines = deadlines;
  }

  /** How many there are. */
  get size(): number {
    return this.#byId.size;
  }

  /** The job of a number. */
  get(id: number): Job | undefined {
    return this.#byId.get(id);
  }

  /** A new job goes where its state puts it. */
  add(job: Job): void {
    this.#byId.set(job.id, job);
    this.put(job);
  }

  /** A lifted job is gone. */
  delete(job: Job): void {
    this.#byId.delete(job.id);
    this.forget(job.queue);
  }

  /** A job goes where its state puts it. */
  put(job: Job): void {
    const { state } = job;
    const queue = this.queue(job.queue);
    queue.counts[state]++;
    this.counts[state]++;
    if (state === "ready") queue.order.push(job);
    else if (job.hasDeadline) this.#deadlines.add(job);
  }

  /** A job leaves where its state has put it, for that to change; `put` or `delete` follows. */
  lift(job: Job): void {
    const { state } = job;
    const queue = this.queues.get(job.queue)!;
    queue.counts[state]--;
    this.counts[state]--;
    if (job.place === -1) return;
    if (state === "ready") queue.order.remove(job);
    else this.#deadlines.remove(job);
  }

  /** The queue of a name. */
  queue(name: string): Queue {
    let queue = this.queues.get(name);
    if (queue === undefined) {
      queue = { name, counts: noJobs(), order: new Order(), line: new Line(name) };
      this.queues.set(name, queue);
    }
    return queue;
  }

  /** A queue may be empty now. */
  forget(name: string): void {
    const { counts, line } = this.queues.get(name)!;
    const { delayed, ready, taken, dead } = counts;
    if (delayed + ready + taken + dead + line.size === 0) this.queues.delete(name);
  }
}

function noJobs(): Counts {
  return { delayed: 0, ready: 0, taken: 0, dead: 0, done: 0 };
}
