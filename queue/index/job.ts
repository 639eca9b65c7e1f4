import type { Client } from "../../server/request/handlers.ts";
import type { Due } from "./deadlines.ts";
import { NONE, type Page } from "./job_page.ts";
import type { SharedOptions } from "./job_options.ts";
import type { Queue } from "./queue.ts";
import { type JobProgress, type State, states, type StoredJob } from "../store/store.ts";
import type { KeyState } from "./key_state.ts";

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
export function newJob(id: number, enqueuedAt: number, told: NewJob): StoredJob {
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
    enqueuedAt,
    expiresAt: expires === undefined ? 0 : enqueuedAt + expires,
    size: body.length,
    state: delay > 0 ? "delayed" : "ready",
    attempt: 0,
    uncountedAttempts: 0,
    readyAt: enqueuedAt + delay,
    endsAt: 0,
    releaseOnDisconnect: false,
    reason: "",
  };
}

/** What few jobs have. */
export class JobExtras implements Due {
  /** The job's number. */
  readonly id: number;
  place = -1;
  unique = "";
  expiresAt = 0;
  uncountedAttempts = 0;
  reason = "";

  constructor(id: number) {
    this.id = id;
  }

  /** When the job expires. */
  get due(): number {
    return this.expiresAt;
  }
}

/**
 * A job in memory, where its body is not: a look at its place in a page, made each time that somebody looks. So two of
 * the same job are two objects, and one of a job that is gone is of no use: whoever waits keeps the number.
 */
export class Job {
  readonly id: number;
  readonly kind: SharedOptions;
  readonly #page: Page;
  readonly #at: number;

  /** The job of an index in a page. */
  constructor(page: Page, at: number) {
    this.id = page.id[at];
    this.kind = page.kindOf(at);
    this.#page = page;
    this.#at = at;
  }

  get slot(): number {
    return this.#page.first + this.#at;
  }

  get tenant(): KeyState {
    return this.kind.tenant;
  }

  get queue(): Queue {
    return this.kind.tenant.queue;
  }

  get key(): string {
    return this.kind.tenant.key;
  }

  /** When it was put. */
  get enqueuedAt(): number {
    return this.#page.enqueuedAt[this.#at];
  }

  /** How many bytes its body has, or its result where it is done. */
  get size(): number {
    return this.#page.bytes[this.#at];
  }

  get state(): State {
    return states[this.#page.state[this.#at]];
  }

  get attempt(): number {
    return this.#page.attempt[this.#at];
  }

  get readyAt(): number {
    return this.#page.readyAt[this.#at];
  }

  /** When the lease ends, or the result is forgotten; 0 where it is neither taken nor done. */
  get endsAt(): number {
    return this.#page.endsAt[this.#at];
  }

  /** Whether the lease ends with the connection. */
  get releaseOnDisconnect(): boolean {
    return this.#page.releaseOnDisconnect[this.#at] === 1;
  }

  /** Whose connection took it; `undefined` where it is not taken, or was so before the start. */
  get holder(): Client | undefined {
    return this.#page.holders.get(this.#at);
  }

  get unique(): string {
    return this.extras?.unique ?? "";
  }

  get expiresAt(): number {
    return this.extras?.expiresAt ?? 0;
  }

  get reason(): string {
    return this.extras?.reason ?? "";
  }

  /** How many attempts do not count. */
  get uncountedAttempts(): number {
    return this.extras?.uncountedAttempts ?? 0;
  }

  /** How many attempts count. */
  get used(): number {
    return this.attempt - this.uncountedAttempts;
  }

  /** Whether it waits in the order of its queue, or for its time. */
  get isPlaced(): boolean {
    return this.#page.place[this.#at] !== NONE;
  }

  /** Whether it becomes another by itself when `due` has come. */
  get hasDeadline(): boolean {
    const { state } = this;
    return state === "delayed" || state === "taken" || state === "done";
  }

  /** When its delay or lease is over, or its result forgotten. */
  get due(): number {
    return this.state === "delayed" ? this.readyAt : this.endsAt;
  }

  get extras(): JobExtras | undefined {
    return this.#page.extras.get(this.#at);
  }

  /** What few jobs have, to be changed. */
  more(): JobExtras {
    let { extras } = this;
    if (extras === undefined) this.#page.extras.set(this.#at, extras = new JobExtras(this.id));
    return extras;
  }

  /** Somebody takes it. */
  take(holder: Client, endsAt: number, releaseOnDisconnect: boolean): void {
    this.#become("taken", endsAt);
    this.#page.attempt[this.#at]++;
    this.#page.releaseOnDisconnect[this.#at] = Number(releaseOnDisconnect);
    this.#page.holders.set(this.#at, holder);
  }

  /** Its lease ends at another time. */
  extend(endsAt: number): void {
    this.#page.endsAt[this.#at] = endsAt;
  }

  /** It was taken by nobody after all: it has its old place, and the attempt does not count. */
  giveBack(): void {
    this.#page.attempt[this.#at]--;
    this.#become("ready");
  }

  /** Who took it returns it: ready at its old place or delayed until then, and the attempt does not count. */
  release(readyAt: number | undefined): void {
    this.more().uncountedAttempts++;
    if (readyAt !== undefined) this.#page.readyAt[this.#at] = readyAt;
    this.#become(readyAt === undefined ? "ready" : "delayed");
  }

  /** Its attempt failed: ready or delayed until then, or dead. */
  fail(readyAt: number, delayed: boolean, dead: boolean, reason: string): void {
    this.#page.readyAt[this.#at] = readyAt;
    if (reason !== "" || this.extras !== undefined) this.more().reason = reason;
    const isDead = dead || this.used >= this.kind.attempts;
    this.#become(isDead ? "dead" : delayed ? "delayed" : "ready");
  }

  /** It is done, and its result, of this size, is kept for a while. */
  finish(endsAt: number, size: number): void {
    this.#become("done", endsAt);
    this.#page.bytes[this.#at] = size;
    const { extras } = this;
    if (extras !== undefined) extras.reason = "";
  }

  /** It was dead: it is ready and has all its attempts again. */
  revive(now: number): void {
    this.more().uncountedAttempts = this.attempt;
    this.#page.readyAt[this.#at] = now;
    this.#become("ready");
  }

  /** Its delay or lease is over. */
  timeOver(): void {
    if (this.state === "delayed") this.#become("ready");
    else this.fail(this.due, false, false, "The lease ran out.");
  }

  /** It is in another state, held by nobody. */
  #become(state: State, endsAt = 0): void {
    this.#page.state[this.#at] = states.indexOf(state);
    this.#page.endsAt[this.#at] = endsAt;
    this.#page.releaseOnDisconnect[this.#at] = 0;
    this.#page.holders.delete(this.#at);
  }

  /** What the store is told of it: a copy, because the job goes on while that is written. */
  progress(): JobProgress {
    const { state, attempt, readyAt, endsAt, releaseOnDisconnect, extras } = this;
    return {
      state,
      attempt,
      uncountedAttempts: extras?.uncountedAttempts ?? 0,
      readyAt,
      endsAt,
      releaseOnDisconnect,
      reason: extras?.reason ?? "",
    };
  }
}
