import type { JournalView } from "../store/journal.ts";
import { RecentBodies } from "./recent_bodies.ts";
import type { Results } from "./results.ts";

/** The bodies of jobs, and the results of those that are done: from memory, or from the store. */
export class Bodies {
  /** The bodies of the jobs that were put last. */
  readonly recent: RecentBodies;
  readonly #results: Results;
  readonly #journal: JournalView;

  /** `stride`: see `JobNumbers`. */
  constructor(results: Results, journal: JournalView, stride: number) {
    this.recent = new RecentBodies(stride);
    this.#results = results;
    this.#journal = journal;
  }

  /** The bytes of a job if they are in memory. */
  get(id: number): Uint8Array | undefined {
    return this.#results.unstored(id) ?? this.recent.get(id);
  }

  /** The bytes of a job. Rejects if they cannot be read. */
  async read(id: number): Promise<Uint8Array> {
    const body = this.get(id);
    if (body !== undefined) return body;
    const [stored] = await this.#journal.read([id]);
    if (stored instanceof Error) throw stored;
    return stored;
  }
}
