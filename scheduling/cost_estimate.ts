import { decay } from "./decay.ts";

/** The least cost, in milliseconds: with a cost of 0 a flow would go first for ever. */
export const LEAST_COST = 0.001;
/** One sample counts as so many times the estimate at most, and this much more, in milliseconds. */
const MOST_TIMES = 16;
const MOST_MORE = 1;
/** Without samples an estimate comes closer to its prior, by e in this time, in milliseconds. */
const FADE_MS = 10_000;
/** So young an estimate has not faded by a hundredth: reading it costs nothing. */
const FRESH_MS = 100;

/**
 * What a request of one command will cost: the moving average of what the last ones did.
 *
 * The prior counts as the first sample, so that the average of the first samples is a plain mean;
 * later ones weigh `smoothing` each. A single sample never says much: one that is far above the
 * estimate counts as 16 times the estimate and a millisecond. Without samples the estimate fades to
 * the prior, so what once was slow is not taken for slow for ever.
 *
 * @example
 * ```ts
 * import { CostEstimate } from "@lineup/lineup/scheduling";
 * import { assert, assertEquals } from "@std/assert";
 *
 * const cost = new CostEstimate();
 * assertEquals(cost.value, 1);
 * cost.learn(3, 0);
 * assertEquals(cost.value, 2);
 * cost.learn(1e6, 0);
 * assert(cost.value < 13);
 * assert(cost.at(60_000) < 1.1);
 * ```
 */
export class CostEstimate {
  /** The expected cost when it was last told one, in milliseconds of a seat; never 0. */
  value: number;
  readonly #prior: number;
  #learnt = 0;
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
    this.#prior = prior;
    this.#smoothing = smoothing;
    this.#enough = 1 / smoothing;
  }

  /** The expected cost at a time, in milliseconds of a seat. Time: O(1). */
  at(now: number): number {
    const idle = now - this.#learnt;
    if (idle < FRESH_MS) return this.value;
    return this.#prior + (this.value - this.#prior) * decay(idle, FADE_MS);
  }

  /**
   * Takes in what a request did cost. Time: O(1).
   *
   * @param actual the cost, in milliseconds of a seat
   * @param now the time, in milliseconds (default: when it was told the last one)
   */
  learn(actual: number, now: number = this.#learnt): void {
    const value = this.at(now);
    const most = MOST_TIMES * value + MOST_MORE;
    const gain = this.#samples < this.#enough ? 1 / ++this.#samples : this.#smoothing;
    const next = value + gain * ((actual < most ? actual : most) - value);
    this.#learnt = now;
    this.value = next > LEAST_COST ? next : LEAST_COST;
  }
}
