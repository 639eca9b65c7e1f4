import type { Clock } from "../../scheduling/clock.ts";
import { Heap, ownPlaces, type Placed, type Places } from "./heap.ts";

/** Where what has a deadline keeps it. */
export interface Times<T> extends Places<T> {
  /** When, on the clock. */
  dueOf(item: T): number;
}

/** What knows its own deadline. */
export interface Due extends Placed {
  readonly due: number;
}

/** The deadlines of items that know them. */
export const ownTimes: Times<Due> = { ...ownPlaces, dueOf: (item) => item.due };

// Timers of JavaScript hold 31 bits of milliseconds: for what is further away the alarm rings early and is set again.
const FURTHEST = 2 ** 30;
/** How many items are due in one turn of the event loop: a million that are due at once shall not hold it. */
const AT_ONCE = 500;

/** Many deadlines, one timer. */
export class Deadlines<T> {
  readonly #heap: Heap<T>;
  readonly #times: Times<T>;
  readonly #clock: Clock;
  readonly #onDue: (items: readonly T[]) => void;
  readonly #most: number;
  /** When the timer rings; too early where the first was removed, never too late. */
  #rings = Infinity;
  #stopped = false;
  #stopTimer: (() => void) | undefined = undefined;

  /** `onDue` is called with those whose time has come, at most so many a turn, which then have no deadline any more. */
  constructor(
    clock: Clock,
    times: Times<T>,
    onDue: (items: readonly T[]) => void,
    most: number = AT_ONCE,
  ) {
    this.#heap = new Heap((a, b) => times.dueOf(a) < times.dueOf(b), times);
    this.#times = times;
    this.#clock = clock;
    this.#onDue = onDue;
    this.#most = most;
  }

  /** Adds what has no deadline yet. */
  add(item: T): void {
    this.#heap.add(item);
    if (this.#times.dueOf(item) < this.#rings) this.#setTimer();
  }

  /** How many have one. */
  get size(): number {
    return this.#heap.size;
  }

  /** Takes one out. */
  remove(item: T): void {
    this.#heap.remove(item);
  }

  /** Rings now where the timer is late, as it is in a busy process. */
  catchUp(): void {
    if (!this.#stopped && this.#first <= this.#clock.now()) this.#ring();
  }

  /** Stops: nothing is due any more. */
  stop(): void {
    this.#stopTimer?.();
    this.#stopped = true;
  }

  /** The first deadline; Infinity where there is none. */
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
    const delay = Math.min(Math.max(0, Math.ceil(first - this.#clock.now())), FURTHEST);
    this.#rings = first;
    this.#stopTimer = this.#clock.after(delay, () => this.#ring());
  }

  #ring(): void {
    const now = this.#clock.now();
    // Not before the end: what is done to one may give others deadlines.
    this.#rings = -Infinity;
    const items: T[] = [];
    while (items.length < this.#most && this.#first <= now) {
      const first = this.#heap.first!;
      this.#heap.remove(first);
      items.push(first);
    }
    if (items.length > 0) this.#onDue(items);
    this.#setTimer();
  }
}
