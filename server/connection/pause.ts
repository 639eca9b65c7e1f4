import type { Clock } from "../../scheduling/clock.ts";

/** A wait that ends early where the connection does. */
export class Pause {
  readonly #clock: Clock;
  #end: (() => void) | undefined = undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves after `ms`, or at `end`. */
  over(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const stop = this.#clock.after(ms, resolve);
      this.#end = () => {
        stop();
        resolve();
      };
    });
  }

  /** Ends it now. */
  end(): void {
    this.#end?.();
  }
}
