/**
 * The part of a value that is left after some time: each time constant divides it by e.
 *
 * @param elapsed the time that passed, in the unit of the time constant
 * @param timeConstant above 0
 */
export function decay(elapsed: number, timeConstant: number): number {
  return Math.exp(-elapsed / timeConstant);
}

/** A sum of amounts, each of which counts less as it grows older. */
export class DecayingSum {
  readonly #timeConstant: number;
  #sum = 0;
  #addedAt = 0;

  /** @param timeConstant in milliseconds, see {@linkcode decay} */
  constructor(timeConstant: number) {
    this.#timeConstant = timeConstant;
  }

  /** Adds an amount. */
  add(amount: number, now: number): void {
    this.#sum = this.at(now) + amount;
    this.#addedAt = now;
  }

  /** The sum at a time that is not before the last addition. */
  at(now: number): number {
    return this.#sum * decay(now - this.#addedAt, this.#timeConstant);
  }
}
