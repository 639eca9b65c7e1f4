import { Heap, type Placed } from "./heap.ts";

/** How many that have left are kept at the beginning of the run before it is moved up. */
const SLACK = 1024;

/**
 * As a heap, for what comes mostly in its order: that stays in a run, where adding, being first and leaving cost O(1).
 * What comes out of order is in a heap beside it. A member's `place` below -1 is in the run.
 */
export class Backlog<T extends Placed> {
  readonly #late: Heap<T>;
  readonly #isBefore: (a: T, b: T) => boolean;
  /** In order, with gaps where some have left; it begins and ends with one that is there, behind `#head`. */
  #run: (T | undefined)[] = [];
  #head = 0;
  /** How many were moved out of the run at its beginning, all told. */
  #moved = 0;
  #inRun = 0;

  /** Empty; `isBefore` is a strict order that does not change for what is in it. */
  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore;
    this.#late = new Heap(isBefore);
  }

  /** How many there are. */
  get size(): number {
    return this.#inRun + this.#late.size;
  }

  /** The first; `undefined` where there is none. */
  get first(): T | undefined {
    const next = this.#run[this.#head];
    const late = this.#late.first;
    if (next === undefined || late === undefined) return next ?? late;
    return this.#isBefore(late, next) ? late : next;
  }

  /** Adds what is in no heap. */
  add(item: T): void {
    const run = this.#run;
    if (this.#inRun > 0 && this.#isBefore(item, run[run.length - 1]!)) {
      this.#late.add(item);
      return;
    }
    item.place = -2 - (this.#moved + run.length);
    run.push(item);
    this.#inRun++;
  }

  /** Takes one out. */
  remove(item: T): void {
    if (item.place >= 0) {
      this.#late.remove(item);
      return;
    }
    const run = this.#run;
    run[-2 - item.place - this.#moved] = undefined;
    item.place = -1;
    if (--this.#inRun === 0) {
      this.#moved += run.length;
      this.#run = [];
      this.#head = 0;
      return;
    }
    while (run[this.#head] === undefined) this.#head++;
    while (run[run.length - 1] === undefined) run.pop();
    if (this.#head >= SLACK && this.#head >= run.length / 2) this.#moveUp();
    else if (run.length - this.#head > 4 * this.#inRun + SLACK) this.#close();
  }

  #moveUp(): void {
    this.#run = this.#run.slice(this.#head);
    this.#moved += this.#head;
    this.#head = 0;
  }

  /** Closes the gaps. */
  #close(): void {
    this.#run = this.#run.filter((item) => item !== undefined);
    this.#head = this.#moved = 0;
    for (const [at, item] of this.#run.entries()) item!.place = -2 - at;
  }
}
