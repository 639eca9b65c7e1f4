// Connections that send much, or are mostly refused, are read one after another. All of them together get the time in a
// turn of the event loop that one of them may have.

import type { LoopYield } from "../../net/loop_yield.ts";

// Cost model: this many refusals take at most half a millisecond, and so does reading this many KiB.
const REQUESTS_A_TURN = 64;

/** The queue of connections that wait to be read. */
export class ReadBudget {
  readonly #turns: LoopYield;
  readonly #waiting: (() => void)[] = [];
  #left = REQUESTS_A_TURN;
  /** Whether one is being read now. */
  #taken = false;
  #renewing = false;

  constructor(turns: LoopYield) {
    this.#turns = turns;
  }

  /** Resolves at the caller's turn; then the caller calls `spend`. `undefined` where it may read at once. */
  enter(): Promise<void> | undefined {
    if (this.#left > 0 && !this.#taken) {
      this.#taken = true;
      return undefined;
    }
    this.#renew();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Counts the requests (or KiB) that were taken. The next connection may be read, if time is left. */
  spend(requests: number): void {
    this.#left -= requests;
    this.#taken = false;
    if (this.#left > 0) this.#next();
  }

  #next(): void {
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#taken = true;
    next();
  }

  #renew(): void {
    if (this.#renewing) return;
    this.#renewing = true;
    this.#turns.next(() => {
      this.#renewing = false;
      this.#left = REQUESTS_A_TURN;
      if (!this.#taken) this.#next();
      if (this.#waiting.length > 0) this.#renew();
    });
  }
}
