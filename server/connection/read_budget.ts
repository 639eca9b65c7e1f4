// Who sends much, or costs much although it is mostly refused, is read one after another, so that all of them together
// take no more of a turn of the event loop than one of them may.

import type { LoopYield } from "../../net/loop_yield.ts";

// To refuse so many takes half a millisecond or less, as does to read so many KiB.
const REQUESTS_A_TURN = 64;

/** The line of those that wait to be read. */
export class ReadBudget {
  readonly #turns: LoopYield;
  readonly #waiting: (() => void)[] = [];
  #left = REQUESTS_A_TURN;
  /** Whether one is being read now. */
  #taken = false;
  #asked = false;

  constructor(turns: LoopYield) {
    this.#turns = turns;
  }

  /** Resolves when it is the caller's turn, who then says what it `took`; at once where there is time left and nobody waits. */
  enter(): Promise<void> | undefined {
    if (this.#left > 0 && !this.#taken) {
      this.#taken = true;
      return undefined;
    }
    this.#ask();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** So many requests were taken, or KiB: the next one may be read, if that leaves time. */
  took(requests: number): void {
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

  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    this.#turns.next(() => {
      this.#asked = false;
      this.#left = REQUESTS_A_TURN;
      if (!this.#taken) this.#next();
      if (this.#waiting.length > 0) this.#ask();
    });
  }
}
