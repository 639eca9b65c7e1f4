import { Codel } from "./codel.ts";
import type { Flow } from "./flow.ts";
import { RetryHint } from "./retry_hint.ts";
import type { ClassOptions, Limits } from "./scheduler_options.ts";

/** What a scheduler keeps with a flow. */
export class FlowState {
  readonly codel: Codel;
  /** When its control work will be paid for, as in a {@linkcode RateLimiter}. */
  #tat = -Infinity;
  /** Made when the flow is first refused something. */
  #hint: RetryHint | undefined;

  constructor(options: Readonly<ClassOptions>) {
    this.codel = new Codel({ target: options.target });
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

/** The state of a flow of a class. */
export function stateOf(flow: Flow, options: Readonly<ClassOptions>): FlowState {
  return (flow.state ??= new FlowState(options)) as FlowState;
}
