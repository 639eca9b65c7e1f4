import { Heap, ownPlaces, type Placed } from "../index/heap.ts";
import type { Job } from "../index/job.ts";
import type { JobHolder } from "../index/job_page.ts";
import type { JobsView } from "../index/jobs.ts";

/** The jobs of one connection whose leases end with it. */
interface HeldJobs {
  readonly ids: Set<number>;
  /** The ends of their leases, once somebody has asked for the first. */
  ends: LeaseEnds | undefined;
}

/** The connections whose end is that of their leases, and the jobs that they hold. */
export class Holders {
  readonly #held = new Map<JobHolder, HeldJobs>();
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
    const held = this.#held.get(holder);
    if (held !== undefined) {
      held.ids.add(id);
      held.ends?.add(id, job.endsAt);
      return;
    }
    this.#held.set(holder, { ids: new Set([id]), ends: undefined });
    holder.whenClosed(() => {
      const ids = [...this.#held.get(holder)!.ids];
      this.#held.delete(holder);
      this.#onClosed(holder, ids);
    });
  }

  /** A job is no longer taken. */
  remove(job: Job): void {
    if (!job.releaseOnDisconnect) return;
    const { id, holder } = job;
    const held = holder && this.#held.get(holder);
    if (held?.ids.delete(id)) held.ends?.remove(id);
  }

  /** When the first lease ends that also ends with this connection; Infinity if it has none. */
  firstEnd(holder: JobHolder, jobs: JobsView): number {
    const held = this.#held.get(holder);
    if (held === undefined) return Infinity;
    if (held.ends === undefined) {
      held.ends = new LeaseEnds();
      for (const id of held.ids) held.ends.add(id, jobs.get(id)!.endsAt);
    }
    return held.ends.first;
  }
}

/** The end of one lease. */
interface LeaseEnd extends Placed {
  readonly id: number;
  readonly endsAt: number;
}

/** When the leases of one connection end. */
class LeaseEnds {
  readonly #byId = new Map<number, LeaseEnd>();
  readonly #order = new Heap<LeaseEnd>((a, b) => a.endsAt < b.endsAt, ownPlaces);

  /** The first end; Infinity for none. */
  get first(): number {
    return this.#order.first?.endsAt ?? Infinity;
  }

  /** A lease begins; the connection has no other on this job. */
  add(id: number, endsAt: number): void {
    const end = { id, endsAt, place: -1 };
    this.#byId.set(id, end);
    this.#order.add(end);
  }

  /** A lease is over. */
  remove(id: number): void {
    this.#order.remove(this.#byId.get(id)!);
    this.#byId.delete(id);
  }
}
