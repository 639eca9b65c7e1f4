/** The number of requests that may run at once. */
export interface Seats {
  /** The number, 1 or more. */
  readonly limit: number;
  /**
   * Called when a request gives its seat back.
   *
   * @param took how long it held the seat, in milliseconds
   * @param running how many requests ran at its end, itself included
   * @param now the time, in milliseconds
   */
  finished(took: number, running: number, now: number): void;
}

/**
 * A fixed number of seats: 1 for handlers that compute in the event loop, the size of the pool for handlers that run in
 * a pool.
 *
 * @throws {RangeError} if the number is not a whole one from 1
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

/** The options of {@linkcode AdaptiveSeats}; the defaults are those of Netflix' Gradient2. */
export interface AdaptiveSeatsOptions {
  /** The fewest seats (default 4). Twice the number of workers is a good choice. */
  min?: number;
  /** The most seats (default 200). */
  max?: number;
  /** The number after the first window, when the time without load is known (default 20). */
  initial?: number;
  /** The factor by which the time may grow before the number falls (default 1.5). */
  tolerance?: number;
  /** The weight of a new limit beside the old one (default 0.2). */
  smoothing?: number;
  /** How many seats a good window adds (default 4; at most the square root of the present number). */
  growth?: number;
  /** The length of a window, over which the mean is taken, in milliseconds (default 1 000). */
  window?: number;
  /** The fewest requests of a window (default 10). */
  samples?: number;
}

/**
 * As many seats as keep the time of a request near its time without load: Gradient2 of Netflix' concurrency-limits, for
 * handlers that wait for a service of unknown capacity.
 *
 * Times run from the start of a request, not from its arrival, so a wait here does not count as slowness there. The
 * limit does not grow while less than half of it is in use. Unlike Gradient2, it begins with the fewest seats, and it
 * learns a longer time without load only while few seats exist or are in use. Otherwise a long overload would become the
 * new normal.
 *
 * @example
 * ```ts
 * import { AdaptiveSeats } from "@lineup/lineup/scheduling";
 * import { assert } from "@std/assert";
 *
 * const seats = new AdaptiveSeats({ initial: 100 });
 * // A request takes 10 ms, and 100 ms once all seats are taken.
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

  /** Records how long a request held its seat. Time: O(1). */
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
      // The limit falls down to 4: a request that takes long even there is slow by itself. And a mean of half the time
      // without load is no noise: the service was slow when that time was learnt.
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
