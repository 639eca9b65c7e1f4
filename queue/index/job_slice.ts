// Work on many jobs goes in slices: what one slice leaves is done in later turns of the event loop.

import type { Clock } from "../../scheduling/clock.ts";

/** Calls `go` once the event loop has looked after everything else. */
export type Yield = (go: () => void) => void;

/** How many jobs a slice has at most, and for how many ms it goes on. */
const MOST = { jobs: 500, ms: 2 };
/** After how many jobs a slice looks at the clock: that costs as much as to move a job. */
const STRIDE = 16;

/** How much of a slice is left. Some jobs take much longer than others, so a slice is bounded by time as well. */
export class JobSlice {
  readonly #clock: Clock;
  readonly #end: number;
  #spent = 0;
  #isOver = false;

  /** Begins a slice at `now` on the clock. */
  constructor(clock: Clock, now: number = clock.now()) {
    this.#clock = clock;
    this.#end = now + MOST.ms;
  }

  /** Whether nothing is left. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Counts a job that was looked at or changed. Returns whether the slice is over. */
  spend(): boolean {
    this.#spent++;
    const isLate = this.#spent % STRIDE === 0 && this.#clock.now() >= this.#end;
    if (isLate || this.#spent === MOST.jobs) this.#isOver = true;
    return this.#isOver;
  }
}
