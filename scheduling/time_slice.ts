/**
 * A bound on work in a row: after `length` milliseconds of it, the work stops until the event loop has had its turn.
 */
export class TimeSlice {
  /** Whether the work has to wait for the event loop. */
  over: boolean = false;
  #spent = 0;
  #length: number;
  #yield: (go: () => void) => void;
  #begin: () => void;

  constructor(length: number, yieldTo: (go: () => void) => void, resume: () => void) {
    this.#length = length;
    this.#yield = yieldTo;
    this.#begin = () => {
      this.over = false;
      this.#spent = 0;
      resume();
    };
  }

  /** Counts work that goes on after the slice, as a share of the slice. */
  share(share: number): void {
    if (this.#length < Infinity) this.spend(share * this.#length);
  }

  /** Counts work that took `ms` milliseconds. */
  spend(ms: number): void {
    this.#spent += ms;
    if (this.#spent < this.#length || this.over) return;
    this.over = true;
    this.#yield(this.#begin);
  }
}
