import type { JobState } from "../store/job_fields.ts";
import { Heap } from "./heap.ts";
import { NONE, type SlotTable } from "./slots.ts";

/**
 * The jobs of a key that are delayed, first due first, or dead, first dead first, by their slots. Ready jobs have neighbours;
 * these use the same columns: dead jobs for their list, delayed ones for their place in a heap.
 */
export class SetAside {
  readonly #table: SlotTable;
  #delayed: Heap<number> | undefined = undefined;
  #firstDead = NONE;
  #lastDead = NONE;

  /** Starts empty. */
  constructor(table: SlotTable) {
    this.#table = table;
  }

  /** The slot of the delayed job that is due first; `undefined` for none. */
  get delayed(): number | undefined {
    return this.#delayed?.first;
  }

  /** The slot of the job that has been dead for longest; `undefined` for none. */
  get dead(): number | undefined {
    return this.#firstDead === NONE ? undefined : this.#firstDead;
  }

  /** Adds the slot of a job that is delayed or dead. */
  add(slot: number, state: JobState): void {
    const table = this.#table;
    if (state === "delayed") {
      this.#delayed ??= new Heap(table.isDueBefore, {
        placeOf: (slot) => table.previous(slot),
        setPlace: (slot, place) => table.setPrevious(slot, place),
      });
      this.#delayed.add(slot);
    } else if (state === "dead") {
      table.link(this.#lastDead, slot);
      table.link(slot, NONE);
      if (this.#firstDead === NONE) this.#firstDead = slot;
      this.#lastDead = slot;
    }
  }

  /** Removes a slot that was added in this state. */
  remove(slot: number, state: JobState): void {
    const table = this.#table;
    if (state === "delayed") this.#delayed!.remove(slot);
    else if (state === "dead") {
      const previous = table.previous(slot);
      const next = table.next(slot);
      table.link(previous, next);
      if (previous === NONE) this.#firstDead = next;
      if (next === NONE) this.#lastDead = previous;
    }
  }
}
