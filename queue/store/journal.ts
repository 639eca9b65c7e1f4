// Group commit: changes gather while the last batch is being written, and go together. Not all of them where there are
// many: while one half is being written those who put the other half are answered, and send what comes next. Were all
// written at once, clients and store would wait for each other in turn.
//
// What is in memory is ahead of the store. So a batch that could not be written is kept, and tried again until it is:
// then the store has all that memory has, those changes included whose clients were told that they may be lost.

import type { Refusal } from "../../protocol/errors.ts";
import type { LogEntry } from "../../server/log.ts";
import { BYTES, type Memory } from "../memory.ts";
import type { QueueClock } from "../engine/queue_clock.ts";
import { storeFailed, storeFull } from "../refusals.ts";
import { type Change, type Store, StoreFull } from "./store.ts";

/** Changes that are written together, those of one turn always, and what comes of it. */
interface Group {
  readonly changes: Change[];
  /** What they take. */
  bytes: number;
  readonly written: PromiseWithResolvers<void>;
}

/** The body of a job, or why it cannot be read. */
export type ReadBody = Uint8Array | Error;

/** Who waits for bodies. */
interface Asked {
  readonly ids: readonly number[];
  resolve(bodies: ReadBody[] | Promise<ReadBody[]>): void;
}

/** How many changes a group has, before those of another turn begin the next. */
const GROUP = 64;
/** How many groups a batch has at least, where there are as many: to write one through costs as much as a hundred changes. */
const LEAST_GROUPS = 6;

/** How many bytes of changes may wait to be stored before who brings more waits as well. */
const MOST_BYTES = 64 << 20;

/** How long after a failure the store is tried again, in ms: first, and at most. */
const RETRY = { first: 100, most: 10_000 };

/** Who is told what happens to changes. */
export interface Listener {
  /** These are stored. */
  stored(changes: readonly Change[]): void;
  /** There is no room for the new jobs of these numbers: they are not stored, and will not be. */
  givenUp(ids: readonly number[]): void;
  /** The store failed: nothing can be stored for now. */
  failed(): void;
  /** The store works again, and all is stored that was not. */
  recovered(): void;
}

/** What is written to a store and read from it, in batches. */
export class Journal {
  /** Why nothing can be written now. */
  failure: Refusal | undefined = undefined;
  /** How many batches were written. */
  commits = 0;
  /** How many changes were. */
  changes = 0;
  /** How many could not be to the end. */
  lost = 0;

  readonly #store: Store;
  readonly #clock: QueueClock;
  readonly #log: (entry: LogEntry) => void;
  readonly #listener: Listener;
  readonly #memory: Memory;
  /** What the changes take that are not stored. */
  #bytes = 0;
  #gathering: Group[] = [];
  /** How many groups a batch has at most: fewer after one for which there was no room. */
  #most = Infinity;
  /** The batch that was begun last. */
  #current = Promise.resolve();
  #asked: Asked[] = [];
  #scheduled = false;
  #writing: Promise<void> | undefined = undefined;

  #retry = RETRY.first;
  #stopRetry: (() => void) | undefined = undefined;
  #closing = false;

  constructor(
    store: Store,
    clock: QueueClock,
    log: (entry: LogEntry) => void,
    memory: Memory,
    listener: Listener,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#memory = memory;
    this.#listener = listener;
  }

  /**
   * Resolves once the change is stored. Rejects with `internal` where that fails at first; one that is made while the
   * store fails waits for it.
   */
  write(change: Change): Promise<void> {
    let group = this.#gathering.at(-1);
    if (group === undefined || (!this.#scheduled && group.changes.length >= GROUP)) {
      this.#gathering.push(group = newGroup());
    }
    group.changes.push(change);
    const bytes = bytesOf(change);
    group.bytes += bytes;
    this.#count(bytes);
    this.#schedule();
    return group.written.promise;
  }

  /** About how many bytes are not stored yet. */
  get pending(): number {
    return this.#bytes;
  }

  /** Whether so much waits to be stored that who brings more has to wait. */
  get full(): boolean {
    return this.#bytes > MOST_BYTES && this.failure === undefined;
  }

  /** Resolves once the journal is not full. Rejects with the reason of `signal`. */
  async room(signal: AbortSignal): Promise<void> {
    while (this.full) {
      await this.settled().catch(() => {});
      signal.throwIfAborted();
    }
  }

  /** Resolves once all is stored that is to be stored now. Rejects with `internal` where that fails. */
  settled(): Promise<void> {
    return this.#gathering.at(-1)?.written.promise ?? this.#current;
  }

  /** The bodies of jobs as the store has them now, whatever is written later. */
  read(ids: readonly number[]): Promise<ReadBody[]> {
    const { promise, resolve } = Promise.withResolvers<ReadBody[]>();
    this.#asked.push({ ids, resolve });
    this.#schedule();
    return promise;
  }

  /** Resolves once all is written that was asked for, or cannot be. */
  async drained(): Promise<void> {
    this.#closing = true;
    this.#stopRetry?.();
    this.#turn();
    if (this.failure !== undefined) this.#writing ??= this.#write();
    while (this.#writing !== undefined) await this.#writing;
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#memory.kept += bytes;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#turn());
  }

  // Reads go first: what they ask for may be removed by a change of the same turn.
  #turn(): void {
    this.#scheduled = false;
    this.#ask();
    if (this.#writing !== undefined || this.#gathering.length === 0) return;
    if (this.failure !== undefined) return;
    this.#writing = this.#write();
  }

  #ask(): void {
    if (this.#asked.length === 0) return;
    const asked = this.#asked;
    this.#asked = [];
    this.#store.bodies(asked.flatMap(({ ids }) => ids)).then((bodies) => {
      let at = 0;
      for (const { ids, resolve } of asked) resolve(ids.map((id) => bodies[at++] ?? noBody(id)));
    }, () => {
      // One that cannot be read shall not take the others with it.
      for (const { ids, resolve } of asked) {
        resolve(Promise.all(ids.map((id) => this.#readOne(id))));
      }
    });
  }

  async #readOne(id: number): Promise<ReadBody> {
    try {
      return (await this.#store.bodies([id]))[0] ?? noBody(id);
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  async #write(): Promise<void> {
    while (this.#gathering.length > 0) {
      const groups = this.#next();
      const changes = groups.length === 1
        ? groups[0].changes
        : groups.flatMap(({ changes }) => changes);
      this.#current = groups[groups.length - 1].written.promise;
      try {
        await this.#store.commit(changes, this.#clock.moment());
      } catch (error) {
        if (error instanceof StoreFull) {
          if (this.#giveUpPuts(error, groups) || this.#halve(groups)) continue;
        }
        this.#fail(error, groups);
        break;
      }
      this.#most *= 2;
      for (const { bytes } of groups) this.#count(-bytes);
      this.commits++;
      this.changes += changes.length;
      this.#listener.stored(changes);
      for (const { written } of groups) written.resolve();
      if (this.failure !== undefined) this.#recover();
      this.#ask();
    }
    // In the turn of the last look at what gathers, so that nothing is left lying.
    this.#writing = undefined;
  }

  /** The groups that are written now; what a failure has left is tried as a whole. */
  #next(): Group[] {
    const half = Math.ceil(this.#gathering.length / 2);
    const count = this.failure === undefined ? Math.max(LEAST_GROUPS, half) : Infinity;
    return this.#gathering.splice(0, Math.min(count, this.#most));
  }

  /**
   * There is no room to write these at once, of which none is a new job: the next batch is half of them, as each removal may
   * take a page of a log. Returns whether they can be halved.
   */
  #halve(groups: readonly Group[]): boolean {
    let halves = groups;
    if (groups.length === 1) {
      const [{ changes, bytes, written }] = groups;
      if (changes.length === 1) return false;
      const half = changes.length >> 1;
      const first = newGroup(changes.slice(0, half), 0);
      halves = [first, { changes: changes.slice(half), bytes, written }];
    }
    this.#gathering = [...halves, ...this.#gathering];
    this.#most = halves.length >> 1;
    return true;
  }

  /**
   * There is no room for these. New jobs are given up and the rest is tried again: it may be what makes room. All who wait
   * are told so, as what they asked for may build on jobs that are gone. Returns whether there were new jobs among these.
   */
  #giveUpPuts(error: StoreFull, groups: readonly Group[]): boolean {
    if (!groups.some(({ changes }) => changes.some(({ kind }) => kind === "put"))) return false;
    const incident = crypto.randomUUID().slice(0, 8);
    const refusal = storeFull(incident, error);
    const ids: number[] = [];
    this.#gathering = [...groups, ...this.#gathering].map((group) => {
      const changes = group.changes.map((change): Change => {
        if (change.kind !== "put") return change;
        const { id } = change.job;
        ids.push(id);
        // A commit that failed otherwise before may have stored it.
        return { kind: "drop", id };
      });
      group.written.reject(refusal);
      const bytes = changes.reduce((sum, change) => sum + bytesOf(change), 0);
      this.#count(bytes - group.bytes);
      return newGroup(changes, bytes);
    });
    this.#listener.givenUp(ids);
    const message = `no room in the store, ${ids.length} new jobs are given up`;
    this.#log({ level: "error", message, incident, error });
    return true;
  }

  #fail(error: unknown, groups: readonly Group[]): void {
    const first = this.failure === undefined;
    if (first) {
      const incident = crypto.randomUUID().slice(0, 8);
      this.failure = storeFailed(incident, error);
      this.#log({
        level: "error",
        message: "store failed, queue is read-only until it works again",
        incident,
        error,
      });
    }
    // What gathered meanwhile builds on what failed; but what is changed while the store fails waits for it.
    const waiting = this.#gathering;
    const failed = first || this.#closing ? [...groups, ...waiting] : groups;
    for (const { written } of failed) written.reject(this.failure!);
    if (this.#closing) {
      this.lost = failed.reduce((sum, { changes }) => sum + changes.length, 0);
      const message = `store still fails, ${this.lost} changes are lost`;
      this.#log({ level: "error", message, error });
      this.#gathering = [];
    } else {
      const again = failed.map(({ changes, bytes }) => newGroup(changes, bytes));
      this.#gathering = failed === groups ? [...again, ...waiting] : again;
      this.#stopRetry = this.#clock.after(this.#retry, () => this.#writing = this.#write());
      this.#retry = Math.min(2 * this.#retry, RETRY.most);
    }
    if (first) this.#listener.failed();
  }

  #recover(): void {
    this.failure = undefined;
    this.#retry = RETRY.first;
    this.#log({ level: "info", message: "store works again, queue is no longer read-only" });
    this.#listener.recovered();
  }
}

/** A group whose failure somebody always learns of: the journal keeps it. */
function newGroup(changes: Change[] = [], bytes = 0): Group {
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

function noBody(id: number): Error {
  return new Error(`the store has no body of job ${id}`);
}
