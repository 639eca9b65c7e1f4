/** The least cost, in milliseconds: with a cost of 0 a flow would go first for ever. */
export const LEAST_COST = 0.001;

/**
 * What a request of one command will cost: the moving average of what the last ones did.
 *
 * The prior counts as the first sample, so that the average of the first samples is a plain mean;
 * later ones weigh `smoothing` each.
 *
 * @example
 * ```ts
 * import { CostEstimate } from "@lineup/lineup/scheduling";
 * import { assertEquals } from "@std/assert";
 *
 * const cost = new CostEstimate();
 * assertEquals(cost.value, 1);
 * cost.learn(3);
 * assertEquals(cost.value, 2);
 * ```
 */
export class CostEstimate {
  /** The expected cost, in milliseconds of a seat; never 0. */
  value: number;
  #samples = 1;
  #enough: number;
  #smoothing: number;

  /**
   * Starts from a guess.
   *
   * @param prior the cost to assume before anything is known, in milliseconds (default 1)
   * @param smoothing the weight of a new sample, above 0 and at most 1 (default 0.1)
   * @throws {RangeError} where a number is outside its range
   */
  constructor(prior: number = 1, smoothing: number = 0.1) {
    if (!(prior > 0)) throw new RangeError(`prior must be above 0, not ${prior}`);
    if (!(smoothing > 0 && smoothing <= 1)) {
      throw new RangeError(`smoothing must be above 0 and at most 1, not ${smoothing}`);
    }
    this.value = prior;
    this.#smoothing = smoothing;
    this.#enough = 1 / smoothing;
  }

  /** Takes in what a request did cost, in milliseconds of a seat. Time: O(1). */
  learn(actual: number): void {
    const gain = this.#samples < this.#enough ? 1 / ++this.#samples : this.#smoothing;
    this.value = Math.max(LEAST_COST, this.value + gain * (actual - this.value));
  }
}
