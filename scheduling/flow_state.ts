import { Codel } from "./codel.ts";
import type { Flow } from "./flow.ts";
import { RetryHint } from "./retry_hint.ts";
import type { Limits } from "./scheduler_options.ts";

/** What a scheduler keeps with a flow, each part from when it is needed first. */
export class FlowState {
  #codel: Codel | undefined;
  #hint: RetryHint | undefined;
  /** When its control work will be paid for, as in a {@linkcode RateLimiter}. */
  #tat = -Infinity;

  /** Whether to shed what waited so long, see {@linkcode Codel}. */
  isOverloaded(target: number, wait: number, now: number): boolean {
    if (this.#codel === undefined) {
      if (wait <= target) return false;
      this.#codel = new Codel({ target });
    }
    return this.#codel.overloaded(wait, now);
  }

  /** Counts a request of control work, unless there were too many lately. */
  takeControl(now: number, limits: Limits): boolean {
    const spacing = 1_000 / limits.controlRate;
    const tat = Math.max(this.#tat, now) + spacing;
    if (tat - now > limits.controlBurst * spacing) return false;
    this.#tat = tat;
    return true;
  }

  /** How long its client should stay away that is refused now, in milliseconds. */
  retry(now: number, random: () => number): number {
    this.#hint ??= new RetryHint({ random });
    return this.#hint.next(now);
  }
}

/** The state of a flow, made where there is none. */
export function stateOf(flow: Flow): FlowState {
  return (flow.state ??= new FlowState()) as FlowState;
}
