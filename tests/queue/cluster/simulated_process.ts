import type { Clock } from "../../../scheduling/clock.ts";
import type { VirtualClock } from "../../../testing/virtual_clock.ts";

/** A process on a machine of its own: its clocks drift, it may stand still for a while, and it may die at any moment. */
export class SimulatedProcess implements Clock {
  isDead = false;
  readonly #clock: VirtualClock;
  readonly #rate: number;
  readonly #start: number;
  readonly #sleeps: boolean;
  #isPaused = false;
  #waiting: (() => void)[] = [];
  /** How far the time of day was set, and how long the monotonic clock stood still, in ms. */
  #wall: number;
  #still = 0;

  /**
   * Its clocks go `rate` times as fast as they should, and its time of day is `wall` ms ahead. The machine may be suspended if
   * it `sleeps`; its time of day may be set if not.
   */
  constructor(
    clock: VirtualClock,
    { rate, wall, sleeps }: { rate: number; wall: number; sleeps: boolean },
  ) {
    this.#sleeps = sleeps;
    this.#clock = clock;
    this.#rate = rate;
    this.#start = clock.now();
    this.#wall = wall;
  }

  now(): number {
    return this.#start + (this.#clock.now() - this.#start) * this.#rate - this.#still;
  }

  wall(): number {
    return this.#start + (this.#clock.now() - this.#start) * this.#rate + this.#wall;
  }

  /** How far its time of day is ahead, in ms. */
  get ahead(): number {
    return this.wall() - this.#clock.now();
  }

  /** Sets its time of day by so many ms, unless the machine may be suspended: then no clock of it might tell how long. */
  setWall(ms: number): void {
    if (!this.#sleeps) this.#wall += ms;
  }

  after(delay: number, action: () => void): () => void {
    if (delay === Infinity) return () => {};
    const due = this.now() + delay;
    let cancel = (): void => {};
    const ring = (): void => {
      // The monotonic clock stood still meanwhile.
      const left = due - this.now();
      if (left > 0.001) cancel = this.#clock.setTimer(left / this.#rate, () => this.do(ring));
      else if (!isOver) action();
    };
    let isOver = false;
    cancel = this.#clock.setTimer(delay / this.#rate, () => this.do(ring));
    return () => {
      isOver = true;
      cancel();
    };
  }

  /** Does something in the process: at once, once it goes on, or never. */
  do(action: () => void): void {
    if (this.isDead) return;
    if (this.#isPaused) this.#waiting.push(action);
    else action();
  }

  /** Stands still for a while, as by SIGSTOP; with its monotonic clock, if the machine is suspended. */
  pause(ms: number, isSuspended: boolean): void {
    if (this.#isPaused || (isSuspended && !this.#sleeps)) return;
    this.#isPaused = true;
    this.#clock.setTimer(ms, () => {
      this.#isPaused = false;
      if (isSuspended) this.#still += ms * this.#rate;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const action of waiting) this.#clock.setTimer(0, () => this.do(action));
    });
  }

  /** Dies. */
  kill(): void {
    this.isDead = true;
    this.#waiting = [];
  }
}
