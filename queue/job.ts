import type { Client } from "../server/handlers.ts";
import type { Due } from "./deadlines.ts";
import type { Names } from "./names.ts";
import type { Progress, State, StoredJob } from "./store.ts";

/** What a new job is told. */
export interface NewJob {
  readonly queue: string;
  readonly body: Uint8Array;
  readonly key?: string;
  readonly priority: number;
  readonly delay: number;
  readonly lease: number;
  readonly attempts: number;
}

/** A new job as it is stored first; of no key where the key is empty. */
export function newJob(id: number, put: number, told: NewJob): StoredJob {
  const { queue, key = "", priority, attempts, lease, delay, body } = told;
  return {
    id,
    queue,
    key,
    priority,
    attempts,
    lease,
    backoff: 0,
    keep: false,
    unique: "",
    put,
    expires: 0,
    size: body.length,
    state: delay > 0 ? "delayed" : "ready",
    attempt: 0,
    spared: 0,
    ready: put + delay,
    until: 0,
    held: false,
    reason: "",
  };
}

/** The order of the jobs of a key; no two have the same place. */
export function wasReadyBefore(a: Job, b: Job): boolean {
  return a.ready < b.ready || (a.ready === b.ready && a.id < b.id);
}

/** A job in memory, where its body is not. */
export class Job implements StoredJob, Due {
  readonly id: number;
  readonly queue: string;
  readonly key: string;
  readonly priority: number;
  readonly attempts: number;
  readonly lease: number;
  readonly backoff: number;
  readonly keep: boolean;
  readonly unique: string;
  readonly put: number;
  readonly expires: number;
  readonly size: number;
  state: State;
  attempt: number;
  spared: number;
  ready: number;
  until: number;
  held: boolean;
  reason: string;
  place = -1;
  /** Whose connection took it; `undefined` where it is not taken or that was before the start. */
  holder: Client | undefined = undefined;

  constructor(stored: StoredJob, names: Names) {
    this.id = stored.id;
    this.queue = names.share(stored.queue);
    this.key = names.share(stored.key);
    this.priority = stored.priority;
    this.attempts = stored.attempts;
    this.lease = stored.lease;
    this.backoff = stored.backoff;
    this.keep = stored.keep;
    this.unique = stored.unique;
    this.expires = stored.expires;
    this.spared = stored.spared;
    this.held = stored.held;
    this.put = stored.put;
    this.size = stored.size;
    this.state = stored.state;
    this.attempt = stored.attempt;
    this.ready = stored.ready;
    this.until = stored.until;
    this.reason = stored.reason;
  }

  /** Whether it becomes another by itself when `due` has come. */
  get hasDeadline(): boolean {
    return this.state === "delayed" || this.state === "taken";
  }

  /** When its delay or lease is over. */
  get due(): number {
    return this.state === "taken" ? this.until : this.ready;
  }

  /** Somebody takes it. */
  take(holder: Client, until: number): void {
    this.state = "taken";
    this.attempt++;
    this.until = until;
    this.holder = holder;
  }

  /** It was taken by nobody after all: it has its old place, and the attempt does not count. */
  giveBack(): void {
    this.attempt--;
    this.#leave("ready");
  }

  /** Its attempt failed: what it is now. */
  fail(
    ready: number,
    delayed: boolean,
    dead: boolean,
    reason: string,
  ): "delayed" | "ready" | "dead" {
    const state = dead || this.attempt >= this.attempts ? "dead" : delayed ? "delayed" : "ready";
    this.ready = ready;
    this.reason = reason;
    this.#leave(state);
    return state;
  }

  /** Its delay or lease is over. */
  timeOver(): void {
    if (this.state === "delayed") this.state = "ready";
    else this.fail(this.until, false, false, "The lease ran out.");
  }

  #leave(state: State): void {
    this.state = state;
    this.until = 0;
    this.holder = undefined;
  }

  /** What the store is told of it: a copy, because the job goes on while that is written. */
  progress(): Progress {
    const { state, attempt, spared, ready, until, held, reason } = this;
    return { state, attempt, spared, ready, until, held, reason };
  }
}
