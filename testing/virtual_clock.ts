// A clock for tests.

import { after, LONGEST_WAIT } from "../net/timer.ts";
import type { Clock } from "../scheduling/clock.ts";

/** One action that is due at a time. A cancelled one keeps its place in the heap until it surfaces. */
interface Alarm {
  readonly at: number;
  readonly order: number;
  action: (() => void) | undefined;
}

/** 2020-01-01T00:00:00Z: a plausible epoch, so that code which expects large times meets them. */
const START = 1_577_836_800_000;

/** The turns of the event loop that `elapse` grants the code after each action. */
const TURNS = 2;

const { setImmediate } = globalThis as { setImmediate?: (action: () => void) => unknown };

/** Waits for a turn of the event loop. A message takes ten times as long, and is there in browsers too. */
const immediate = (): Promise<void> =>
  new Promise((resolve) => {
    if (setImmediate !== undefined) return void setImmediate(resolve);
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      port2.close();
      resolve();
    };
    port2.postMessage(null);
  });

/**
 * A clock on which time passes only when a test says so. It stands at the year 2020 first.
 *
 * Actions run in order of time, those of one moment in the order in which they were set. An action may set and cancel
 * others, also for the present moment. `advance` is for code that only calls back; `elapse` also lets promises settle in
 * between.
 *
 * @example
 * ```ts
 * import { VirtualClock } from "@lineup/lineup/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const clock = new VirtualClock();
 * let isLate = false;
 * clock.after(60_000, () => isLate = true);
 * clock.advance(59_999);
 * assertEquals(isLate, false);
 * clock.advance(1);
 * assertEquals(isLate, true);
 * ```
 */
export class VirtualClock implements Clock {
  #now: number;
  #ahead = 0;
  #late = 0;
  #order = 0;
  #pending = 0;
  #heap: Alarm[] = [];

  /** Begins at `start`, in ms since the Unix epoch. Default: 2020-01-01. */
  constructor(start: number = START) {
    this.#now = start;
  }

  /** The number of actions that are set and neither ran nor were cancelled. */
  get pending(): number {
    return this.#pending;
  }

  /** The time in ms since the Unix epoch. */
  now(): number {
    // The same number object for each look, as long as nothing is late: tests measure what a ticket takes.
    return this.#late === 0 ? this.#now : this.#now + this.#late;
  }

  /** The time of day in ms since the Unix epoch. */
  wall(): number {
    return this.now() + this.#ahead;
  }

  /**
   * Lets `ms` milliseconds pass without running an action, as in a busy event loop: every action is late by that
   * time.
   */
  late(ms: number): void {
    this.#late += ms;
  }

  /** Moves the time of day by `ms`, forward or back. A suspend moves it forward while no other time passes. */
  setWall(ms: number): void {
    this.#ahead += ms;
  }

  /**
   * Calls `action` once, `delay` ms from now; never for `Infinity`. The function returned cancels it. As on the clock of
   * this machine, a long wait consists of several timers.
   */
  after(delay: number, action: () => void): () => void {
    return after(delay, action, this.setTimer);
  }

  /** As `setTimeout`: a wait of more than 2³¹ - 1 ms fires at once. The function returned cancels it. */
  readonly setTimer: (ms: number, action: () => void) => () => void = (ms, action) => {
    const delay = ms > LONGEST_WAIT ? 1 : Math.max(0, ms);
    const alarm: Alarm = { at: this.#now + delay, order: this.#order++, action };
    this.#insert(alarm);
    this.#pending++;
    return () => {
      if (alarm.action === undefined) return;
      alarm.action = undefined;
      this.#pending--;
    };
  };

  /** Runs the earliest action if it is due by `limit`, and moves the time to it. Returns whether it ran one. */
  step(limit: number = Infinity): boolean {
    while (this.#heap.length > 0 && this.#heap[0].action === undefined) this.#removeFirst();
    if (this.#heap.length === 0 || this.#heap[0].at > limit) return false;
    const alarm = this.#removeFirst();
    this.#now = alarm.at;
    const action = alarm.action!;
    alarm.action = undefined;
    this.#pending--;
    action();
    return true;
  }

  /** Lets `ms` milliseconds pass, at once. */
  advance(ms: number): void {
    const limit = this.#now + ms;
    while (this.step(limit));
    this.#now = limit;
  }

  /** Lets `ms` milliseconds pass, and lets all promises settle that this resolves. */
  async elapse(ms: number): Promise<void> {
    const limit = this.#now + ms;
    do {
      for (let i = 0; i < TURNS; i++) await immediate();
    } while (this.step(limit));
    this.#now = limit;
  }

  /** Runs until nothing is set. Throws `Error` after `most` actions, for code that never rests. */
  run(most: number = Infinity): void {
    for (let i = 0; this.step(); i++) {
      if (i >= most) throw new Error(`still busy after ${most} actions`);
    }
  }

  #insert(alarm: Alarm): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isBefore(heap[parent], alarm)) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = alarm;
  }

  #removeFirst(): Alarm {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop()!;
    const size = heap.length;
    if (size === 0) return first;
    let at = 0;
    for (let child = 1; child < size; child = 2 * at + 1) {
      if (child + 1 < size && isBefore(heap[child + 1], heap[child])) child++;
      if (isBefore(last, heap[child])) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Alarm, b: Alarm): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
