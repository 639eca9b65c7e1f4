// What jobs came to: kept for those who ask later, told to those who wait.

import { BYTES, type Memory } from "../memory.ts";
import { deadJob } from "../refusals.ts";

type Waiting = PromiseWithResolvers<Uint8Array>;

/** Results of jobs that are done, and the requests that wait for some. */
export class Results {
  readonly #memory: Memory;
  #waits = 0;
  /** The numbers of the jobs whose results are kept, the oldest first. */
  readonly #kept = new Set<number>();
  /** Results that are not stored yet. */
  readonly #fresh = new Map<number, Uint8Array>();
  readonly #waiting = new Map<number, Set<Waiting>>();

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** How many requests wait. */
  get waiting(): number {
    return this.#waits;
  }

  /** How many results are kept. */
  get size(): number {
    return this.#kept.size;
  }

  /** The number of the job whose result has been kept for longest. */
  get oldest(): number {
    return this.#kept.values().next().value!;
  }

  /** The result of a job from now on. */
  keep(id: number, result?: Uint8Array): void {
    this.#kept.add(id);
    if (result !== undefined) this.#fresh.set(id, result);
  }

  /** The result of a job is stored. */
  stored(id: number): void {
    this.#fresh.delete(id);
  }

  /** The result of a job while it is not stored yet. */
  fresh(id: number): Uint8Array | undefined {
    return this.#fresh.get(id);
  }

  /** A job is gone. */
  forget(id: number): void {
    this.#kept.delete(id);
    this.#fresh.delete(id);
  }

  /** Waits for a job; `leave` where one does not wait any more. */
  wait(id: number): { readonly result: Promise<Uint8Array>; leave(): void } {
    const waiting: Waiting = Promise.withResolvers();
    const all = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, all.add(waiting));
    this.#count(1);
    return {
      result: waiting.promise,
      leave: () => {
        if (!all.delete(waiting)) return;
        this.#count(-1);
        if (all.size === 0) this.#waiting.delete(id);
      },
    };
  }

  /** A job is done: those who wait are told once that is stored. */
  done(id: number, result: Uint8Array, written: Promise<void>): void {
    for (const each of this.#take(id)) written.then(() => each.resolve(result), each.reject);
  }

  /** A job will not be done: those who wait are told why. */
  dead(id: number, why: string): void {
    for (const each of this.#take(id)) each.reject(deadJob(why));
  }

  /** Nobody waits any longer. */
  refuse(reason: unknown): void {
    for (const id of [...this.#waiting.keys()]) {
      for (const each of this.#take(id)) each.reject(reason);
    }
  }

  #count(more: number): void {
    this.#waits += more;
    this.#memory.waiting += more * BYTES.waiter;
  }

  #take(id: number): readonly Waiting[] {
    const all = this.#waiting.get(id);
    if (all === undefined) return [];
    const waiting = [...all];
    this.#count(-waiting.length);
    this.#waiting.delete(id);
    all.clear();
    return waiting;
  }
}
