import type { Clock } from "../../scheduling/clock.ts";
import type { Moment } from "../store/store.ts";

/**
 * The clocks of a queue. `now` is the time of everything that lasts for a while, such as leases and delays: it follows the
 * monotonic clock within a process and the time of day from one process to the next, and never goes back. `wall` is the
 * time of day, which somebody may set at any time.
 */
export class QueueClock implements Clock {
  readonly #clock: Clock;
  /** How far the queue's time is ahead of the clock of the process, in ms. */
  #ahead = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now() + this.#ahead;
  }

  after(delay: number, action: () => void): () => void {
    return this.#clock.after(delay, action);
  }

  /** The time of day, in ms since the Unix epoch. */
  wall(): number {
    return this.#clock.wall?.() ?? this.#clock.now();
  }

  /** The present on both clocks. */
  moment(): Moment {
    return { now: this.now(), wall: this.wall() };
  }

  /**
   * Goes on from a moment of the process before. The time between is what the time of day says, and not less than 0: so no
   * lease is longer than it was granted, even if the time of day was set back.
   */
  goOn({ now, wall }: Moment): void {
    this.#ahead = now + Math.max(0, this.wall() - wall) - this.#clock.now();
  }
}
