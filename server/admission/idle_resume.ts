import type { LoopYield } from "../../net/loop_yield.ts";
import type { RefusalBudget } from "./refusal_budget.ts";

/** Resumes resting connections while the server has nothing else to do, the longest resting one first. */
export class IdleResume {
  readonly #budget: RefusalBudget;
  readonly #turns: LoopYield;
  readonly #isIdle: () => boolean;
  #waiting = false;

  constructor(budget: RefusalBudget, turns: LoopYield, isIdle: () => boolean) {
    this.#budget = budget;
    this.#turns = turns;
    this.#isIdle = isIdle;
  }

  /** Called when the server may have nothing else to do. */
  readonly onIdle = (): void => {
    if (this.#budget.resumable === 0 || !this.#isIdle()) return;
    this.#budget.resumeOldest();
    if (this.#waiting) return;
    this.#waiting = true;
    // The resumed connection may have sent nothing.
    this.#turns.next(() => {
      this.#waiting = false;
      this.onIdle();
    });
  };
}
