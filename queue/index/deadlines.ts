import type { Clock } from "../../scheduling/clock.ts";
import { Heap, ownPlaces, type Placed, type Places } from "./heap.ts";
import { JobSlice, type Yield } from "./job_slice.ts";

/** Where items keep their deadlines and their places. */
export interface DueTimes<T> extends Places<T> {
  /** When the item is due, on the clock. */
  dueOf(item: T): number;
}

/** An item that knows its own deadline. */
export interface Due extends Placed {
  readonly due: number;
}

/** The deadlines of items that know them. */
export const ownTimes: DueTimes<Due> = { ...ownPlaces, dueOf: (item) => item.due };

/** Many deadlines with one timer. Items that are due together come in slices. */
export class Deadlines<T> {
  readonly #heap: Heap<T>;
  readonly #times: DueTimes<T>;
  readonly #clock: Clock;
  readonly #yield: Yield;
  readonly #onDue: (items: Iterable<T>) => void;
  /** When the timer rings: too early if the first item was removed, never too late. */
  #rings = Infinity;
  #stopped = false;
  #stopTimer: (() => void) | undefined = undefined;

  /** `onDue` gets the items of a slice, in order; each leaves the deadlines as it is iterated. It iterates over all. */
  constructor(
    clock: Clock,
    times: DueTimes<T>,
    yieldTo: Yield,
    onDue: (items: Iterable<T>) => void,
  ) {
    this.#heap = new Heap((a, b) => times.dueOf(a) < times.dueOf(b), times);
    this.#times = times;
    this.#clock = clock;
    this.#yield = yieldTo;
    this.#onDue = onDue;
  }

  /** Adds an item without a deadline. */
  add(item: T): void {
    this.#heap.add(item);
    if (this.#times.dueOf(item) < this.#rings) this.#setTimer();
  }

  /** How many items have a deadline. */
  get size(): number {
    return this.#heap.size;
  }

  /** Removes an item that has a deadline. */
  remove(item: T): void {
    this.#heap.remove(item);
  }

  /** Rings now if the timer is late, as it is in a busy process. */
  catchUp(): void {
    if (this.#first <= this.#clock.now()) this.#ring();
  }

  /** No item is due any more. */
  stop(): void {
    this.#stopTimer?.();
    this.#stopped = true;
  }

  /** The first deadline; Infinity if there is none. */
  get #first(): number {
    const { first } = this.#heap;
    return first === undefined ? Infinity : this.#times.dueOf(first);
  }

  #setTimer(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#rings = Infinity;
    const first = this.#first;
    if (first === Infinity || this.#stopped) return;
    const delay = Math.max(0, Math.ceil(first - this.#clock.now()));
    this.#rings = first;
    this.#stopTimer = this.#clock.after(delay, this.#ring);
  }

  readonly #ring = (): void => {
    if (this.#stopped) return;
    const now = this.#clock.now();
    // Set no timer before the end: `onDue` may add deadlines.
    this.#rings = -Infinity;
    if (this.#first <= now) this.#onDue(this.#slice(now));
    if (this.#first <= now) this.#yield(this.#ring);
    else this.#setTimer();
  };

  *#slice(now: number): Generator<T, void, void> {
    const slice = new JobSlice(this.#clock, now);
    while (this.#first <= now) {
      const first = this.#heap.first!;
      this.#heap.remove(first);
      yield first;
      if (slice.spend()) return;
    }
  }
}
