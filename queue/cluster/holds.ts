// The leases that end with connections to this node. Their shards may move: the next owner does not know the connection, so
// it is told when that has ended.

import type { QueueClient } from "../engine/caller.ts";
import type { DeliveredJob } from "../engine/engine.ts";
import type { EndedHold } from "../engine/shard_engine.ts";

/** A lease that ends with a connection. */
interface Hold extends EndedHold {
  readonly client: QueueClient;
  readonly endsAt: number;
}

/** The leases that end with connections to this node. */
export class Holds {
  readonly #byId = new Map<number, Hold>();
  readonly #ofClient = new Map<QueueClient, Set<number>>();
  readonly #onClosed: (jobs: readonly EndedHold[]) => void;

  /** `onClosed` gets the leases of a connection that has ended. */
  constructor(onClosed: (jobs: readonly EndedHold[]) => void) {
    this.#onClosed = onClosed;
  }

  /** How many there are. */
  get size(): number {
    return this.#byId.size;
  }

  /** A client has taken jobs. */
  add(client: QueueClient, jobs: readonly DeliveredJob[], now: number): void {
    let ids = this.#ofClient.get(client);
    if (ids === undefined) {
      if (jobs.length === 0) return;
      this.#ofClient.set(client, ids = new Set());
      client.whenClosed(() => this.#end(client));
    }
    for (const { id, attempt, lease } of jobs) {
      this.#byId.set(id, { client, id, attempt, endsAt: now + lease });
      ids.add(id);
    }
  }

  /** Leases of jobs are over. */
  remove(ids: readonly number[]): void {
    for (const id of ids) {
      const hold = this.#byId.get(id);
      if (hold === undefined) continue;
      this.#byId.delete(id);
      this.#ofClient.get(hold.client)?.delete(id);
    }
  }

  /** A lease begins anew. */
  extend(id: number, endsAt: number): void {
    const hold = this.#byId.get(id);
    if (hold !== undefined) this.#byId.set(id, { ...hold, endsAt });
  }

  /** When the first lease of a client ends, at the latest; Infinity for none. */
  firstEnd(client: QueueClient, now: number): number {
    let first = Infinity;
    for (const id of this.#ofClient.get(client) ?? []) {
      const { endsAt } = this.#byId.get(id)!;
      if (endsAt > now) first = Math.min(first, endsAt);
    }
    return first;
  }

  #end(client: QueueClient): void {
    const ids = [...this.#ofClient.get(client) ?? []];
    const jobs = ids.map((id) => this.#byId.get(id)!);
    this.remove(ids);
    this.#ofClient.delete(client);
    if (jobs.length > 0) this.#onClosed(jobs.map(({ id, attempt }) => ({ id, attempt })));
  }
}
