import type { Client } from "../server/handlers.ts";
import type { Job } from "./job.ts";

/** The connections whose end is that of their leases, and the jobs that they hold. */
export class Holders {
  readonly #held = new Map<Client, Set<Job>>();
  readonly #onClosed: (jobs: readonly Job[]) => void;

  /** `onClosed` is told what a connection held that has ended. */
  constructor(onClosed: (jobs: readonly Job[]) => void) {
    this.#onClosed = onClosed;
  }

  /** A job is taken, or its lease begins anew. */
  add(job: Job): void {
    const { held, holder } = job.hold!;
    if (!held || holder === undefined) return;
    const jobs = this.#held.get(holder);
    if (jobs !== undefined) {
      jobs.add(job);
      return;
    }
    this.#held.set(holder, new Set([job]));
    holder.whenClosed(() => {
      const jobs = [...this.#held.get(holder)!];
      this.#held.delete(holder);
      this.#onClosed(jobs);
    });
  }

  /** A job is taken no longer. */
  remove(job: Job): void {
    const { held, holder } = job.hold!;
    if (held && holder !== undefined) this.#held.get(holder)?.delete(job);
  }
}
