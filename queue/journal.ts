// Group commit: changes gather while the last batch is being written, and go together.

import type { Refusal } from "../protocol/errors.ts";
import type { LogEntry } from "../server/log.ts";
import { storeFailed } from "./refusals.ts";
import type { Change, Store } from "./store.ts";

type Settled<T> = PromiseWithResolvers<T>;

/** What is written to a store and read from it, in batches. */
export class Journal {
  /** Why nothing can be written any more. */
  failure: Refusal | undefined = undefined;
  /** How many batches were written. */
  commits = 0;
  /** How many changes were. */
  changes = 0;

  readonly #store: Store;
  readonly #log: (entry: LogEntry) => void;
  readonly #onStored: (changes: readonly Change[]) => void;
  readonly #onFailure: () => void;
  #gathering: Change[] = [];
  #gathered: Settled<void> = batch();
  #asked = new Map<number, Settled<Uint8Array | undefined>>();
  #scheduled = false;
  #writing: Promise<void> | undefined = undefined;

  constructor(
    store: Store,
    log: (entry: LogEntry) => void,
    onStored: (changes: readonly Change[]) => void,
    onFailure: () => void,
  ) {
    this.#store = store;
    this.#log = log;
    this.#onStored = onStored;
    this.#onFailure = onFailure;
  }

  /** Resolves once the change is stored. Rejects with `internal` where that fails. */
  write(change: Change): Promise<void> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    this.#gathering.push(change);
    this.#schedule();
    return this.#gathered.promise;
  }

  /** The body of a job as the store has it now, whatever is written later. */
  read(id: number): Promise<Uint8Array | undefined> {
    let asked = this.#asked.get(id);
    if (asked === undefined) {
      this.#asked.set(id, asked = Promise.withResolvers());
      this.#schedule();
    }
    return asked.promise;
  }

  /** Resolves once all is written that was asked for. */
  async drained(): Promise<void> {
    this.#turn();
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
    this.#ask();
    if (this.#writing !== undefined || this.#gathering.length === 0) return;
    this.#writing = this.#write();
  }

  #ask(): void {
    if (this.#asked.size === 0) return;
    const asked = this.#asked;
    this.#asked = new Map();
    this.#store.bodies([...asked.keys()]).then((bodies) => {
      let at = 0;
      for (const each of asked.values()) each.resolve(bodies[at++]);
    }, (error) => {
      for (const each of asked.values()) each.reject(error);
    });
  }

  async #write(): Promise<void> {
    while (this.#gathering.length > 0) {
      const changes = this.#gathering;
      const gathered = this.#gathered;
      this.#gathering = [];
      this.#gathered = batch();
      try {
        await this.#store.commit(changes);
      } catch (error) {
        this.#fail(error, gathered);
        break;
      }
      this.commits++;
      this.changes += changes.length;
      this.#onStored(changes);
      gathered.resolve();
      this.#ask();
    }
    // In the turn of the last look at what gathers, so that nothing is left lying.
    this.#writing = undefined;
  }

  #fail(error: unknown, gathered: Settled<void>): void {
    const incident = crypto.randomUUID().slice(0, 8);
    this.failure = storeFailed(incident, error);
    this.#log({ level: "error", message: "store failed, queue is read-only", incident, error });
    gathered.reject(this.failure);
    // None of these reached the store, but those they build on may not have either.
    this.#gathered.reject(this.failure);
    this.#gathering = [];
    this.#onFailure();
  }
}

/** A batch whose failure somebody always learns of: the journal keeps it. */
function batch(): Settled<void> {
  const settled = Promise.withResolvers<void>();
  settled.promise.catch(() => {});
  return settled;
}
