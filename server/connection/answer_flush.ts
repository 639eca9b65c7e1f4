// When the answers of one connection are written: together for one read, and refusals perhaps later.

import type { Output } from "../../net/output.ts";

/** Decides when to flush the output of one connection. */
export class AnswerFlush {
  /** Requests are being taken from what was read: all that they answer at once goes out in one write behind them. */
  taking = false;
  readonly #output: Output;
  readonly #throttle: { readonly holdsBackRefusals: boolean };
  /** Something was answered that must go out although refusals wait. */
  #urgent = false;

  /** While `throttle` holds them back, refusals wait for other answers to go out with. */
  constructor(output: Output, throttle: { readonly holdsBackRefusals: boolean }) {
    this.#output = output;
    this.#throttle = throttle;
  }

  /** Something was answered while requests are taken: it goes out behind them. */
  answersNow(): void {
    this.#urgent = true;
  }

  /** A request is refused. */
  refused(): void {
    if (!this.#throttle.holdsBackRefusals) this.#urgent = true;
  }

  /** A request is answered; `turnedAway` where its answer may wait. */
  answered(turnedAway: boolean): void {
    if (this.taking) this.#urgent ||= !turnedAway;
    else {
      const mayWait = turnedAway && this.#throttle.holdsBackRefusals && !this.#urgent;
      if (!mayWait) this.#output.schedule();
      this.#urgent = false;
    }
  }

  /** All requests of a read are taken. */
  taken(): void {
    if (this.#urgent || !this.#throttle.holdsBackRefusals) this.#output.flush();
    this.#urgent = false;
  }
}
