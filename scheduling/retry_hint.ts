/** The options of a {@linkcode RetryHint}. */
export interface RetryHintOptions {
  /** Returns a number from 0 to 1, 1 excluded, such as `Math.random`. */
  random: () => number;
  /** The hint after a calm time, in milliseconds (default 100, the interval of CoDel). */
  least?: number;
  /** The longest hint before jitter, in milliseconds (default 32 000). */
  most?: number;
  /** How far jitter moves a hint in either direction, as a share of it (default 0.2). */
  jitter?: number;
}

/**
 * How long refused clients should stay away. The hint doubles while refusals go on, and shrinks by a second in each
 * second without one, like `dropped_requests_tracker.go` of Kubernetes' API Priority and Fairness. The jitter is ours:
 * clients that were refused together shall not return together.
 *
 * @example
 * ```ts
 * import { RetryHint } from "@lineup/lineup/scheduling";
 * import { assertEquals } from "@std/assert";
 *
 * const hint = new RetryHint({ random: () => 0.5 });
 * assertEquals(hint.next(0), 100);
 * assertEquals(hint.next(50), 100);
 * assertEquals(hint.next(100), 200); // a client that stayed away for 100 ms was refused again
 * assertEquals(hint.next(5_000), 100);
 * ```
 */
export class RetryHint {
  #random: () => number;
  #least: number;
  #most: number;
  #jitter: number;
  #hint: number;
  #raised = -Infinity;
  #refused = -Infinity;

  /** Starts calm. */
  constructor(options: RetryHintOptions) {
    this.#random = options.random;
    this.#least = options.least ?? 100;
    this.#most = options.most ?? 32_000;
    this.#jitter = options.jitter ?? 0.2;
    this.#hint = this.#least;
  }

  /**
   * Counts a refusal and returns its hint, in whole milliseconds.
   *
   * @param now the time, in milliseconds
   */
  next(now: number): number {
    const calm = now - this.#refused;
    this.#refused = now;
    if (calm >= 1_000 + this.#hint) {
      this.#hint = Math.max(this.#least, this.#hint - (calm - this.#hint));
      this.#raised = now;
    } else if (now - this.#raised >= this.#hint) {
      if (this.#raised !== -Infinity) this.#hint = Math.min(this.#most, 2 * this.#hint);
      this.#raised = now;
    }
    const spread = 1 + this.#jitter * (2 * this.#random() - 1);
    return Math.max(1, Math.round(this.#hint * spread));
  }
}
