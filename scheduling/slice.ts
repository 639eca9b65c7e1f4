/**
 * How long work may go on in one go: after `length` milliseconds of it, it stops until the event loop
 * has had its turn.
 */
export class Slice {
  /** Whether work has to wait for the event loop. */
  over: boolean = false;
  #spent = 0;
  #length: number;
  #yield: (go: () => void) => void;
  #begin: () => void;

  constructor(length: number, yieldTo: (go: () => void) => void, goOn: () => void) {
    this.#length = length;
    this.#yield = yieldTo;
    this.#begin = () => {
      this.over = false;
      this.#spent = 0;
      goOn();
    };
  }

  /** Counts work that goes on once this is over, as a share of what may be done in one go. */
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
