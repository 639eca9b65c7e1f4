import type { Client } from "../../server/request/handlers.ts";
import type { Job } from "../index/job.ts";

/** The connections whose end is that of their leases, and the jobs that they hold. */
export class Holders {
  readonly #held = new Map<Client, Set<number>>();
  readonly #onClosed: (client: Client, ids: readonly number[]) => void;

  /** `onClosed` is told the numbers of the jobs that a connection held which has ended. */
  constructor(onClosed: (client: Client, ids: readonly number[]) => void) {
    this.#onClosed = onClosed;
  }

  /** A job is taken, or its lease begins anew. */
  add({ id, releaseOnDisconnect, holder }: Job): void {
    if (!releaseOnDisconnect || holder === undefined) return;
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

  /** A job is taken no longer. */
  remove({ id, releaseOnDisconnect, holder }: Job): void {
    if (releaseOnDisconnect && holder !== undefined) this.#held.get(holder)?.delete(id);
  }
}
