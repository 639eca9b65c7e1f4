import type { Clock } from "../../scheduling/clock.ts";
import type { Moment } from "../store/store.ts";

/**
 * The clocks of a queue. `now` is the time of leases, delays and all else that lasts for a while: it follows the monotonic
 * clock within a process and the time of day from one process to the next, and never goes back. `wall` is the time of day,
 * which somebody may set to another at any time.
 */
export class QueueClock implements Clock {
  readonly #clock: Clock;
  /** How far the queue's time is ahead of that of the process, in ms. */
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
   * Goes on from a moment of the process before: what has passed since is what the time of day says, but at least nothing.
   * So a lease that it gave is not longer now, wherever the clock of this machine was set meanwhile.
   */
  goOn({ now, wall }: Moment): void {
    this.#ahead = now + Math.max(0, this.wall() - wall) - this.#clock.now();
  }
}
