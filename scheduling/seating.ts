import type { Seats } from "./seats.ts";

/** So many of the last seats count. */
const SMOOTHING = 16;

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
  /** How long a seat was held lately, in milliseconds. */
  #mean = 0;

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

  /** Whether a seat is free, for control work or for other work. */
  has(control: boolean): boolean {
    const { limit } = this.#seats;
    const { reserved } = this;
    if (control) return this.taken < limit + reserved;
    return this.taken - (this.#control < reserved ? this.#control : reserved) < limit;
  }

  /**
   * How long it takes at least, as it went lately, until so many got a seat, in milliseconds. Work that
   * holds the event loop itself has one seat, in truth.
   */
  forecast(count: number): number {
    return count * this.#mean / Math.max(1, this.taken);
  }

  take(control: boolean): void {
    this.taken++;
    if (control) this.#control++;
  }

  /** A seat is given back that was held for `took` milliseconds. */
  leave(control: boolean, took: number, now: number): void {
    this.#seats.finished(took, this.taken, now);
    this.#mean += (took - this.#mean) / SMOOTHING;
    this.taken--;
    if (control) this.#control--;
  }
}
