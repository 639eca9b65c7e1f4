import type { QueueClock } from "./queue_clock.ts";

/** How often the time of day is compared with the queue's time, in ms. */
const EVERY = 60_000;
/** A smaller difference is no change of the time of day, in ms. */
const STEP = 1_000;

/** Watches whether somebody sets the time of day. */
export class WallClockWatch {
  readonly #clock: QueueClock;
  readonly #onLook: (wasSetBack: boolean) => void;
  /** How far the time of day was ahead of the queue's time at the last look. */
  #ahead = 0;
  #stopTimer: (() => void) | undefined = undefined;
  #stopped = false;

  /** `onLook` learns at each look whether the time of day was set back. */
  constructor(clock: QueueClock, onLook: (wasSetBack: boolean) => void) {
    this.#clock = clock;
    this.#onLook = onLook;
  }

  /** Looks once, a while from now; call it again to go on. */
  start(): void {
    if (this.#stopTimer !== undefined || this.#stopped) return;
    this.#ahead = this.#difference;
    this.#stopTimer = this.#clock.after(EVERY, this.#look);
  }

  /** Stops for good. */
  stop(): void {
    this.#stopped = true;
    this.#stopTimer?.();
  }

  get #difference(): number {
    const { now, wall } = this.#clock.moment();
    return wall - now;
  }

  readonly #look = (): void => {
    this.#stopTimer = undefined;
    const before = this.#ahead;
    const difference = this.#difference;
    this.#onLook(difference <= before - STEP);
    // Small differences add up.
    if (Math.abs(difference - before) < STEP) this.#ahead = before;
  };
}
