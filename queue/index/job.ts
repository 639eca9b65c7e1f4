import type { Client } from "../../server/request/handlers.ts";
import type { Due } from "./deadlines.ts";
import { NONE, type Page } from "./job_page.ts";
import type { JobOptions } from "./job_options.ts";
import type { Queue } from "./queue.ts";
import { type Progress, type State, states, type StoredJob } from "../store/store.ts";
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

/** The longest pause that backoff makes, in ms. */
const LONGEST_PAUSE = 86_400_000;

/** How long after so many attempts that count a job is tried again at most, in ms. */
export function longestPause(backoff: number, used: number): number {
  return Math.min(backoff * 2 ** Math.max(0, used - 1), LONGEST_PAUSE);
}

/** What few jobs have. */
export class JobExtras implements Due {
  /** The job's number. */
  readonly id: number;
  place = -1;
  unique = "";
  expires = 0;
  spared = 0;
  reason = "";

  constructor(id: number) {
    this.id = id;
  }

  /** When the job expires. */
  get due(): number {
    return this.expires;
  }
}

/**
 * A job in memory, where its body is not: a look at its place in a page, made each time that somebody looks. So two of
 * the same job are two objects, and one of a job that is gone is of no use: whoever waits keeps the number.
 */
export class Job {
  readonly id: number;
  readonly kind: JobOptions;
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
  get put(): number {
    return this.#page.put[this.#at];
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

  get ready(): number {
    return this.#page.ready[this.#at];
  }

  /** When the lease ends, or the result is forgotten; 0 where it is neither taken nor done. */
  get until(): number {
    return this.#page.until[this.#at];
  }

  /** Whether the lease ends with the connection. */
  get held(): boolean {
    return this.#page.held[this.#at] === 1;
  }

  /** Whose connection took it; `undefined` where it is not taken, or was so before the start. */
  get holder(): Client | undefined {
    return this.#page.holders.get(this.#at);
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

  /** How many attempts do not count. */
  get uncounted(): number {
    return this.rarely?.spared ?? 0;
  }

  /** How many attempts count. */
  get used(): number {
    return this.attempt - this.uncounted;
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
    return this.state === "delayed" ? this.ready : this.until;
  }

  get rarely(): JobExtras | undefined {
    return this.#page.rarely.get(this.#at);
  }

  /** What few jobs have, to be changed. */
  more(): JobExtras {
    let { rarely } = this;
    if (rarely === undefined) this.#page.rarely.set(this.#at, rarely = new JobExtras(this.id));
    return rarely;
  }

  /** Somebody takes it. */
  take(holder: Client, until: number, held: boolean): void {
    this.#become("taken", until);
    this.#page.attempt[this.#at]++;
    this.#page.held[this.#at] = Number(held);
    this.#page.holders.set(this.#at, holder);
  }

  /** Its lease ends at another time. */
  extend(until: number): void {
    this.#page.until[this.#at] = until;
  }

  /** It was taken by nobody after all: it has its old place, and the attempt does not count. */
  giveBack(): void {
    this.#page.attempt[this.#at]--;
    this.#become("ready");
  }

  /** Who took it returns it: ready at its old place or delayed until then, and the attempt does not count. */
  release(ready: number | undefined): void {
    this.more().spared++;
    if (ready !== undefined) this.#page.ready[this.#at] = ready;
    this.#become(ready === undefined ? "ready" : "delayed");
  }

  /** Its attempt failed: ready or delayed until then, or dead. */
  fail(ready: number, delayed: boolean, dead: boolean, reason: string): void {
    this.#page.ready[this.#at] = ready;
    if (reason !== "" || this.rarely !== undefined) this.more().reason = reason;
    const isDead = dead || this.used >= this.kind.attempts;
    this.#become(isDead ? "dead" : delayed ? "delayed" : "ready");
  }

  /** It is done, and its result, of this size, is kept for a while. */
  finish(until: number, size: number): void {
    this.#become("done", until);
    this.#page.bytes[this.#at] = size;
    const { rarely } = this;
    if (rarely !== undefined) rarely.reason = "";
  }

  /** It was dead: it is ready and has all its attempts again. */
  revive(now: number): void {
    this.more().spared = this.attempt;
    this.#page.ready[this.#at] = now;
    this.#become("ready");
  }

  /** Its delay or lease is over. */
  timeOver(): void {
    if (this.state === "delayed") this.#become("ready");
    else this.fail(this.due, false, false, "The lease ran out.");
  }

  /** It is in another state, held by nobody. */
  #become(state: State, until = 0): void {
    this.#page.state[this.#at] = states.indexOf(state);
    this.#page.until[this.#at] = until;
    this.#page.held[this.#at] = 0;
    this.#page.holders.delete(this.#at);
  }

  /** What the store is told of it: a copy, because the job goes on while that is written. */
  progress(): Progress {
    const { state, attempt, ready, until, held, rarely } = this;
    return {
      state,
      attempt,
      spared: rarely?.spared ?? 0,
      ready,
      until,
      held,
      reason: rarely?.reason ?? "",
    };
  }
}
