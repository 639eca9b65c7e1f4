// Group commit: changes gather while the last batch is being written, and go together. Not all of them where there are
// many: while one half is written the clients of the other half are answered, and send their next requests. If all were
// written at once, clients and store would wait for each other in turn.
//
// Memory is ahead of the store. So a batch that could not be written is kept, and tried again until it is: then the store
// has all that memory has, those changes included whose clients were told that they may be lost.

import type { Refusal } from "../../protocol/errors.ts";
import type { Log } from "../log.ts";
import type { Memory } from "../memory.ts";
import { storeFailed, storeFull } from "../refusals.ts";
import { BodyReads, type ReadBody } from "./body_reads.ts";
import { type ChangeGroup, hasPuts, PendingChanges } from "./pending_changes.ts";
import { type Change, type Moment, type Store, StoreFull } from "./store.ts";

/** How many bytes of changes may wait to be stored before a client that brings more waits as well. */
const MOST_BYTES = 64 << 20;

/** How long after a failure the store is tried again, in ms: first, and at most. */
const RETRY = { first: 100, most: 10_000 };

/** Is told what happens to changes. */
export interface JournalListener {
  /** These are stored. */
  stored(changes: readonly Change[]): void;
  /** There is no room for the new jobs of these numbers: they are not stored, and will not be. */
  givenUp(ids: readonly number[]): void;
  /** The store failed: nothing can be stored for now. */
  failed(): void;
  /** The store works again, and all is stored that was not. */
  recovered(): void;
}

/** The time of a journal. */
export interface JournalClock {
  /** The present, which is stored with changes. */
  moment(): Moment;
  /** Calls `action` in so many ms; what it returns takes that back. */
  after(ms: number, action: () => void): () => void;
}

/** Writes changes to a store, and reads bodies from it, in batches. */
export class Journal {
  /** Why nothing can be written now. */
  failure: Refusal | undefined = undefined;
  /** How many batches were written. */
  commits = 0;
  /** How many changes were. */
  changes = 0;
  /** How many changes could not be written to the end. */
  lost = 0;

  readonly #store: Store;
  readonly #clock: JournalClock;
  readonly #log: Log;
  readonly #listener: JournalListener;
  readonly #reads: BodyReads;
  readonly #pending: PendingChanges;
  /** The end of the batch that was begun last. */
  #current = Promise.resolve();
  #scheduled = false;
  #writing: Promise<void> | undefined = undefined;

  #retry = RETRY.first;
  #stopRetry: (() => void) | undefined = undefined;
  #closing = false;

  /** What is not stored yet is counted to `memory`. */
  constructor(
    store: Store,
    clock: JournalClock,
    log: Log,
    memory: Memory,
    listener: JournalListener,
  ) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#listener = listener;
    this.#reads = new BodyReads(store);
    this.#pending = new PendingChanges(memory);
  }

  /**
   * Resolves once the change is stored. Rejects with `internal` where that fails at first; one that is made while the
   * store fails waits for it.
   */
  write(change: Change): Promise<void> {
    const written = this.#pending.add(change, !this.#scheduled);
    this.#schedule();
    return written;
  }

  /** About how many bytes are not stored yet. */
  get pending(): number {
    return this.#pending.bytes;
  }

  /** Whether so much waits to be stored that a client that brings more has to wait. */
  get full(): boolean {
    return this.#pending.bytes > MOST_BYTES && this.failure === undefined;
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
    return this.#pending.written ?? this.#current;
  }

  /** The bodies of jobs as the store has them now, whatever is written later. */
  read(ids: readonly number[]): Promise<ReadBody[]> {
    this.#schedule();
    return this.#reads.add(ids);
  }

  /** Resolves once all is written that was asked for, or cannot be. */
  async drained(): Promise<void> {
    this.#closing = true;
    this.#stopRetry?.();
    this.#turn();
    if (this.failure !== undefined) this.#writing ??= this.#write();
    while (this.#writing !== undefined) await this.#writing;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#turn());
  }

  // Reads go first: what they ask for may be removed by a change of the same turn.
  #turn(): void {
    this.#scheduled = false;
    this.#reads.send();
    if (this.#writing !== undefined || this.#pending.isEmpty) return;
    if (this.failure !== undefined) return;
    this.#writing = this.#write();
  }

  async #write(): Promise<void> {
    while (!this.#pending.isEmpty) {
      // The rest of a failure is tried as a whole.
      const groups = this.#pending.next(this.failure !== undefined);
      const changes = groups.length === 1
        ? groups[0].changes
        : groups.flatMap(({ changes }) => changes);
      this.#current = groups[groups.length - 1].written.promise;
      try {
        await this.#store.commit(changes, this.#clock.moment());
      } catch (error) {
        if (error instanceof StoreFull && this.#makeRoom(error, groups)) continue;
        this.#fail(error, groups);
        break;
      }
      this.#pending.stored(groups);
      this.commits++;
      this.changes += changes.length;
      this.#listener.stored(changes);
      for (const { written } of groups) written.resolve();
      if (this.failure !== undefined) this.#recover();
      this.#reads.send();
    }
    // In the turn of the last look at what gathers, so that nothing is left lying.
    this.#writing = undefined;
  }

  /**
   * There is no room for these. New jobs are given up and the rest is tried again: it may be what makes room. Returns whether
   * there is something to try.
   */
  #makeRoom(error: StoreFull, groups: readonly ChangeGroup[]): boolean {
    if (!hasPuts(groups)) return this.#pending.halve(groups);
    const incident = newIncident();
    const ids = this.#pending.giveUpPuts(groups, storeFull(incident, error));
    this.#listener.givenUp(ids);
    const message = `no room in the store, ${ids.length} new jobs are given up`;
    this.#log({ level: "error", message, incident, error });
    return true;
  }

  #fail(error: unknown, groups: readonly ChangeGroup[]): void {
    const before = this.failure;
    const failure = before ?? this.#failed(error);
    if (this.#closing) {
      this.lost = this.#pending.abandon(groups, failure);
      const message = `store still fails, ${this.lost} changes are lost`;
      this.#log({ level: "error", message, error });
    } else {
      // What gathered meanwhile builds on what failed; but what is changed while the store fails waits for it.
      this.#pending.fail(groups, failure, before === undefined);
      this.#stopRetry = this.#clock.after(this.#retry, () => this.#writing = this.#write());
      this.#retry = Math.min(2 * this.#retry, RETRY.most);
    }
    if (before === undefined) this.#listener.failed();
  }

  /** Nothing can be written from now on. */
  #failed(error: unknown): Refusal {
    const incident = newIncident();
    const message = "store failed, queue is read-only until it works again";
    this.#log({ level: "error", message, incident, error });
    return this.failure = storeFailed(incident, error);
  }

  #recover(): void {
    this.failure = undefined;
    this.#retry = RETRY.first;
    this.#log({ level: "info", message: "store works again, queue is no longer read-only" });
    this.#listener.recovered();
  }
}

/** By this number an entry of the log and the error that a client got are brought together. */
function newIncident(): string {
  return crypto.randomUUID().slice(0, 8);
}
