import { Codel } from "./codel.ts";
import type { Flow } from "./flow.ts";
import { earlyBy, nextArrival } from "./gcra.ts";
import { RetryHint } from "./retry_hint.ts";
import type { SchedulingLimits } from "./scheduler_options.ts";

/** The state that a scheduler keeps with a flow. Each part is made when it is first needed. */
export class FlowState {
  #codel: Codel | undefined;
  #hint: RetryHint | undefined;
  /** The theoretical arrival time of its control work, see {@linkcode nextArrival}. */
  #tat = -Infinity;

  /** Whether to shed a request after such a wait, see {@linkcode Codel}. */
  isOverloaded(target: number, wait: number, now: number): boolean {
    if (this.#codel === undefined) {
      if (wait <= target) return false;
      this.#codel = new Codel({ target });
    }
    return this.#codel.overloaded(wait, now);
  }

  /** Counts a request of control work. Returns whether it conforms to the rate of control work. */
  takeControl(now: number, limits: SchedulingLimits): boolean {
    const spacing = 1_000 / limits.controlRate;
    const next = nextArrival(this.#tat, now, spacing);
    if (earlyBy(next, now, limits.controlBurst * spacing) > 0) return false;
    this.#tat = next;
    return true;
  }

  /** How long the client of a refused request should stay away, in milliseconds. */
  retry(now: number, random: () => number): number {
    this.#hint ??= new RetryHint({ random });
    return this.#hint.next(now);
  }
}

/** The state of a flow; made if there is none. */
export function stateOf(flow: Flow): FlowState {
  return (flow.state ??= new FlowState()) as FlowState;
}
