// Changes that wait to be written, in groups: those of one turn of the event loop go together and end together.

import { BYTES, type Memory } from "../memory.ts";
import type { Change } from "./store.ts";

/** Changes that are written together. */
export interface ChangeGroup {
  readonly changes: Change[];
  /** What they take in memory. */
  bytes: number;
  /** Ends once they are stored, or cannot be. */
  readonly written: PromiseWithResolvers<void>;
}

/** How many changes a group has, before those of another turn begin the next. */
const GROUP = 64;
/** How many groups a batch has at least, where there are as many: to write one through costs as much as a hundred changes. */
const LEAST_GROUPS = 6;

/** Groups of changes that wait to be written, the oldest first. */
export class PendingChanges {
  readonly #memory: Memory;
  #groups: ChangeGroup[] = [];
  /** How many groups a batch has at most: fewer after one for which there was no room. */
  #most = Infinity;
  #bytes = 0;

  /** What the changes take is counted to `memory` until they are stored. */
  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** What all changes take that are not stored, those included that are being written. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#groups.length === 0;
  }

  /** The end of the newest group. */
  get written(): Promise<void> | undefined {
    return this.#groups.at(-1)?.written.promise;
  }

  /** Adds a change. Returns the end of its group. */
  add(change: Change, isNewTurn: boolean): Promise<void> {
    let group = this.#groups.at(-1);
    if (group === undefined || (isNewTurn && group.changes.length >= GROUP)) {
      this.#groups.push(group = newGroup([], 0));
    }
    group.changes.push(change);
    const bytes = bytesOf(change);
    group.bytes += bytes;
    this.#count(bytes);
    return group.written.promise;
  }

  /** The groups that are written now: all, or about half of them. */
  next(all: boolean): ChangeGroup[] {
    const half = Math.ceil(this.#groups.length / 2);
    const count = all ? Infinity : Math.max(LEAST_GROUPS, half);
    return this.#groups.splice(0, Math.min(count, this.#most));
  }

  /** Groups are stored: they take nothing any more. */
  stored(groups: readonly ChangeGroup[]): void {
    this.#most *= 2;
    for (const { bytes } of groups) this.#count(-bytes);
  }

  /**
   * There is no room to write these at once, of which none is a new job: they wait again, and the next batch is half of them,
   * as each removal may take a page of a log. Returns whether they can be halved.
   */
  halve(groups: readonly ChangeGroup[]): boolean {
    let halves = groups;
    if (groups.length === 1) {
      const [{ changes, bytes, written }] = groups;
      if (changes.length === 1) return false;
      const half = changes.length >> 1;
      const first = newGroup(changes.slice(0, half), 0);
      halves = [first, { changes: changes.slice(half), bytes, written }];
    }
    this.#groups = [...halves, ...this.#groups];
    this.#most = halves.length >> 1;
    return true;
  }

  /**
   * There is no room for these: they and all others wait again, without their new jobs. Their ends are rejected, as what was
   * asked for may build on jobs that are gone. Returns the numbers of these jobs.
   */
  giveUpPuts(groups: readonly ChangeGroup[], why: Error): number[] {
    const ids: number[] = [];
    this.#groups = [...groups, ...this.#groups].map((group) => {
      const changes = group.changes.map((change): Change => {
        if (change.kind !== "put") return change;
        const { id } = change.job;
        ids.push(id);
        // A commit that failed otherwise before may have stored it.
        return { kind: "drop", id };
      });
      group.written.reject(why);
      const bytes = changes.reduce((sum, change) => sum + bytesOf(change), 0);
      this.#count(bytes - group.bytes);
      return newGroup(changes, bytes);
    });
    return ids;
  }

  /**
   * These could not be written and wait again before all others. Their ends are rejected; so are those of the others where
   * these build on them.
   */
  fail(groups: readonly ChangeGroup[], why: Error, othersToo: boolean): void {
    const again = (all: readonly ChangeGroup[]): ChangeGroup[] =>
      all.map(({ changes, bytes, written }) => {
        written.reject(why);
        return newGroup(changes, bytes);
      });
    this.#groups = [...again(groups), ...othersToo ? again(this.#groups) : this.#groups];
  }

  /** None of these and of all others will be written: their ends are rejected. Returns how many changes they are. */
  abandon(groups: readonly ChangeGroup[], why: Error): number {
    const lost = [...groups, ...this.#groups];
    this.#groups = [];
    for (const { written } of lost) written.reject(why);
    return lost.reduce((sum, { changes }) => sum + changes.length, 0);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#memory.kept += bytes;
  }
}

/** Whether there are new jobs among these changes. */
export function hasPuts(groups: readonly ChangeGroup[]): boolean {
  return groups.some(({ changes }) => changes.some(({ kind }) => kind === "put"));
}

/** A group. Nobody has to wait for its end: the changes of one that fails are kept. */
function newGroup(changes: Change[], bytes: number): ChangeGroup {
  const written = Promise.withResolvers<void>();
  written.promise.catch(() => {});
  return { changes, bytes, written };
}

/** What a change takes that is not stored. */
function bytesOf(change: Change): number {
  switch (change.kind) {
    case "put":
      return BYTES.change + change.body.length;
    case "finish":
      return BYTES.change + change.result.length;
    case "schedule":
      return BYTES.change + change.schedule.body.length;
    case "move":
      return BYTES.change + change.progress.reason.length;
    default:
      return BYTES.change;
  }
}
