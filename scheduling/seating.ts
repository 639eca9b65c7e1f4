import { CostEstimate, LEAST_COST } from "./cost_estimate.ts";
import type { Seats } from "./seats.ts";

/** The weight of what the last request took. */
const SMOOTHING = 1 / 16;

/**
 * Who has the seats: control work takes the reserved ones, which are on top of the others, before it
 * takes one of the others.
 */
export class Seating {
  /** Seats that are taken. */
  taken: number = 0;
  #control = 0;
  #seats: Seats;
  #share: number;
  #limit = 0;
  #reserved = 0;
  /** How long a request lately held a seat, and how long the event loop. */
  readonly #held = new CostEstimate(LEAST_COST, SMOOTHING);
  readonly #busy = new CostEstimate(LEAST_COST, SMOOTHING);

  constructor(seats: Seats, share: number) {
    this.#seats = seats;
    this.#share = share;
  }

  /** Seats for all. */
  get limit(): number {
    return this.#seats.limit;
  }

  /** Seats for control work only. */
  get reserved(): number {
    const { limit } = this.#seats;
    if (limit !== this.#limit) {
      this.#limit = limit;
      this.#reserved = Math.ceil(limit * this.#share);
    }
    return this.#reserved;
  }

  /** Seats that are free for all. */
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
   * How long it takes at least, as it went lately, until so many got a seat, in milliseconds. Where a
   * seat is free they wait for the event loop only, however long others hold theirs.
   */
  forecast(count: number, now: number): number {
    if (count === 0) return 0;
    const busy = this.#busy.at(now);
    if (this.has(false)) return count * busy;
    return count * Math.max(busy, this.#held.at(now) / this.taken);
  }

  /** A request that goes on has held the event loop for so many milliseconds. */
  occupied(ms: number, now: number): void {
    this.#busy.learn(ms, now);
  }

  take(control: boolean): void {
    this.taken++;
    if (control) this.#control++;
  }

  /** A seat is given back that was held for `took` milliseconds, and the event loop too where that was `atOnce`. */
  leave(control: boolean, took: number, now: number, atOnce: boolean): void {
    this.#seats.finished(took, this.taken, now);
    if (atOnce) this.#busy.learn(took, now);
    else this.#held.learn(took, now);
    this.taken--;
    if (control) this.#control--;
  }
}
