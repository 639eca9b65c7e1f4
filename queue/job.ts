import type { Client } from "../server/handlers.ts";
import type { Due } from "./deadlines.ts";
import type { Progress, State, StoredJob } from "./store.ts";

/** A job in memory, where its body is not. */
export class Job implements StoredJob, Due {
  readonly id: number;
  readonly queue: string;
  readonly key: string;
  readonly priority: number;
  readonly attempts: number;
  readonly lease: number;
  readonly put: number;
  readonly size: number;
  state: State;
  attempt: number;
  ready: number;
  until: number;
  reason: string;
  place = -1;
  /** Whose connection took it; `undefined` where it is not taken or that was before the start. */
  holder: Client | undefined = undefined;

  constructor(stored: StoredJob) {
    this.id = stored.id;
    this.queue = stored.queue;
    this.key = stored.key;
    this.priority = stored.priority;
    this.attempts = stored.attempts;
    this.lease = stored.lease;
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
    const { state, attempt, ready, until, reason } = this;
    return { state, attempt, ready, until, reason };
  }
}
