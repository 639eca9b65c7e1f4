import { Heap } from "./heap.ts";
import { NONE } from "./job_page.ts";
import type { JobTable } from "./job_table.ts";

/** The place of a job that is in a run. */
const IN_RUN = -2;

/**
 * The ready jobs of a key, by their slots. As a heap, for what comes mostly in its order: that stays in a run, a list
 * where adding, being first and leaving cost O(1). What comes out of order is in a heap beside it.
 */
export class Backlog {
  readonly #table: JobTable;
  #first = NONE;
  #last = NONE;
  #inRun = 0;
  #late: Heap<number> | undefined = undefined;

  /** Empty. */
  constructor(table: JobTable) {
    this.#table = table;
  }

  /** How many there are. */
  get size(): number {
    return this.#inRun + (this.#late?.size ?? 0);
  }

  /** The slot of the first; `undefined` where there is none. */
  get first(): number | undefined {
    const next = this.#first;
    const late = this.#late?.first;
    if (late === undefined) return next === NONE ? undefined : next;
    return next === NONE || this.#table.wasReadyBefore(late, next) ? late : next;
  }

  /** Adds a slot that is nowhere. */
  add(slot: number): void {
    const table = this.#table;
    const last = this.#last;
    if (last !== NONE && table.wasReadyBefore(slot, last)) {
      this.#late ??= new Heap(table.wasReadyBefore, table);
      this.#late.add(slot);
      return;
    }
    table.setPlace(slot, IN_RUN);
    table.join(last, slot);
    table.join(slot, NONE);
    if (last === NONE) this.#first = slot;
    this.#last = slot;
    this.#inRun++;
  }

  /** Takes one out. */
  remove(slot: number): void {
    const table = this.#table;
    if (table.placeOf(slot) !== IN_RUN) {
      this.#late!.remove(slot);
      return;
    }
    const before = table.before(slot);
    const behind = table.behind(slot);
    table.join(before, behind);
    if (before === NONE) this.#first = behind;
    if (behind === NONE) this.#last = before;
    table.setPlace(slot, NONE);
    this.#inRun--;
  }
}
