import type { Clock } from "./clock.ts";

/**
 * The time as it was first asked for in this turn of the microtasks: to ask the system costs as much as to move a job, and
 * what one event causes is done at one time.
 */
export class TurnClock {
  readonly #clock: Clock;
  #now: number | undefined = undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** As that of the clock, but older by as much as was done in this turn. */
  now(): number {
    if (this.#now !== undefined) return this.#now;
    queueMicrotask(this.#forget);
    return this.#now = this.#clock.now();
  }

  readonly #forget = (): void => {
    this.#now = undefined;
  };
}
