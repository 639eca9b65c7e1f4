/** How many requests may run at once. */
export interface Seats {
  /** The number, 1 or more. */
  readonly limit: number;
  /**
   * Called when a request has given its seat back.
   *
   * @param took how long it had the seat, in milliseconds
   * @param running how many requests ran when it did, itself included
   * @param now the time, in milliseconds
   */
  finished(took: number, running: number, now: number): void;
}

/**
 * A fixed number of seats: 1 for handlers that burn the processor in the event loop, the size of the
 * pool for handlers that run in one.
 *
 * @throws {RangeError} where the number is not a whole one from 1
 *
 * @example
 * ```ts
 * import { fixedSeats } from "@lineup/lineup/scheduling";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(fixedSeats(4).limit, 4);
 * ```
 */
export function fixedSeats(limit: number): Seats {
  if (!(Number.isInteger(limit) && limit >= 1)) {
    throw new RangeError(`seats must be a whole number from 1, not ${limit}`);
  }
  return { limit, finished: () => {} };
}

/** What shapes {@linkcode AdaptiveSeats}; the defaults are those of Netflix' Gradient2. */
export interface AdaptiveSeatsOptions {
  /** The fewest seats (default 4). Twice the number of workers is a good choice. */
  min?: number;
  /** The most seats (default 200). */
  max?: number;
  /** How many there are once the time without load is known, after the first window (default 20). */
  initial?: number;
  /** How far the time may grow before seats are taken away, as a factor (default 1.5). */
  tolerance?: number;
  /** The weight of a new limit beside the old one (default 0.2). */
  smoothing?: number;
  /** Seats that a good window adds (default 4; no more than the square root of what there are). */
  growth?: number;
  /** The time over which a mean is taken, in milliseconds (default 1 000) ... */
  window?: number;
  /** ... and the fewest requests it needs (default 10). */
  samples?: number;
}

/**
 * As many seats as keep the time that requests take near what it is without load: Gradient2 of
 * Netflix' concurrency-limits, for handlers that wait for something whose capacity is not known.
 *
 * Times run from the start of a request, not its arrival, so that waiting here is not taken for
 * slowness there. The limit does not grow while less than half of it is used. Unlike Gradient2, it
 * begins with the fewest seats, and learns that the time without load has grown only while few seats
 * are used or there are few: otherwise a long overload slowly becomes the new normal.
 *
 * @example
 * ```ts
 * import { AdaptiveSeats } from "@lineup/lineup/scheduling";
 * import { assert } from "@std/assert";
 *
 * const seats = new AdaptiveSeats({ initial: 100 });
 * // What took 10 ms takes 100 ms once all seats are taken.
 * for (let now = 0; now < 5_000; now += 10) seats.finished(10, 10, now);
 * for (let now = 5_000; now < 20_000; now += 10) seats.finished(100, seats.limit, now);
 * assert(seats.limit < 50);
 * ```
 */
export class AdaptiveSeats implements Seats {
  /** The present number of seats. */
  limit: number;
  #options: Required<AdaptiveSeatsOptions>;
  #exact: number;
  #unloaded = 0;
  #sum = 0;
  #count = 0;
  #busiest = 0;
  #until = -Infinity;

  /**
   * Starts with the initial limit.
   *
   * @throws {RangeError} unless 1 <= min <= initial <= max
   */
  constructor(options: AdaptiveSeatsOptions = {}) {
    const { min = 4, max = 200 } = options;
    const { initial = Math.min(Math.max(20, min), max), tolerance = 1.5, smoothing = 0.2 } =
      options;
    const { growth = 4, window = 1_000, samples = 10 } = options;
    if (!(1 <= min && min <= initial && initial <= max)) {
      throw new RangeError(`seats must be 1 <= min <= initial <= max: ${min}, ${initial}, ${max}`);
    }
    this.#options = { min, max, initial, tolerance, smoothing, growth, window, samples };
    this.#exact = min;
    this.limit = Math.floor(min);
  }

  /** Takes in how long a request had its seat. Time: O(1). */
  finished(took: number, running: number, now: number): void {
    if (this.#until === -Infinity) this.#until = now + this.#options.window;
    this.#sum += took;
    this.#count++;
    if (running > this.#busiest) this.#busiest = running;
    if (now < this.#until || this.#count < this.#options.samples) return;
    this.#adapt(this.#sum / this.#count, this.#busiest);
    this.#until = now + this.#options.window;
    this.#sum = 0;
    this.#count = 0;
    this.#busiest = 0;
  }

  #adapt(mean: number, busiest: number): void {
    const { min, max, initial, tolerance, smoothing, growth } = this.#options;
    const idle = busiest < this.#exact / 2;
    if (this.#unloaded === 0) {
      this.#unloaded = mean;
      this.#exact = initial;
    } else {
      // A limit that falls as steeply as below ends at 4: what takes long there is slow by itself.
      // And half of the time without load cannot be its noise: what was slow when it was learnt no longer is.
      const few = this.#exact <= Math.max(min, 4) + 1;
      if (few || mean < this.#unloaded / 2) this.#unloaded = mean;
      else if (idle || mean < this.#unloaded) this.#unloaded += 0.1 * (mean - this.#unloaded);
      if (idle) return;
      const gradient = Math.max(0.5, Math.min(1, tolerance * this.#unloaded / mean));
      const limit = this.#exact * gradient + Math.min(growth, Math.sqrt(this.#exact));
      const smooth = this.#exact * (1 - smoothing) + limit * smoothing;
      this.#exact = Math.max(min, Math.min(max, smooth));
    }
    this.limit = Math.floor(this.#exact);
  }
}
