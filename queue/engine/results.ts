// The results of jobs: kept for later requests, and told to requests that wait.

import { BYTES, type Memory } from "../memory.ts";
import { deadJob } from "../refusals.ts";

type ResultWaiter = PromiseWithResolvers<Uint8Array>;

/** Results of jobs that are done, and the requests that wait for some. */
export class Results {
  readonly #memory: Memory;
  #waiting = 0;
  /** The ids of the jobs whose results are kept, the oldest first. */
  readonly #kept = new Set<number>();
  /** Results that are not stored yet. */
  readonly #unstored = new Map<number, Uint8Array>();
  readonly #waiters = new Map<number, Set<ResultWaiter>>();

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** How many requests wait. */
  get waiting(): number {
    return this.#waiting;
  }

  /** How many results are kept. */
  get size(): number {
    return this.#kept.size;
  }

  /** The id of the job whose result has been kept for longest. */
  get oldest(): number {
    return this.#kept.values().next().value!;
  }

  /** Keeps the result of a job; without `result` it is stored already. */
  keep(id: number, result?: Uint8Array): void {
    this.#kept.add(id);
    if (result !== undefined) this.#unstored.set(id, result);
  }

  /** The result of a job is stored. */
  stored(id: number): void {
    this.#unstored.delete(id);
  }

  /** The result of a job while it is not stored yet. */
  unstored(id: number): Uint8Array | undefined {
    return this.#unstored.get(id);
  }

  /** A job is gone. */
  forget(id: number): void {
    this.#kept.delete(id);
    this.#unstored.delete(id);
  }

  /** Waits for the result of a job; call `leave` to wait no longer. */
  wait(id: number): { readonly result: Promise<Uint8Array>; leave(): void } {
    const waiter: ResultWaiter = Promise.withResolvers();
    const all = this.#waiters.get(id) ?? new Set();
    this.#waiters.set(id, all.add(waiter));
    this.#count(1);
    return {
      result: waiter.promise,
      leave: () => {
        if (!all.delete(waiter)) return;
        this.#count(-1);
        if (all.size === 0) this.#waiters.delete(id);
      },
    };
  }

  /** A job is done: requests that wait get its result once that is stored. */
  done(id: number, result: Uint8Array, written: Promise<void>): void {
    for (const each of this.#remove(id)) written.then(() => each.resolve(result), each.reject);
  }

  /** A job will not be done: requests that wait are refused. */
  dead(id: number, why: string): void {
    for (const each of this.#remove(id)) each.reject(deadJob(why));
  }

  /** Refuses all requests that wait. */
  refuse(reason: unknown): void {
    for (const id of [...this.#waiters.keys()]) {
      for (const each of this.#remove(id)) each.reject(reason);
    }
  }

  #count(more: number): void {
    this.#waiting += more;
    this.#memory.waiting += more * BYTES.resultWaiter;
  }

  #remove(id: number): Iterable<ResultWaiter> {
    const all = this.#waiters.get(id);
    if (all === undefined) return NOBODY;
    const waiters = [...all];
    this.#count(-waiters.length);
    this.#waiters.delete(id);
    all.clear();
    return waiters;
  }
}

const NOBODY: readonly ResultWaiter[] = [];
