import type { Clock } from "../scheduling/clock.ts";
import { Heap, type Placed } from "./heap.ts";

/** What has a deadline. */
export interface Due extends Placed {
  /** When, on the clock. */
  readonly due: number;
}

// Timers of JavaScript hold 31 bits of milliseconds: for what is further away the alarm rings early and is set again.
const FURTHEST = 2 ** 30;

/** Many deadlines, one timer. */
export class Deadlines<T extends Due> {
  readonly #heap: Heap<T> = new Heap<T>((a, b) => a.due < b.due);
  readonly #clock: Clock;
  readonly #onDue: (items: readonly T[]) => void;
  /** When the timer rings; too early where the first was removed, never too late. */
  #rings = Infinity;
  #stopped = false;
  #stopTimer: (() => void) | undefined = undefined;

  /** `onDue` is called with those whose time has come, which then have no deadline any more. */
  constructor(clock: Clock, onDue: (items: readonly T[]) => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Adds what has no deadline yet. */
  add(item: T): void {
    this.#heap.add(item);
    if (item.due < this.#rings) this.#setTimer();
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
    const { first } = this.#heap;
    if (first !== undefined && !this.#stopped && first.due <= this.#clock.now()) this.#ring();
  }

  /** Stops: nothing is due any more. */
  stop(): void {
    this.#stopTimer?.();
    this.#stopped = true;
  }

  #setTimer(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
    this.#rings = Infinity;
    const { first } = this.#heap;
    if (first === undefined || this.#stopped) return;
    const delay = Math.min(Math.max(0, Math.ceil(first.due - this.#clock.now())), FURTHEST);
    this.#rings = first.due;
    this.#stopTimer = this.#clock.after(delay, () => this.#ring());
  }

  #ring(): void {
    const now = this.#clock.now();
    // Not before the end: what is done to one may give others deadlines.
    this.#rings = -Infinity;
    const items: T[] = [];
    for (let first; (first = this.#heap.first) !== undefined && first.due <= now;) {
      this.#heap.remove(first);
      items.push(first);
    }
    if (items.length > 0) this.#onDue(items);
    this.#setTimer();
  }
}
