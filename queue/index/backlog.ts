import { Heap } from "./heap.ts";
import { NONE, type SlotTable } from "./slots.ts";

/** The place of a job that is in the run. */
const IN_RUN = -2;

/**
 * The ready jobs of a key, first ready first, by their slots. Most jobs come in order: they form a run, a linked list
 * whose operations cost O(1). The others are in a heap beside it.
 */
export class Backlog {
  readonly #table: SlotTable;
  #first = NONE;
  #last = NONE;
  #inRun = 0;
  #late: Heap<number> | undefined = undefined;

  /** Starts empty. */
  constructor(table: SlotTable) {
    this.#table = table;
  }

  /** How many jobs it has. */
  get size(): number {
    return this.#inRun + (this.#late?.size ?? 0);
  }

  /** The slot of the first job; `undefined` if it is empty. */
  get first(): number | undefined {
    const next = this.#first;
    const late = this.#late?.first;
    if (late === undefined) return next === NONE ? undefined : next;
    return next === NONE || this.#table.wasReadyBefore(late, next) ? late : next;
  }

  /** Adds a slot that is in no backlog. */
  add(slot: number): void {
    const table = this.#table;
    const last = this.#last;
    if (last !== NONE && table.wasReadyBefore(slot, last)) {
      this.#late ??= new Heap(table.wasReadyBefore, table);
      this.#late.add(slot);
      return;
    }
    table.setPlace(slot, IN_RUN);
    table.link(last, slot);
    table.link(slot, NONE);
    if (last === NONE) this.#first = slot;
    this.#last = slot;
    this.#inRun++;
  }

  /** Removes a slot that is in it. */
  remove(slot: number): void {
    const table = this.#table;
    if (table.placeOf(slot) !== IN_RUN) {
      this.#late!.remove(slot);
      return;
    }
    const previous = table.previous(slot);
    const next = table.next(slot);
    table.link(previous, next);
    if (previous === NONE) this.#first = next;
    if (next === NONE) this.#last = previous;
    table.setPlace(slot, NONE);
    this.#inRun--;
  }
}
