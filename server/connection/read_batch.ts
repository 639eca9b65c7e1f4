// The requests of one read. They have the same time, and their answers are written together. Refusals may wait longer.

import type { Output } from "../../net/output.ts";

/** The requests that are being taken from the bytes of one read. */
export class ReadBatch {
  /** Whether requests are being taken. */
  taking = false;
  /** The time of the batch that is taken now, or was taken last. */
  now = 0;
  /** Whether the bytes of the read have a secret, and must not stay in memory. */
  hasSecret = false;
  readonly #output: Output;
  readonly #throttle: { readonly holdsBackRefusals: boolean };
  /** Something was answered that must go out although refusals wait. */
  #urgent = false;

  /** While `throttle` holds them back, refusals wait for another answer, and leave with it. */
  constructor(output: Output, throttle: { readonly holdsBackRefusals: boolean }) {
    this.#output = output;
    this.#throttle = throttle;
  }

  /** Requests are taken from now on. */
  begin(now: number): void {
    this.taking = true;
    this.now = now;
  }

  /** Nothing is taken until `begin`. */
  suspend(): void {
    this.taking = false;
  }

  /**
   * All requests of the read are taken. Their answers leave at the end of this turn, behind the reads of other
   * connections: a client that is woken by a write finds many answers there, and is not woken for each.
   */
  end(): void {
    if (this.#urgent || !this.#throttle.holdsBackRefusals) this.#output.schedule();
    this.#urgent = false;
  }

  /** Something was answered that must go out although refusals wait. */
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
}
