// Where jobs are kept: the interface that memory and SQLite implement.

/** How far a job has come. */
export type State = "delayed" | "ready" | "taken" | "dead";

/** The states in the order of a job's life, which is also how a store may number them. */
export const states: readonly State[] = ["delayed", "ready", "taken", "dead"];

/**
 * What changes in a job's life.
 *
 * Time passing is no change: a delay or lease that is over follows from `ready` or `until`, so it is the same after
 * a restart and costs no write.
 */
export interface Progress {
  /** When it was last stored. */
  readonly state: State;
  /** How many times it was taken. */
  readonly attempt: number;
  /** When it became ready, or will, in ms since the Unix epoch: its place in its key. */
  readonly ready: number;
  /** When its lease ends, in ms since the Unix epoch; 0 where it is not taken. */
  readonly until: number;
  /** Why the last attempt failed; empty where it did not or nobody said. */
  readonly reason: string;
}

/** A job as it is kept, without its body. */
export interface StoredJob extends Progress {
  /** Its number, from 1 upwards, never used twice. */
  readonly id: number;
  /** The queue's name. */
  readonly queue: string;
  /** Whose it is; empty where nobody said. */
  readonly key: string;
  /** 0 to 9, lower first. */
  readonly priority: number;
  /** How many times it is taken at most. */
  readonly attempts: number;
  /** How long a lease is where TAKE names none, in ms. */
  readonly lease: number;
  /** When it was put, in ms since the Unix epoch. */
  readonly put: number;
  /** The length of its body in bytes. */
  readonly size: number;
}

/** One change of one job. */
export type Change =
  /** A new job; its number is above all before it. */
  | { readonly kind: "put"; readonly job: StoredJob; readonly body: Uint8Array }
  /** A job has come further. */
  | { readonly kind: "move"; readonly id: number; readonly progress: Progress }
  /** A job is gone. */
  | { readonly kind: "done"; readonly id: number };

/**
 * Keeps jobs. Calls take effect in the order in which they are made: `bodies` sees every commit that was called
 * before it and none that was called after, whether or not those have resolved.
 *
 * @example
 * ```ts
 * import { memoryStore, type StoredJob } from "@lineup/lineup/queue";
 * import { assertEquals } from "@std/assert";
 *
 * const store = memoryStore();
 * const job: StoredJob = {
 *   id: 1, queue: "mail", key: "", priority: 5, attempts: 10, lease: 60_000, put: 0, size: 3,
 *   state: "ready", attempt: 0, ready: 0, until: 0, reason: "",
 * };
 * await store.commit([{ kind: "put", job, body: new Uint8Array(3) }]);
 * assertEquals(await Array.fromAsync(store.load()), [job]);
 * ```
 */
export interface Store {
  /**
   * Makes changes lasting, all or none, in order; resolves once they are. Rejects where it cannot; whether they last
   * is then unknown. A change of a job that is not there changes nothing.
   */
  commit(changes: readonly Change[]): Promise<void>;
  /** Every job that is kept, by number. */
  load(): AsyncIterable<StoredJob>;
  /** The highest number that was ever put, 0 at first. */
  lastId(): Promise<number>;
  /** The bodies of jobs, in the order of `ids`; `undefined` for a job that is not there. */
  bodies(ids: readonly number[]): Promise<(Uint8Array | undefined)[]>;
  /** Waits for the calls made so far, then lets everything go. */
  close(): Promise<void>;
}
