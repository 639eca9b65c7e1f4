// Group commit: changes gather while the last batch is written, and are written together. If they are many, only half of
// them: while one half is written, the clients of the other half are answered and send their next requests. If all were
// written at once, clients and store would wait for each other in turn.
//
// Memory is ahead of the store. So a batch that could not be written is kept, and tried again until it is written. Then the
// store has all that memory has, even changes whose clients were told that they may be lost.

import type { Refusal } from "../../protocol/errors.ts";
import { DurationBuckets } from "../../scheduling/duration_buckets.ts";
import type { Log } from "../log.ts";
import type { Memory } from "../memory.ts";
import { storeFailed, storeFull, storeLost } from "../refusals.ts";
import { BodyReads, type ReadBody } from "./body_reads.ts";
import { type ChangeGroup, hasPuts, PendingChanges } from "./pending_changes.ts";
import { type Change, type Moment, type Store, StoreFull, StoreLost } from "./store.ts";

/** How many bytes of changes may wait to be stored before a client that brings more waits as well. */
const MOST_BYTES = 64 << 20;

/** How long after a failure the store is tried again, in ms: first, and at most. */
const RETRY = { first: 100, most: 10_000 };

/** Hears of the fate of changes. */
export interface JournalListener {
  /** These changes are stored. */
  stored(changes: readonly Change[]): void;
  /** There is no room for the new jobs of these numbers: they are not stored, and will not be. */
  givenUp(ids: readonly number[]): void;
  /** The store failed: nothing can be stored for now. */
  failed(): void;
  /** The store belongs to another server: nothing can be stored any more. */
  lost(): void;
  /** The store works again, and all changes that waited are stored. */
  recovered(): void;
}

/** The time of a journal. */
export interface JournalClock {
  /** The present on the clocks of the queue, which is stored with changes. */
  moment(): Moment;
  /** Calls `action` in so many ms. Returns a function that cancels this. */
  after(ms: number, action: () => void): () => void;
}

/** A journal that changes nothing: how it stands, and the bodies of the store. */
export type JournalView = Readonly<
  Pick<
    Journal,
    | "failure"
    | "writingSince"
    | "commits"
    | "commitTimes"
    | "changes"
    | "pending"
    | "full"
    | "room"
    | "settled"
    | "read"
  >
>;

/** A journal for changes of these kinds only. */
export interface JournalWriter<K extends Change["kind"]> extends JournalView {
  // A property, not a method: so a journal for one kind never passes for one of more kinds.
  /** As `write` of a journal. */
  readonly write: (change: Extract<Change, { readonly kind: K }>) => Promise<void>;
}

/** Writes changes to a store, and reads bodies from it, in batches. */
export class Journal {
  /** Why nothing can be written now. */
  failure: Refusal | undefined = undefined;
  /** How many batches were written. */
  commits = 0;
  /** How many changes were written. */
  changes = 0;
  /** When the batch that is being written was begun, on the clock of `moment`; `undefined` where none is. */
  writingSince: number | undefined = undefined;
  /** How long batches took to be written. */
  readonly commitTimes = new DurationBuckets();
  /** How many changes were never written, because the store failed to the end. */
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
  /** The store belongs to another server. */
  #isLost = false;
  #isLossLogged = false;

  /** Changes that are not stored yet count to `memory`. */
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
    // An idle queue commits nothing, and must notice as well.
    store.ownership?.lost.then((error) => this.#lose(error, []));
  }

  /**
   * Resolves once the change is stored. Rejects with `internal` if the store fails now. A change that is made while the store
   * fails waits until it works again.
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

  /** Whether so much waits to be stored that a client with a new change has to wait. */
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

  /** Resolves once all changes so far are stored. Rejects with `internal` if the store fails. */
  settled(): Promise<void> {
    return this.#pending.written ?? this.#current;
  }

  /** Reads the bodies of jobs as they are now, whatever is written later. */
  read(ids: readonly number[]): Promise<ReadBody[]> {
    this.#schedule();
    return this.#reads.add(ids);
  }

  /** Resolves once all changes are written, or cannot be. */
  async drained(): Promise<void> {
    this.#closing = true;
    this.#stopRetry?.();
    this.#turn();
    if (this.failure !== undefined && !this.#isLost) this.#writing ??= this.#write();
    while (this.#writing !== undefined) await this.#writing;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => this.#turn());
  }

  // Reads go first: a change of the same turn may remove the body that they read.
  #turn(): void {
    this.#scheduled = false;
    this.#reads.send();
    if (this.#writing !== undefined || this.#pending.isEmpty) return;
    if (this.failure !== undefined) {
      if (this.#isLost) this.#abandon([], this.failure);
      return;
    }
    this.#writing = this.#write();
  }

  async #write(): Promise<void> {
    while (!this.#pending.isEmpty && !this.#isLost) {
      // After a failure all changes are tried as a whole.
      const groups = this.#pending.next(this.failure !== undefined);
      const changes = groups.length === 1
        ? groups[0].changes
        : groups.flatMap(({ changes }) => changes);
      this.#current = groups[groups.length - 1].written.promise;
      const moment = this.#clock.moment();
      this.writingSince = moment.now;
      try {
        await this.#store.commit(changes, moment);
      } catch (error) {
        if (error instanceof StoreFull && this.#makeRoom(error, groups)) continue;
        if (error instanceof StoreLost || this.#isLost) this.#lose(error, groups);
        else this.#fail(error, groups);
        break;
      }
      this.commitTimes.record(this.#clock.moment().now - moment.now);
      this.#pending.stored(groups);
      this.commits++;
      this.changes += changes.length;
      this.#listener.stored(changes);
      for (const { written } of groups) written.resolve();
      if (this.failure !== undefined) this.#recover();
      this.#reads.send();
    }
    // In the same turn as the check of the loop: no change is left without a writer.
    this.#writing = undefined;
    this.writingSince = undefined;
  }

  /**
   * The store has no room for these. New jobs are given up and the rest is tried again: it may make room. Returns whether
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
      this.#abandon(groups, failure);
      const message = `store still fails, ${this.lost} changes are lost`;
      this.#log({ level: "error", message, error });
    } else {
      // Changes that gathered meanwhile build on those that failed. Later ones were made by clients that know of the failure.
      this.#pending.fail(groups, failure, before === undefined);
      this.#stopRetry = this.#clock.after(this.#retry, () => this.#writing = this.#write());
      this.#retry = Math.min(2 * this.#retry, RETRY.most);
    }
    if (before === undefined) this.#listener.failed();
  }

  /** Another server has the store: what waits here was never answered, and may contradict what that one has done since. */
  #lose(error: unknown, groups: readonly ChangeGroup[]): void {
    const isNews = !this.#isLost;
    this.#isLost = true;
    this.#stopRetry?.();
    if (isNews) this.failure = storeLost(newIncident(), error);
    const failure = this.failure!;
    const before = this.lost;
    this.#abandon(groups, failure);
    const isTold = this.#store.ownership?.isTold === true && this.lost === before;
    if (!isTold && !this.#isLossLogged) {
      this.#isLossLogged = true;
      const message = "the store belongs to another server, and nothing more is changed in it";
      const { incident } = failure.details;
      this.#log({ level: "error", message, incident, why: (error as Error).message });
    }
    if (isNews) this.#listener.lost();
  }

  #abandon(groups: readonly ChangeGroup[], failure: Refusal): void {
    this.lost += this.#pending.abandon(groups, failure);
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

/** A number that is in the log and in the error that a client gets, so that one leads to the other. */
function newIncident(): string {
  return crypto.randomUUID().slice(0, 8);
}
