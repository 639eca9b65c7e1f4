// Changes and jobs as columns: their numbers in one, their texts in another, in the order in which they are read again.

import type {
  Change,
  JobOptions,
  JobProgress,
  QueueLimits,
  Schedule,
  State,
  StoredJob,
} from "../store.ts";
import { states } from "../store.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
/** From this length on a part of a string is a view of the whole in V8, which it keeps in memory. */
const VIEWED = 13;

/** What was written in columns. */
export interface Rows {
  /** Numbers, and the lengths of texts and of bytes. */
  readonly numbers: Float64Array<ArrayBuffer>;
  /** The texts, one behind the other. */
  readonly text: string;
}

/** The most numbers that a change has: kind, and those of a job and of its progress. */
const NUMBERS = 20;
/** In the place of terms: they are those of the job before. */
const SAME = -1;
/** What is added to the number of the state where nothing but `ready` is to be told beside it. */
const NEW = 8;

/** Writes columns. */
export class RowWriter {
  readonly #numbers: Float64Array<ArrayBuffer>;
  #at = 0;
  #text = "";
  #terms: JobOptions | undefined = undefined;

  constructor(count: number) {
    this.#numbers = new Float64Array(count * NUMBERS);
  }

  get rows(): Rows {
    return { numbers: this.#numbers.subarray(0, this.#at), text: this.#text };
  }

  number(value: number): void {
    this.#numbers[this.#at++] = value;
  }

  change(change: Change): void {
    switch (change.kind) {
      case "put":
        return this.job(change.job);
      case "move":
        this.number(change.id);
        return this.#progress(change.progress);
      case "finish":
        this.number(change.id);
        this.#progress(change.progress);
        return this.number(change.result.length);
      case "drop":
        return this.number(change.id);
      case "rules":
        return this.#rules(change.rules);
      case "schedule":
        return this.#schedule(change.schedule);
      case "reschedule":
        this.#word(change.name);
        return this.number(change.next);
      case "unschedule":
        return this.#word(change.name);
    }
  }

  job(job: StoredJob): void {
    this.number(job.id);
    // Jobs that come together are alike, most often.
    if (this.#terms !== undefined && haveSameTerms(this.#terms, job)) this.number(SAME);
    else this.#writeTerms(job);
    this.#terms = job;
    this.#word(job.unique);
    this.number(job.enqueuedAt);
    this.number(job.expiresAt);
    this.number(job.size);
    this.#progress(job);
  }

  #writeTerms({ queue, key, priority, attempts, lease, backoff, keep }: JobOptions): void {
    this.#word(queue);
    this.#word(key);
    this.number(priority);
    this.number(attempts);
    this.number(lease);
    this.number(backoff);
    this.number(Number(keep));
  }

  #progress(
    {
      state,
      attempt,
      uncountedAttempts: spared,
      readyAt: ready,
      endsAt: until,
      releaseOnDisconnect: held,
      reason,
    }: JobProgress,
  ): void {
    const at = states.indexOf(state);
    if (attempt === 0 && spared === 0 && until === 0 && !held && reason === "") {
      this.number(NEW + at);
      this.number(ready);
      return;
    }
    this.number(at);
    this.number(attempt);
    this.number(spared);
    this.number(ready);
    this.number(until);
    this.number(Number(held));
    this.#word(reason);
  }

  #rules({ queue, key, paused, running, rate, weight, depth, paid = 0 }: QueueLimits): void {
    this.#word(queue);
    this.#word(key);
    this.number(Number(paused));
    this.number(running);
    this.number(rate);
    this.number(weight);
    this.number(depth);
    this.number(paid);
  }

  #schedule(schedule: Schedule): void {
    this.#word(schedule.name);
    this.#writeTerms(schedule);
    this.#word(schedule.cron);
    this.#word(schedule.zone);
    this.number(schedule.interval);
    this.number(schedule.next);
    this.number(schedule.expires);
    this.number(schedule.body.length);
  }

  #word(text: string): void {
    this.number(text.length);
    this.#text += text;
  }
}

/** Reads columns. */
export class RowReader {
  readonly #numbers: Float64Array;
  readonly #text: string;
  readonly #copies: boolean;
  #at = 0;
  #textAt = 0;
  #last: JobOptions | undefined = undefined;

  /** `copies`: what is read is kept for long, and must not keep the texts of all others. */
  constructor({ numbers, text }: Rows, copies: boolean) {
    this.#numbers = numbers;
    this.#text = text;
    this.#copies = copies;
  }

  get ended(): boolean {
    return this.#at === this.#numbers.length;
  }

  number(): number {
    return this.#numbers[this.#at++];
  }

  change(kind: Change["kind"], bytes: (length: number) => Uint8Array): Change {
    switch (kind) {
      case "put": {
        const job = this.job();
        return { kind, job, body: bytes(job.size) };
      }
      case "move":
        return { kind, id: this.number(), progress: this.#progress() };
      case "finish": {
        const [id, progress] = [this.number(), this.#progress()];
        return { kind, id, progress, result: bytes(this.number()) };
      }
      case "drop":
        return { kind, id: this.number() };
      case "rules":
        return { kind, rules: this.#rules() };
      case "schedule":
        return { kind, schedule: this.#schedule(bytes) };
      case "reschedule":
        return { kind, name: this.#word(), next: this.number() };
      case "unschedule":
        return { kind, name: this.#word() };
    }
  }

  // In one object, not from parts: a start reads millions.
  job(): StoredJob {
    const id = this.number();
    const terms = this.#sameTerms();
    const unique = this.#word();
    const put = this.number();
    const expires = this.number();
    const size = this.number();
    const at = this.number();
    const isNew = at >= NEW;
    const state = states[isNew ? at - NEW : at];
    const attempt = isNew ? 0 : this.number();
    const spared = isNew ? 0 : this.number();
    const ready = this.number();
    return {
      id,
      queue: terms.queue,
      key: terms.key,
      priority: terms.priority,
      attempts: terms.attempts,
      lease: terms.lease,
      backoff: terms.backoff,
      keep: terms.keep,
      unique,
      enqueuedAt: put,
      expiresAt: expires,
      size,
      state,
      attempt,
      uncountedAttempts: spared,
      readyAt: ready,
      endsAt: isNew ? 0 : this.number(),
      releaseOnDisconnect: isNew ? false : this.number() === 1,
      reason: isNew ? "" : this.#word(),
    };
  }

  #sameTerms(): JobOptions {
    if (this.#numbers[this.#at] === SAME) {
      this.#at++;
      return this.#last!;
    }
    return this.#last = this.#terms();
  }

  #terms(): JobOptions {
    return {
      queue: this.#word(),
      key: this.#word(),
      priority: this.number(),
      attempts: this.number(),
      lease: this.number(),
      backoff: this.number(),
      keep: this.number() === 1,
    };
  }

  #progress(): JobProgress {
    const at = this.number();
    if (at >= NEW) return newProgress(states[at - NEW], this.number());
    return {
      state: states[at],
      attempt: this.number(),
      uncountedAttempts: this.number(),
      readyAt: this.number(),
      endsAt: this.number(),
      releaseOnDisconnect: this.number() === 1,
      reason: this.#word(),
    };
  }

  #rules(): QueueLimits {
    const rules = {
      queue: this.#word(),
      key: this.#word(),
      paused: this.number() === 1,
      running: this.number(),
      rate: this.number(),
      weight: this.number(),
      depth: this.number(),
    };
    const paid = this.number();
    return paid === 0 ? rules : { ...rules, paid };
  }

  #schedule(bytes: (length: number) => Uint8Array): Schedule {
    return {
      name: this.#word(),
      ...this.#terms(),
      cron: this.#word(),
      zone: this.#word(),
      interval: this.number(),
      next: this.number(),
      expires: this.number(),
      body: bytes(this.number()),
    };
  }

  #word(): string {
    const length = this.number();
    if (length === 0) return "";
    const word = this.#text.slice(this.#textAt, this.#textAt += length);
    return this.#copies && length >= VIEWED ? decoder.decode(encoder.encode(word)) : word;
  }
}

function newProgress(state: State, ready: number): JobProgress {
  return {
    state,
    attempt: 0,
    uncountedAttempts: 0,
    readyAt: ready,
    endsAt: 0,
    releaseOnDisconnect: false,
    reason: "",
  };
}

function haveSameTerms(a: JobOptions, b: JobOptions): boolean {
  return a.queue === b.queue && a.key === b.key && a.priority === b.priority &&
    a.attempts === b.attempts && a.lease === b.lease && a.backoff === b.backoff &&
    a.keep === b.keep;
}
