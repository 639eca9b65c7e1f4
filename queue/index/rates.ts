/** Over which time events are averaged, in ms: each counts less and less, by e every minute. */
const MEMORY = 60_000;
/** How often they are brought up to date, in ms: what happens in between counts as at once. */
const STEP = 100;

/** What happens to jobs. */
export const events = ["put", "taken", "done", "failed"] as const;

/** One of `events`. */
export type Event = typeof events[number];

/** How often each happens lately: exponentially weighted averages, in O(1). */
export class Rates {
  readonly #levels: Record<Event, number> = { put: 0, taken: 0, done: 0, failed: 0 };
  #at = 0;

  /** One happens. */
  count(event: Event, now: number): void {
    this.#decay(now);
    this.#levels[event]++;
  }

  /** How many a second, rounded to hundredths. */
  perSecond(event: Event, now: number): number {
    this.#decay(now);
    return Math.round(this.#levels[event] * (100_000 / MEMORY)) / 100;
  }

  #decay(now: number): void {
    if (now < this.#at + STEP) return;
    const left = Math.exp((this.#at - now) / MEMORY);
    for (const event of events) this.#levels[event] *= left;
    this.#at = now;
  }
}
