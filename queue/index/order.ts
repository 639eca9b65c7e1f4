// In which order the ready jobs of a queue are taken.

import { Backlog } from "./backlog.ts";
import { FairOrder } from "./fair_order.ts";
import type { OrderedKey, OrderedOptions, SlotTable } from "./slots.ts";

/**
 * The ready jobs of one queue, by slot: priorities by weight, in a priority the keys in turn, in a key first in, first out.
 *
 * While all jobs have the same priority and key, as in most queues, a backlog is enough.
 */
export class Order {
  readonly #table: SlotTable;
  #backlog: Backlog;
  #fair: FairOrder | undefined = undefined;

  /** Starts empty. */
  constructor(table: SlotTable) {
    this.#table = table;
    this.#backlog = new Backlog(table);
  }

  /** How many jobs it has. */
  get size(): number {
    return (this.#fair ?? this.#backlog).size;
  }

  /** When the job that has been ready for longest became so; `undefined` if it is empty. */
  get oldest(): number | undefined {
    if (this.#fair !== undefined) return this.#fair.oldest;
    const { first } = this.#backlog;
    return first === undefined ? undefined : this.#table.readyAtOf(first);
  }

  /** The slot of the job that is next; `undefined` if there is none, or none may be taken. */
  get next(): number | undefined {
    if (this.#fair !== undefined) return this.#fair.next;
    const { first } = this.#backlog;
    if (first === undefined) return undefined;
    return this.#table.optionsOf(first).key.blocked ? undefined : first;
  }

  /** The slot of a job that is next, or would be if its key were not blocked; `undefined` if there is none. */
  get first(): number | undefined {
    return this.#fair === undefined ? this.#backlog.first : this.#fair.first;
  }

  /** The slot of the next job of these keys; `undefined` if there is none, or none may be taken. */
  nextOf(keys: Iterable<OrderedKey>): number | undefined {
    if (this.#fair !== undefined) return this.#fair.nextOf(keys);
    const { next } = this;
    const owner = next === undefined ? undefined : this.#table.optionsOf(next).key;
    for (const key of keys) if (key === owner) return next;
  }

  /** The slot of the first ready job of a key. */
  firstOf(key: OrderedKey): number | undefined {
    if (this.#fair !== undefined) return this.#fair.firstOf(key);
    const { first } = this.#backlog;
    if (first !== undefined && this.#table.optionsOf(first).key === key) return first;
  }

  /** When the job of a key that has been ready for longest became so; `undefined` if it has none. */
  oldestOf(key: OrderedKey): number | undefined {
    if (this.#fair !== undefined) return this.#fair.oldestOf(key);
    const first = this.firstOf(key);
    return first === undefined ? undefined : this.#table.readyAtOf(first);
  }

  /** A job is ready: its place in its key follows from when it became so. */
  push(slot: number): void {
    if (this.#fair === undefined) {
      const { first } = this.#backlog;
      if (
        first === undefined || isAlike(this.#table.optionsOf(first), this.#table.optionsOf(slot))
      ) {
        this.#backlog.add(slot);
        return;
      }
      this.#fair = new FairOrder(this.#table, this.#backlog);
      this.#backlog = new Backlog(this.#table);
    }
    this.#fair.push(slot);
  }

  /** Removes the next job, and charges its key for it. */
  take(): void {
    if (this.#fair !== undefined) {
      this.#fair.take();
      this.#discardEmpty();
    } else this.#backlog.remove(this.#backlog.first!);
  }

  /** Removes a job that need not be the next one, and charges its key for it. */
  takeOutOfTurn(slot: number): void {
    if (this.#fair === undefined) this.#backlog.remove(slot);
    else {
      this.#fair.takeOutOfTurn(slot);
      this.#discardEmpty();
    }
  }

  /** Removes a job that is not taken. */
  remove(slot: number): void {
    if (this.#fair === undefined) this.#backlog.remove(slot);
    else {
      this.#fair.remove(slot);
      this.#discardEmpty();
    }
  }

  /** A job was not taken after all: takes back what its key was charged. */
  refund(slot: number): void {
    this.#fair?.refund(slot);
  }

  /** A key is blocked, or no longer, or has another weight. */
  update(key: OrderedKey): void {
    this.#fair?.update(key);
  }

  // An empty order resets the state of fairness.
  #discardEmpty(): void {
    if (this.#fair!.size > 0) return;
    this.#fair!.discard();
    this.#fair = undefined;
  }
}

function isAlike(a: OrderedOptions, b: OrderedOptions): boolean {
  return a.key === b.key && a.priority === b.priority;
}
