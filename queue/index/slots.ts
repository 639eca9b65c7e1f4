// The order's view of a job: its slot in the table, and the fields that decide about its place.

import type { Places } from "./heap.ts";
import type { Memory } from "../memory.ts";

/** No slot, or no place. */
export const NONE = -1;

/** A key as the order sees it. */
export interface OrderedKey {
  readonly key: string;
  /** Its share beside the other keys. */
  readonly weight: number;
  /** Whether none of its jobs may be taken now. */
  readonly blocked: boolean;
  /** Its rows in the order, one for each priority with ready jobs; empty while the order needs no rows. */
  rows: readonly OrderedRow[];
}

/** The ready jobs of a key in one priority, as the key knows them. */
export interface OrderedRow {
  readonly priority: number;
}

/** The options of a job that decide about its place. */
export interface OrderedOptions {
  readonly key: OrderedKey;
  readonly priority: number;
}

/** The table of jobs as the order sees it. All arguments are slots of jobs that are there. */
export interface SlotTable extends Places<number> {
  readonly memory: Memory;
  optionsOf(slot: number): OrderedOptions;
  /** When the job became ready. */
  readyAtOf(slot: number): number;
  /** The order of the jobs of a key; no two have the same place. */
  readonly wasReadyBefore: (a: number, b: number) => boolean;
  /** The previous slot of its list; `NONE` for the first. */
  previous(slot: number): number;
  /** The next slot of its list; `NONE` for the last. */
  next(slot: number): number;
  /** Links two slots of a list; either may be `NONE`. */
  link(previous: number, next: number): void;
  /** The order of delayed jobs: by when they are due. */
  readonly isDueBefore: (a: number, b: number) => boolean;
  /** Sets the previous slot of a job that is in no list, or another number. */
  setPrevious(slot: number, previous: number): void;
}
