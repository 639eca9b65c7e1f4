// The generic cell rate algorithm (ITU-T I.371) in its two equivalent forms: virtual scheduling for a rate that stays
// the same, which needs one number for each key, and the leaky bucket for a rate that changes.

/** Half a microsecond: less than the rounding of times since 1970 in a double, in milliseconds. */
const ROUNDING = 5e-4;

/**
 * The theoretical arrival time (TAT) of a key after one more request. At that time the key has paid for all of its
 * requests. The owner keeps this one number for each key, `-Infinity` at first.
 *
 * @param tat the time so far
 * @param now the present, in the same unit
 * @param increment the time in which the rate pays for the request
 */
export function nextArrival(tat: number, now: number, increment: number): number {
  return (tat > now ? tat : now) + increment;
}

/**
 * How many milliseconds too early a request comes that would move the TAT of its key to `next`; 0 if it conforms, and the
 * owner keeps `next`.
 *
 * @param tolerance the time in which the rate pays for the whole burst, in milliseconds
 */
export function earlyBy(next: number, now: number, tolerance: number): number {
  const wait = next - now - tolerance;
  return wait > ROUNDING ? wait : 0;
}

/**
 * A rate that changes, as a leaky bucket: each request adds one to the debt, and the rate pays the debt off. The debt
 * survives a change of the rate: however often the rate changes, no more requests conform than the rates add up to and
 * one burst. A bucket also stays exact at high rates, where the spacing is less than the rounding of a time.
 */
export class LeakyBucket {
  /** Requests a second; 0 for no limit. */
  rate: number = 0;
  readonly #burstSeconds: number;
  /** The rate that pays the debt off: `rate`, or the last one that was not 0. */
  #paying = 0;
  #debt = 0;
  #paidAt = 0;
  /** The most debt that conforms: the burst, or a debt from a higher rate until it is paid. */
  #room = 0;

  /** @param burstSeconds how many seconds of the rate may come at once (at least one request) */
  constructor(burstSeconds: number) {
    this.#burstSeconds = burstSeconds;
  }

  /** Changes the rate; the debt stays. */
  setRate(rate: number, now: number): void {
    this.#pay(now);
    this.rate = rate;
    if (rate === 0) return;
    this.#paying = rate;
    this.#makeRoom();
  }

  /** Sets the debt so that it is paid off at a time, see {@linkcode LeakyBucket.emptyAt}. */
  restore(emptyAt: number, now: number): void {
    this.#paidAt = now;
    this.#debt = Math.max(0, emptyAt - now) * this.#paying / 1_000;
    this.#makeRoom();
  }

  /** When the debt is paid off, in milliseconds; `now` if there is none. */
  emptyAt(now: number): number {
    this.#pay(now);
    return this.#debt === 0 ? now : now + this.#debt / this.#paying * 1_000;
  }

  /** Counts a request, also one that does not conform. */
  spend(now: number): void {
    this.#pay(now);
    this.#debt++;
    this.#makeRoom();
  }

  /** Takes back a request that was counted. */
  refund(now: number): void {
    this.#pay(now);
    this.#debt = Math.max(0, this.#debt - 1);
    this.#makeRoom();
  }

  /** How many milliseconds to wait until the next request conforms; 0 if it conforms now. */
  wait(now: number): number {
    if (this.rate === 0) return 0;
    this.#pay(now);
    const wait = (this.#debt + 1 - this.#room) / this.rate * 1_000;
    return wait > ROUNDING ? wait : 0;
  }

  #makeRoom(): void {
    const burst = Math.max(1, this.rate * this.#burstSeconds);
    this.#room = Math.max(burst, this.#debt);
  }

  #pay(now: number): void {
    if (now <= this.#paidAt) return;
    this.#debt = Math.max(0, this.#debt - (now - this.#paidAt) * this.#paying / 1_000);
    this.#paidAt = now;
  }
}
