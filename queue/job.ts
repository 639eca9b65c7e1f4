import type { Client } from "../server/handlers.ts";
import type { Due } from "./deadlines.ts";
import type { Queue } from "./queue.ts";
import type { Progress, State, StoredJob } from "./store.ts";
import type { Tenant } from "./tenant.ts";

/** What a new job is told. */
export interface NewJob {
  readonly queue: string;
  readonly body: Uint8Array;
  readonly key?: string;
  readonly unique?: string;
  readonly priority: number;
  readonly delay: number;
  readonly lease: number;
  readonly attempts: number;
  readonly backoff: number;
  /** In ms from now; `undefined` for never. */
  readonly expires?: number;
  readonly keep: boolean;
}

/** A new job as it is stored first; of no key where the key is empty. */
export function newJob(id: number, put: number, told: NewJob): StoredJob {
  const { queue, key = "", unique = "", priority, attempts, lease, delay, body, expires } = told;
  return {
    id,
    queue,
    key,
    priority,
    attempts,
    lease,
    backoff: told.backoff,
    keep: told.keep,
    unique,
    put,
    expires: expires === undefined ? 0 : put + expires,
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

/** What holds for all attempts of a job: jobs that are alike share one. */
export interface Kind {
  readonly tenant: Tenant;
  readonly priority: number;
  readonly attempts: number;
  readonly lease: number;
  readonly backoff: number;
  readonly keep: boolean;
}

/** What only a job has that is taken, or that is done and whose result is kept. */
interface Hold {
  /** When the lease ends, or the result is forgotten. */
  until: number;
  /** Whether the lease ends with the connection. */
  held: boolean;
  /** Whose connection took it; `undefined` where that was before the start. */
  readonly holder: Client | undefined;
}

/** What few jobs have. */
export class Rarely implements Due {
  place = -1;
  unique = "";
  expires = 0;
  spared = 0;
  reason = "";

  constructor(readonly job: Job) {}

  /** When the job expires. */
  get due(): number {
    return this.expires;
  }
}

/**
 * A job in memory, where its body is not. There may be millions: what few have, or what they have for a while, or what
 * many have in common, is elsewhere.
 */
export class Job implements Due {
  readonly id: number;
  readonly kind: Kind;
  readonly put: number;
  size: number;
  state: State;
  attempt: number;
  ready: number;
  place = -1;
  hold: Hold | undefined = undefined;
  rarely: Rarely | undefined = undefined;

  constructor(stored: StoredJob, kind: Kind) {
    this.id = stored.id;
    this.kind = kind;
    this.put = stored.put;
    this.size = stored.size;
    this.state = stored.state;
    this.attempt = stored.attempt;
    this.ready = stored.ready;
    const { unique, expires, spared, reason, until, held } = stored;
    if (unique !== "" || expires > 0 || spared > 0 || reason !== "") {
      Object.assign(this.more(), { unique, expires, spared, reason });
    }
    if (until > 0) this.hold = { until, held, holder: undefined };
  }

  get tenant(): Tenant {
    return this.kind.tenant;
  }

  get queue(): Queue {
    return this.kind.tenant.queue;
  }

  get key(): string {
    return this.kind.tenant.key;
  }

  get unique(): string {
    return this.rarely?.unique ?? "";
  }

  get expires(): number {
    return this.rarely?.expires ?? 0;
  }

  get reason(): string {
    return this.rarely?.reason ?? "";
  }

  /** How many attempts count. */
  get used(): number {
    return this.attempt - (this.rarely?.spared ?? 0);
  }

  /** Whether it becomes another by itself when `due` has come. */
  get hasDeadline(): boolean {
    return this.state === "delayed" || this.state === "taken" || this.state === "done";
  }

  /** When its delay or lease is over, or its result forgotten. */
  get due(): number {
    return this.hold === undefined ? this.ready : this.hold.until;
  }

  /** What few jobs have, to be changed. */
  more(): Rarely {
    return this.rarely ??= new Rarely(this);
  }

  /** Somebody takes it. */
  take(holder: Client, until: number, held: boolean): void {
    this.state = "taken";
    this.attempt++;
    this.hold = { until, held, holder };
  }

  /** It was taken by nobody after all: it has its old place, and the attempt does not count. */
  giveBack(): void {
    this.attempt--;
    this.#leave("ready");
  }

  /** Who took it returns it: ready at its old place or delayed until then, and the attempt does not count. */
  release(ready: number | undefined): void {
    this.more().spared++;
    if (ready !== undefined) this.ready = ready;
    this.#leave(ready === undefined ? "ready" : "delayed");
  }

  /** Its attempt failed: what it is now. */
  fail(
    ready: number,
    delayed: boolean,
    dead: boolean,
    reason: string,
  ): "delayed" | "ready" | "dead" {
    const state = dead || this.used >= this.kind.attempts ? "dead" : delayed ? "delayed" : "ready";
    this.ready = ready;
    if (reason !== "" || this.rarely !== undefined) this.more().reason = reason;
    this.#leave(state);
    return state;
  }

  /** It is done, and its result, of this size, is kept for a while. */
  finish(until: number, size: number): void {
    this.#leave("done");
    this.size = size;
    this.hold = { until, held: false, holder: undefined };
    if (this.rarely !== undefined) this.rarely.reason = "";
  }

  /** It was dead: it is ready and has all its attempts again. */
  revive(now: number): void {
    this.more().spared = this.attempt;
    this.ready = now;
    this.state = "ready";
  }

  /** Its delay or lease is over. */
  timeOver(): void {
    if (this.state === "delayed") this.state = "ready";
    else this.fail(this.due, false, false, "The lease ran out.");
  }

  #leave(state: State): void {
    this.state = state;
    this.hold = undefined;
  }

  /** What the store is told of it: a copy, because the job goes on while that is written. */
  progress(): Progress {
    const { state, attempt, ready, hold, rarely } = this;
    return {
      state,
      attempt,
      spared: rarely?.spared ?? 0,
      ready,
      until: hold?.until ?? 0,
      held: hold?.held ?? false,
      reason: rarely?.reason ?? "",
    };
  }
}
