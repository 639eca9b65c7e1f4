import type { LoopYield } from "../../net/loop_yield.ts";
import type { RefusalBudget } from "./refusal_budget.ts";

/** Reads connections again that rest, while the server has nothing else to do: the one that rests longest first. */
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

  /** There may be nothing to do. */
  readonly onIdle = (): void => {
    if (this.#budget.resumable === 0 || !this.#isIdle()) return;
    this.#budget.resumeOldest();
    if (this.#waiting) return;
    this.#waiting = true;
    // The one that is read now may have sent nothing.
    this.#turns.next(() => {
      this.#waiting = false;
      this.onIdle();
    });
  };
}
