// A node that owns all shards of a queue, and shares with nobody.

import type { Ownership, StoreLost } from "../store.ts";
import { type NodeOptions, PostgresNode, type SentAt } from "./node.ts";

/** The row of a node is renewed so many times while it lasts. */
const RENEWALS = 5;
/** How soon a renewal that failed is tried again, in ms. */
const RETRY_MS = 250;
/** For this part of the time, counted from when the renewal was sent, no other node can have removed the row. */
const SURE = 0.75;

/** The owner of a whole queue. */
export class SoleOwner implements Ownership {
  readonly node: PostgresNode;
  /** When the last confirmed renewal was sent. */
  #sent: SentAt = { steady: -Infinity, wall: -Infinity };
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;
  #renewal: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(node: PostgresNode) {
    this.node = node;
  }

  /** Owns all shards. Rejects with an `Error` that says in words why it cannot, or who does. */
  static async join(options: NodeOptions): Promise<SoleOwner> {
    const node = await PostgresNode.join({ ...options, secret: undefined });
    const owner = new SoleOwner(node);
    try {
      const { schema } = options;
      const connection = await node.connection();
      // No other node is there, nor can any join.
      await connection.query(`update ${schema}.shard set owner = $1, since = now()`, [node.id]);
    } catch (error) {
      await node.leave().catch(() => {});
      throw error;
    }
    // The first renewal tells how far the clock of the database is ahead.
    await (owner.#renewal = owner.#renew());
    return owner;
  }

  get lost(): Promise<StoreLost> {
    return this.node.lost;
  }

  /** Both clocks must say so: one stands still while the machine is suspended, and the other may be set back. */
  get holds(): boolean {
    if (this.node.loss !== undefined) return false;
    const sure = this.node.options.ttlMs * SURE;
    return performance.now() - this.#sent.steady < sure && Date.now() - this.#sent.wall < sure;
  }

  /** Lets the queue go: the next node owns it at once. */
  async leave(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#renewal;
    await this.node.leave();
  }

  async #renew(): Promise<void> {
    let pause = this.node.options.ttlMs / RENEWALS;
    try {
      const { sent } = await this.node.renew("select t.now from me, t");
      this.#sent = sent;
    } catch {
      // The next commit says why; here the only meaning is that it is not renewed.
      pause = Math.min(pause, RETRY_MS);
    }
    if (this.#closed || this.node.loss !== undefined) return;
    this.#timer = setTimeout(() => this.#renewal = this.#renew(), pause);
    Deno.unrefTimer(this.#timer as unknown as number);
  }
}
