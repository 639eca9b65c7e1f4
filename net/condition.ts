// Condition variables: those who wait look again at what they wait for.

/** Where one waits until somebody says that things have changed. */
export class Condition {
  #wakes: (() => void)[] = [];

  /** Whether anybody waits. */
  get awaited(): boolean {
    return this.#wakes.length > 0;
  }

  /** Resolves with the next `broadcast`. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#wakes.push(resolve));
  }

  /** Wakes all who wait. */
  broadcast(): void {
    if (this.#wakes.length === 0) return;
    for (const wake of this.#wakes.splice(0)) wake();
  }
}
