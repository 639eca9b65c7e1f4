import { decay } from "./decay.ts";

/** The least cost, in milliseconds: a flow whose requests cost 0 would always go first. */
export const LEAST_COST = 0.001;
/** A sample counts as at most this many times the estimate, and this many milliseconds more. */
const MAX_FACTOR = 16;
const MAX_EXTRA = 1;
/** The time constant, in milliseconds, with which an estimate without samples returns to its prior. */
const FADE_MS = 10_000;
/** Up to this age, in milliseconds, an estimate has faded by less than a hundredth, so reading it needs no decay. */
const FRESH_MS = 100;

/**
 * The expected cost of a request of one command: the moving average of the costs of the last ones.
 *
 * The prior counts as the first sample. The average of the first samples is a plain mean; later samples weigh
 * `smoothing` each. A single sample has little weight: it counts as at most 16 times the estimate and a millisecond.
 * Without samples the estimate fades to the prior, so a command that was slow once does not count as slow for ever.
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
  /** The expected cost at the time of the last sample, in milliseconds of a seat; never 0. */
  value: number;
  readonly #prior: number;
  #learntAt = 0;
  #samples = 1;
  #enough: number;
  #smoothing: number;

  /**
   * Starts from a guess.
   *
   * @param prior the cost to assume before anything is known, in milliseconds (default 1)
   * @param smoothing the weight of a new sample, above 0 and at most 1 (default 0.1)
   * @throws {RangeError} if a number is outside its range
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
    const idle = now - this.#learntAt;
    if (idle < FRESH_MS) return this.value;
    return this.#prior + (this.value - this.#prior) * decay(idle, FADE_MS);
  }

  /**
   * Takes the cost of a finished request. Time: O(1).
   *
   * @param actual the cost, in milliseconds of a seat
   * @param now the time, in milliseconds (default: the time of the last sample)
   */
  learn(actual: number, now: number = this.#learntAt): void {
    const value = this.at(now);
    const most = MAX_FACTOR * value + MAX_EXTRA;
    const gain = this.#samples < this.#enough ? 1 / ++this.#samples : this.#smoothing;
    const next = value + gain * ((actual < most ? actual : most) - value);
    this.#learntAt = now;
    this.value = next > LEAST_COST ? next : LEAST_COST;
  }
}
