// In which order the ready jobs of a queue are taken.

import { Backlog } from "./backlog.ts";
import { FairOrder } from "./fair_order.ts";
import type { Job } from "./job.ts";
import type { JobTable } from "./job_table.ts";
import type { SharedOptions } from "./job_options.ts";
import type { KeyState } from "./key_state.ts";

/**
 * The ready jobs of one queue: priorities by weight, in a priority the keys in turn, in a key first in, first out.
 *
 * While all are of one priority and key, as in most of many queues, there is nothing to be fair about, and a backlog is all
 * it takes.
 */
export class Order {
  readonly #table: JobTable;
  #alike: Backlog;
  #fair: FairOrder | undefined = undefined;

  /** Empty. */
  constructor(table: JobTable) {
    this.#table = table;
    this.#alike = new Backlog(table);
  }

  /** How many there are. */
  get size(): number {
    return (this.#fair ?? this.#alike).size;
  }

  /** Since when the one that has been ready for longest is so; `undefined` where there is none. */
  get oldest(): number | undefined {
    if (this.#fair !== undefined) return this.#fair.oldest;
    const { first } = this.#alike;
    return first === undefined ? undefined : this.#table.readyOf(first);
  }

  /** The job whose turn it is; `undefined` where there is none or none may be taken. */
  get next(): Job | undefined {
    if (this.#fair !== undefined) return this.#fair.next;
    const { first } = this.#alike;
    if (first === undefined) return undefined;
    const job = this.#table.at(first);
    return job.tenant.blocked ? undefined : job;
  }

  /** A job is ready: it has its place in its key by its `ready` time, its old one where that is what it was. */
  push(job: Job): void {
    if (this.#fair === undefined) {
      const { first } = this.#alike;
      if (first === undefined || alike(this.#table.kindOf(first), job.kind)) {
        this.#alike.add(job.slot);
        return;
      }
      this.#fair = new FairOrder(this.#table, this.#alike);
      this.#alike = new Backlog(this.#table);
    }
    this.#fair.push(job);
  }

  /** Somebody takes the `next`, for which its key is charged. */
  take(): Job {
    if (this.#fair !== undefined) {
      const job = this.#fair.take();
      this.#rest();
      return job;
    }
    const first = this.#alike.first!;
    this.#alike.remove(first);
    return this.#table.at(first);
  }

  /** A job leaves without being taken. */
  remove(job: Job): void {
    if (this.#fair === undefined) this.#alike.remove(job.slot);
    else {
      this.#fair.remove(job);
      this.#rest();
    }
  }

  /** A job was taken by nobody after all: its key gets back what it was charged. */
  refund(job: Job): void {
    this.#fair?.refund(job);
  }

  /** What a key may or its share has changed. */
  review(tenant: KeyState): void {
    this.#fair?.review(tenant);
  }

  // With nothing left nobody owes anything.
  #rest(): void {
    if (this.#fair!.size > 0) return;
    this.#fair!.forget();
    this.#fair = undefined;
  }
}

function alike(a: SharedOptions, b: SharedOptions): boolean {
  return a.tenant === b.tenant && a.priority === b.priority;
}
