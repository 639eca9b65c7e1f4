import { BYTES, type Memory } from "../memory.ts";
import type { JobOptions } from "../store/store.ts";
import type { KeyState } from "./key_state.ts";

/** What holds for all attempts of a job: jobs that are alike share one. */
export class SharedOptions {
  readonly tenant: KeyState;
  readonly priority: number;
  readonly attempts: number;
  readonly lease: number;
  readonly backoff: number;
  readonly keep: boolean;
  /** How many jobs are of it, and its number while there are some. */
  jobs = 0;
  number = -1;

  constructor(tenant: KeyState, { priority, attempts, lease, backoff, keep }: JobOptions) {
    this.tenant = tenant;
    this.priority = priority;
    this.attempts = attempts;
    this.lease = lease;
    this.backoff = backoff;
    this.keep = keep;
  }

  /** Whether a job of its key on these terms is of it. */
  fits({ priority, attempts, lease, backoff, keep }: JobOptions): boolean {
    return this.priority === priority && this.lease === lease && this.attempts === attempts &&
      this.backoff === backoff && this.keep === keep;
  }
}

/** The kinds of which there are jobs, by number: all that a job keeps of its kind. */
export class SharedOptionsTable {
  readonly #all: (SharedOptions | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #memory: Memory;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** The kind of a number. */
  at(number: number): SharedOptions {
    return this.#all[number]!;
  }

  /** One more job is of a kind. Returns the number of the kind. */
  join(kind: SharedOptions): number {
    if (kind.jobs++ === 0) {
      kind.number = this.#free.pop() ?? this.#all.length;
      this.#all[kind.number] = kind;
      this.#memory.kept += BYTES.kind;
    }
    return kind.number;
  }

  /** A job of a kind is gone. */
  leave(number: number): void {
    if (--this.at(number).jobs > 0) return;
    this.#all[number] = undefined;
    this.#memory.kept -= BYTES.kind;
    this.#free.push(number);
  }
}
