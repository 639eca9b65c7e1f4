// Condition variables: a waiting function checks its condition again at each broadcast.

/** Waits for the next change. */
export class Condition {
  #wakes: (() => void)[] = [];

  /** Whether a function waits. */
  get awaited(): boolean {
    return this.#wakes.length > 0;
  }

  /** Resolves with the next `broadcast`. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#wakes.push(resolve));
  }

  /** Wakes all waiters. */
  broadcast(): void {
    if (this.#wakes.length === 0) return;
    for (const wake of this.#wakes.splice(0)) wake();
  }
}
