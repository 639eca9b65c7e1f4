import { decay } from "../../scheduling/decay.ts";

/** The time constant of the averages, in ms. */
const AVERAGED_OVER = 60_000;
/** How often the averages decay, in ms: events in between count as one moment. */
const STEP = 100;

/** Something that happens to jobs, and that their queue counts. */
export type CountedEvent = "put" | "taken" | "done" | "failed";

/** All of them. */
export const events: readonly CountedEvent[] = ["put", "taken", "done", "failed"];

/** How often each event happened lately: exponentially weighted averages, in O(1). */
export class EventRates {
  readonly #sums: Record<CountedEvent, number> = { put: 0, taken: 0, done: 0, failed: 0 };
  #decayedAt = 0;

  /** Counts an event. */
  count(event: CountedEvent, now: number): void {
    this.#decay(now);
    this.#sums[event]++;
  }

  /** How many a second, rounded to hundredths. */
  perSecond(event: CountedEvent, now: number): number {
    this.#decay(now);
    return Math.round(this.#sums[event] * (100_000 / AVERAGED_OVER)) / 100;
  }

  #decay(now: number): void {
    if (now < this.#decayedAt + STEP) return;
    const left = decay(now - this.#decayedAt, AVERAGED_OVER);
    for (const event of events) this.#sums[event] *= left;
    this.#decayedAt = now;
  }
}
