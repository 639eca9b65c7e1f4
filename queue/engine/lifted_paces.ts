import type { RateState } from "../index/rate_state.ts";
import type { Pace } from "../index/pace.ts";
import type { Queue } from "../index/queue.ts";
import type { KeyState } from "../index/key_state.ts";

/** How many are remembered. */
const MOST = 1_000;

/**
 * What is still owed at rates that were lifted: who lifts a rate and sets it again gets no second burst. The latest are
 * remembered, until all is paid.
 */
export class LiftedPaces {
  readonly #all = new Map<string, Pace>();

  /** The limits of a queue or key are gone. */
  keep({ queue, tenant, pace }: RateState, now: number): void {
    if (pace.paid(now) <= now) return;
    for (const [name, pace] of this.#all) {
      if (this.#all.size < MOST && pace.paid(now) > now) break;
      this.#all.delete(name);
    }
    this.#all.set(nameOf(queue, tenant), pace);
  }

  /** What a queue or key owes which has limits again; `undefined` where it owes nothing. */
  take(queue: Queue, tenant: KeyState | undefined): Pace | undefined {
    const name = nameOf(queue, tenant);
    const pace = this.#all.get(name);
    this.#all.delete(name);
    return pace;
  }
}

function nameOf(queue: Queue, tenant: KeyState | undefined): string {
  return JSON.stringify([queue.name, tenant?.key ?? ""]);
}
