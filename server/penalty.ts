// Who is refused and asks on all the same: not listened to for the time it was told to stay away, in the end closed.

import type { Clock } from "../scheduling/clock.ts";

// After so many refusals in a row one pause; after so many pauses the end.
const REFUSALS_A_PAUSE = 16;
const MOST_PAUSES = 8;

/** The refusals of one connection since a request of it was last served. */
export class Penalty {
  readonly #clock: Clock;
  #refusals = 0;
  #pauses = 0;
  #due = 0;
  #stop: () => void = () => {};
  #goOn: () => void = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whether a pause is due. */
  get due(): boolean {
    return this.#due > 0;
  }

  /** Whether there were so many pauses that another is of no use. */
  get exhausted(): boolean {
    return this.#pauses >= MOST_PAUSES;
  }

  /** A request was refused, and told not to come again for `retry` ms. */
  refused(retry: number): void {
    if (++this.#refusals % REFUSALS_A_PAUSE === 0) this.#due = Math.max(this.#due, retry);
  }

  /** A request was served. */
  served(): void {
    this.#refusals = this.#pauses = 0;
  }

  /** Takes the pause that is due. */
  pause(): Promise<void> {
    const time = this.#due;
    this.#due = 0;
    this.#pauses++;
    return new Promise((resolve) => {
      this.#goOn = resolve;
      this.#stop = this.#clock.after(time, resolve);
    });
  }

  /** Ends a pause that is under way. */
  cancel(): void {
    this.#stop();
    this.#goOn();
  }
}
