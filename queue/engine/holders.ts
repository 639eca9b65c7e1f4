import type { Job } from "../index/job.ts";
import type { JobHolder } from "../index/job_page.ts";

/** The connections whose end is that of their leases, and the jobs that they hold. */
export class Holders {
  readonly #held = new Map<JobHolder, Set<number>>();
  readonly #onClosed: (holder: JobHolder, ids: readonly number[]) => void;

  /** `onClosed` gets a connection that has ended, and the ids of the jobs that it held. */
  constructor(onClosed: (holder: JobHolder, ids: readonly number[]) => void) {
    this.#onClosed = onClosed;
  }

  /** A job is taken, or its lease begins anew. */
  add(job: Job): void {
    if (!job.releaseOnDisconnect) return;
    const { id, holder } = job;
    if (holder === undefined) return;
    const ids = this.#held.get(holder);
    if (ids !== undefined) {
      ids.add(id);
      return;
    }
    this.#held.set(holder, new Set([id]));
    holder.whenClosed(() => {
      const ids = [...this.#held.get(holder)!];
      this.#held.delete(holder);
      this.#onClosed(holder, ids);
    });
  }

  /** A job is no longer taken. */
  remove(job: Job): void {
    if (!job.releaseOnDisconnect) return;
    const { id, holder } = job;
    if (holder !== undefined) this.#held.get(holder)?.delete(id);
  }
}
