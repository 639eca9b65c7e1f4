import { type JobOptions, type JobState, states, type StoredJob } from "../store/job_fields.ts";
import type { JobExtras, JobHolder, JobPage } from "./job_page.ts";
import type { KeyView, QueueView, SharedOptions } from "./queue.ts";

/**
 * A job in memory, without its body: a transient view of a row of the table, which cannot change it. Keep the id, not the
 * view: the view of a job that is gone shows another job.
 */
export class Job {
  readonly id: number;
  readonly #shared: SharedOptions;
  readonly #page: JobPage;
  readonly #at: number;

  /** The job of an index in a page. */
  constructor(page: JobPage, at: number) {
    this.id = page.id[at];
    this.#shared = page.optionsOf(at);
    this.#page = page;
    this.#at = at;
  }

  get options(): JobOptions {
    return this.#shared.values;
  }

  get slot(): number {
    return this.#page.first + this.#at;
  }

  get keyState(): KeyView {
    return this.#shared.key;
  }

  get queue(): QueueView {
    return this.#shared.key.queue;
  }

  get key(): string {
    return this.#shared.key.key;
  }

  get enqueuedAt(): number {
    return this.#page.enqueuedAt[this.#at];
  }

  /** The length of its body, or of its result if it is done, in bytes. */
  get size(): number {
    return this.#page.bytes[this.#at];
  }

  get state(): JobState {
    return states[this.#page.state[this.#at]];
  }

  get attempt(): number {
    return this.#page.attempt[this.#at];
  }

  get readyAt(): number {
    return this.#page.readyAt[this.#at];
  }

  /** When the lease or the time of the result ends; 0 if it is neither taken nor done. */
  get endsAt(): number {
    return this.#page.endsAt[this.#at];
  }

  /** Whether the lease ends with the connection. */
  get releaseOnDisconnect(): boolean {
    return this.#page.releaseOnDisconnect[this.#at] === 1;
  }

  /** The connection that took it; `undefined` if it is not taken, or was taken before the start. */
  get holder(): JobHolder | undefined {
    return this.#page.holders.get(this.#at);
  }

  get extras(): Readonly<JobExtras> | undefined {
    return this.#page.extras.get(this.#at);
  }

  get unique(): string {
    return this.extras?.unique ?? "";
  }

  /** The traceparent of its PUT; empty for none. */
  get trace(): string {
    return this.extras?.trace ?? "";
  }

  /** When it expires; 0 for never. */
  get expiresAt(): number {
    return this.extras?.expiresAt ?? 0;
  }

  get reason(): string {
    return this.extras?.reason ?? "";
  }

  /** `NO_RANK` for none. */
  get rank(): number {
    return this.#page.rankOf(this.#at);
  }

  /** When it was taken; 0 if it is not, or if nobody knows. */
  get takenAt(): number {
    return this.#page.takenAt[this.#at];
  }

  /** Its last attempts that are over, as `past_attempts.ts` writes them. */
  get past(): string {
    return this.extras?.past ?? "";
  }

  get uncountedAttempts(): number {
    return this.extras?.uncountedAttempts ?? 0;
  }

  /** How many attempts it may have. */
  get attempts(): number {
    return this.options.attempts;
  }

  /** Whether time changes it at `due`. */
  get hasDeadline(): boolean {
    const { state } = this;
    return state === "delayed" || state === "taken" || state === "done";
  }

  /** When its delay, lease or the time of its result ends. */
  get due(): number {
    return this.state === "delayed" ? this.readyAt : this.endsAt;
  }

  /** A copy of all that is stored of it. */
  stored(): StoredJob {
    return {
      ...this.options,
      id: this.id,
      unique: this.unique,
      trace: this.trace,
      enqueuedAt: this.enqueuedAt,
      expiresAt: this.expiresAt,
      size: this.size,
      state: this.state,
      attempt: this.attempt,
      uncountedAttempts: this.uncountedAttempts,
      readyAt: this.readyAt,
      endsAt: this.endsAt,
      releaseOnDisconnect: this.releaseOnDisconnect,
      reason: this.reason,
      rank: this.rank,
      takenAt: this.takenAt,
      past: this.past,
    };
  }
}
