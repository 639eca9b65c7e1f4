import { CostEstimate, LEAST_COST } from "./cost_estimate.ts";
import type { Seats } from "./seats.ts";

/** The weight of the last sample in the estimates. */
const SMOOTHING = 1 / 16;

/**
 * Counts the seats that are taken. Control work takes the reserved seats, which are in addition to the others, before it
 * takes one of the others.
 */
export class Seating {
  /** The seats that are taken. */
  taken: number = 0;
  #control = 0;
  #seats: Seats;
  #share: number;
  #limit = 0;
  #reserved = 0;
  /** How long a recent request held its seat. */
  readonly #held = new CostEstimate(LEAST_COST, SMOOTHING);
  /** How long a recent request held the event loop. */
  readonly #busy = new CostEstimate(LEAST_COST, SMOOTHING);

  constructor(seats: Seats, share: number) {
    this.#seats = seats;
    this.#share = share;
  }

  /** The seats for all requests. */
  get limit(): number {
    return this.#seats.limit;
  }

  /** The seats for control work only. */
  get reserved(): number {
    const { limit } = this.#seats;
    if (limit !== this.#limit) {
      this.#limit = limit;
      this.#reserved = Math.ceil(limit * this.#share);
    }
    return this.#reserved;
  }

  /** The free seats for all requests. */
  get free(): number {
    const { reserved } = this;
    return this.#seats.limit - this.taken +
      (this.#control < reserved ? this.#control : reserved);
  }

  /** Whether a seat is free, for control work or for other work. */
  has(control: boolean): boolean {
    return control ? this.taken < this.#seats.limit + this.reserved : this.free > 0;
  }

  /**
   * A lower bound of the time until so many requests get a seat, in milliseconds, by recent times. If a seat is free they
   * wait only for the event loop, however long others hold their seats.
   */
  forecast(count: number, now: number): number {
    if (count === 0) return 0;
    const busy = this.#busy.at(now);
    if (this.has(false)) return count * busy;
    return count * Math.max(busy, this.#held.at(now) / this.taken);
  }

  /** Records how long a request that goes on has held the event loop, in milliseconds. */
  occupied(ms: number, now: number): void {
    this.#busy.learn(ms, now);
  }

  take(control: boolean): void {
    this.taken++;
    if (control) this.#control++;
  }

  /** Gives back a seat that was held for `took` milliseconds, and with `atOnce` the event loop with it. */
  leave(control: boolean, took: number, now: number, atOnce: boolean): void {
    this.#seats.finished(took, this.taken, now);
    if (atOnce) this.#busy.learn(took, now);
    else this.#held.learn(took, now);
    this.taken--;
    if (control) this.#control--;
  }
}
