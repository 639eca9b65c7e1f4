// Changes that wait to be written, in groups. The changes of one turn of the event loop are one group or part of one: they
// are written together.

import { BYTES, type Memory } from "../memory.ts";
import type { Change } from "./store.ts";

/** Changes that are written together. */
export interface ChangeGroup {
  readonly changes: Change[];
  /** How many bytes of memory they take. */
  bytes: number;
  /** Settled once they are stored, or cannot be. */
  readonly written: PromiseWithResolvers<void>;
}

/** From so many changes on, those of another turn begin the next group. */
const GROUP = 64;
/** A batch has at least so many groups, if there are as many. Cost model: one commit costs as much as a hundred changes. */
const LEAST_GROUPS = 6;

/** Groups of changes that wait to be written, the oldest first. */
export class PendingChanges {
  readonly #memory: Memory;
  #groups: ChangeGroup[] = [];
  /** A batch has at most so many groups: fewer after one for which there was no room. */
  #most = Infinity;
  #bytes = 0;

  /** Changes count to `memory` until they are stored. */
  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** How many bytes of memory all changes take that are not stored, even while they are written. */
  get bytes(): number {
    return this.#bytes;
  }

  get isEmpty(): boolean {
    return this.#groups.length === 0;
  }

  /** Settled with the newest group; `undefined` if no change waits. */
  get written(): Promise<void> | undefined {
    return this.#groups.at(-1)?.written.promise;
  }

  /** Adds a change. Resolves once it is stored; rejects if it cannot be. */
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

  /** Removes the groups that are written next: all, or about half of them. */
  next(all: boolean): ChangeGroup[] {
    const half = Math.ceil(this.#groups.length / 2);
    const count = all ? Infinity : Math.max(LEAST_GROUPS, half);
    return this.#groups.splice(0, Math.min(count, this.#most));
  }

  /** These groups are stored: they take no memory any more. */
  stored(groups: readonly ChangeGroup[]): void {
    this.#most *= 2;
    for (const { bytes } of groups) this.#count(-bytes);
  }

  /**
   * The store has no room for these groups at once, which have no new job: each removal may take a page of a log. They wait
   * again, and the next batch is half of them. Returns whether they can be halved.
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
   * The store has no room for these groups. They and all others wait again, without their new jobs. All are rejected, as the
   * other changes may build on these jobs. Returns the numbers of these jobs.
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
   * These groups could not be written: they are rejected, and wait again before all others. So are the others if they build on
   * these.
   */
  fail(groups: readonly ChangeGroup[], why: Error, othersToo: boolean): void {
    const again = (all: readonly ChangeGroup[]): ChangeGroup[] =>
      all.map(({ changes, bytes, written }) => {
        written.reject(why);
        return newGroup(changes, bytes);
      });
    this.#groups = [...again(groups), ...othersToo ? again(this.#groups) : this.#groups];
  }

  /** Neither these groups nor the others will be written: all are rejected. Returns how many changes they have. */
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

/** A group. Nobody has to handle its failure: its changes are kept. */
function newGroup(changes: Change[], bytes: number): ChangeGroup {
  const written = Promise.withResolvers<void>();
  written.promise.catch(() => {});
  return { changes, bytes, written };
}

/** How many bytes of memory a change takes until it is stored. */
function bytesOf(change: Change): number {
  switch (change.kind) {
    case "put":
      return BYTES.change + change.body.length;
    case "finish":
      return BYTES.change + change.result.length;
    case "schedule":
      return BYTES.change + change.schedule.body.length;
    case "move":
      return BYTES.change + change.progress.reason.length + change.progress.past.length;
    default:
      return BYTES.change;
  }
}
