import type { Clock } from "./clock.ts";

/**
 * A clock that stands still during one turn of the microtask queue: reading the clock of the system costs as much as
 * moving a job, and all effects of one event happen at one time.
 */
export class TurnClock {
  readonly #clock: Clock;
  #now: number | undefined = undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The time of the first call in this turn. */
  now(): number {
    if (this.#now !== undefined) return this.#now;
    queueMicrotask(this.#forget);
    return this.#now = this.#clock.now();
  }

  readonly #forget = (): void => {
    this.#now = undefined;
  };
}
