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

  /** When its delay or lease is over. */
  get due(): number {
    return this.state === "taken" ? this.until : this.ready;
  }

  /** What the store is told of it: a copy, because the job goes on while that is written. */
  progress(): Progress {
    const { state, attempt, ready, until, reason } = this;
    return { state, attempt, ready, until, reason };
  }
}
