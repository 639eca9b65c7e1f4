// A batch of changes as it travels to the SQLite worker: a few flat columns, because a structured clone of many small
// objects costs more than storing them.

import { type Change, type Progress, states, type StoredJob } from "./store.ts";

/** Changes in columns. */
export interface Batch {
  /** For each change its kind (the index in `kinds`), its job's number, and the numbers and lengths of that kind. */
  readonly numbers: Float64Array<ArrayBuffer>;
  /** The texts of all changes, one behind the other. */
  readonly text: string;
  /** The bodies of all changes, one behind the other. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Jobs in columns. */
export interface Rows {
  readonly numbers: Float64Array<ArrayBuffer>;
  readonly text: string;
}

const kinds: readonly Change["kind"][] = ["put", "move", "done"];
/** The most numbers that a change has: kind, and those of a job and of its progress. */
const NUMBERS = 14;

/** Packs changes. */
export function packBatch(changes: readonly Change[]): Batch {
  let size = 0;
  for (const change of changes) if (change.kind === "put") size += change.body.length;
  const bytes = new Uint8Array(size);
  const rows = new RowWriter(changes.length);
  let end = 0;
  for (const change of changes) {
    rows.number(kinds.indexOf(change.kind));
    if (change.kind === "put") {
      rows.job(change.job);
      bytes.set(change.body, end);
      end += change.body.length;
    } else {
      rows.number(change.id);
      if (change.kind === "move") rows.progress(change.progress);
    }
  }
  return { ...rows.rows, bytes };
}

/** The changes of a batch; the bodies are views of its bytes. */
export function* unpackBatch({ bytes, ...packed }: Batch): Generator<Change, void, void> {
  const rows = new RowReader(packed);
  let end = 0;
  while (!rows.ended) {
    const kind = kinds[rows.number()];
    if (kind === "put") {
      const job = rows.job();
      yield { kind, job, body: bytes.subarray(end, end += job.size) };
    } else if (kind === "move") yield { kind, id: rows.number(), progress: rows.progress() };
    else yield { kind, id: rows.number() };
  }
}

/** Packs jobs. */
export function packRows(jobs: readonly StoredJob[]): Rows {
  const rows = new RowWriter(jobs.length);
  for (const job of jobs) rows.job(job);
  return rows.rows;
}

/** The jobs of rows. */
export function* unpackRows(packed: Rows): Generator<StoredJob, void, void> {
  const rows = new RowReader(packed);
  while (!rows.ended) yield rows.job();
}

class RowWriter {
  readonly #numbers: Float64Array<ArrayBuffer>;
  #at = 0;
  #text = "";

  constructor(count: number) {
    this.#numbers = new Float64Array(count * NUMBERS);
  }

  get rows(): Rows {
    return { numbers: this.#numbers.subarray(0, this.#at), text: this.#text };
  }

  number(value: number): void {
    this.#numbers[this.#at++] = value;
  }

  job(job: StoredJob): void {
    this.number(job.id);
    this.#word(job.queue);
    this.#word(job.key);
    this.number(job.priority);
    this.number(job.attempts);
    this.number(job.lease);
    this.number(job.put);
    this.number(job.size);
    this.progress(job);
  }

  progress({ state, attempt, ready, until, reason }: Progress): void {
    this.number(states.indexOf(state));
    this.number(attempt);
    this.number(ready);
    this.number(until);
    this.#word(reason);
  }

  #word(text: string): void {
    this.number(text.length);
    this.#text += text;
  }
}

class RowReader {
  readonly #numbers: Float64Array;
  readonly #text: string;
  #at = 0;
  #textAt = 0;

  constructor({ numbers, text }: Rows) {
    this.#numbers = numbers;
    this.#text = text;
  }

  get ended(): boolean {
    return this.#at === this.#numbers.length;
  }

  number(): number {
    return this.#numbers[this.#at++];
  }

  job(): StoredJob {
    return {
      id: this.number(),
      queue: this.#word(),
      key: this.#word(),
      priority: this.number(),
      attempts: this.number(),
      lease: this.number(),
      put: this.number(),
      size: this.number(),
      ...this.progress(),
    };
  }

  progress(): Progress {
    return {
      state: states[this.number()],
      attempt: this.number(),
      ready: this.number(),
      until: this.number(),
      reason: this.#word(),
    };
  }

  #word(): string {
    const length = this.number();
    return length === 0 ? "" : this.#text.slice(this.#textAt, this.#textAt += length);
  }
}
