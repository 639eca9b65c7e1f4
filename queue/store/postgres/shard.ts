// The rows of a shard, as its owner reads and writes them.

import type { StoredJob } from "../job_fields.ts";
import {
  type Change,
  type Moment,
  type QueueLimits,
  type StoredSchedule,
  StoreLost,
} from "../store.ts";
import { saysMore } from "../stored_times.ts";
import { foldBatch } from "./batch.ts";
import type { Parameter, TextRow } from "./connection.ts";
import type { ShardInbox } from "./inbox.ts";
import {
  bytesOf,
  jobColumns,
  limitColumns,
  scheduleColumns,
  storedJob,
  storedLimits,
  storedSchedule,
} from "./rows.ts";
import { noChanges } from "./statement.ts";
import type { StatementQueue } from "./statement_queue.ts";

/** How many jobs are loaded at once. */
const PAGE = 1000;
/** How many numbers of a shard are reserved beside those given, at least and at most. */
const AHEAD = { least: 64, most: 65_536 };

/** The rows of a shard. Only its owner uses them. */
export class PostgresShard {
  /** The number of the shard. */
  readonly shard: number;
  /** The jobs that programs put into it by SQL. */
  readonly inbox: ShardInbox;
  readonly #queue: StatementQueue;
  readonly #schema: string;
  /** The highest number that was put. */
  #highest = 0;
  /** The numbers up to this one are never given again, whatever rows there are. */
  #reserved = 0;
  /** The moment that was written last. */
  #kept: Moment | undefined = undefined;

  private constructor(shard: number, queue: StatementQueue, inbox: ShardInbox) {
    this.shard = shard;
    this.#queue = queue;
    this.#schema = queue.node.options.schema;
    this.inbox = inbox;
  }

  /**
   * The rows of a shard. What it reads is from transactions behind the one in which the node began to own the shard. Rejects
   * with `StoreLost` where another node owns it.
   */
  static async open(
    shard: number,
    queue: StatementQueue,
    inbox: ShardInbox,
  ): Promise<PostgresShard> {
    const rows = new PostgresShard(shard, queue, inbox);
    const { id, options: { schema } } = queue.node;
    const [[owner, last, highest]] = await rows.#read(
      `select owner, last, (select coalesce(max(id), 0) from ${schema}.job where shard = $1)
        from ${schema}.shard where shard = $1`,
    );
    if (owner !== id) throw new StoreLost(`shard ${shard} is not of this node`);
    rows.#reserved = Number(last);
    rows.#highest = Math.max(rows.#reserved, Number(highest));
    return rows;
  }

  async commit(changes: readonly Change[], moment: Moment | undefined): Promise<void> {
    const batch = foldBatch(changes);
    const isNews = moment !== undefined && saysMore(moment, this.#kept);
    if (changes.length === 0 && !isNews) return;
    // The next commit may be called before this one has done its work, and remove these.
    this.#highest = Math.max(this.#highest, batch.highestPut);
    const last = batch.highestDrop > this.#reserved ? this.#highest + this.#ahead() : undefined;
    const { databaseAhead } = this.#queue.node;
    const inbox = changes.flatMap((change) =>
      change.kind === "put" ? this.inbox.rowOf(change.body) ?? [] : []
    );
    await this.#queue.commit({
      shard: this.shard,
      changes: batch,
      last,
      moment: isNews ? { now: moment.now, wall: moment.wall + databaseAhead.most } : undefined,
      inbox,
    });
    this.inbox.left(inbox);
    this.#reserved = Math.max(this.#reserved, last ?? 0);
    if (isNews) this.#kept = moment;
  }

  /** How many numbers are worth reserving: about as many as were given since the last time. */
  #ahead(): number {
    const { shards } = this.#queue.node;
    const given = this.#highest - this.#reserved;
    return Math.min(AHEAD.most * shards, Math.max(AHEAD.least * shards, given));
  }

  async *load(): AsyncGenerator<StoredJob, void, void> {
    const page = (after: number): Promise<TextRow[]> =>
      this.#read(
        `select ${jobColumns} from ${this.#schema}.job where shard = $1 and id > $2
          order by id limit ${PAGE}`,
        [after],
      );
    for (let next = page(0);;) {
      const jobs = (await next).map(storedJob);
      if (jobs.length === 0) return;
      // The database reads these while the queue loads the page before.
      next = page(jobs[jobs.length - 1].id);
      yield* jobs;
    }
  }

  async limits(): Promise<QueueLimits[]> {
    const rows = await this.#read(
      `select ${limitColumns} from ${this.#schema}.rules where shard = $1`,
    );
    return rows.map(storedLimits);
  }

  async schedules(): Promise<StoredSchedule[]> {
    const rows = await this.#read(
      `select ${scheduleColumns} from ${this.#schema}.schedule where shard = $1`,
    );
    return rows.map(storedSchedule);
  }

  async scheduleBodies(names: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    const found = new Map<string, Uint8Array>();
    for (const name of names) {
      const [row] = await this.#read(
        `select body from ${this.#schema}.schedule where shard = $1 and name = $2`,
        [name],
      );
      if (row !== undefined) found.set(name, bytesOf(row[0]!));
    }
    return names.map((name) => found.get(name));
  }

  lastId(): Promise<number> {
    return this.#queue.inOrder(this.shard, () => Promise.resolve(this.#highest));
  }

  /**
   * The moment, with the time of day on this machine's clock: that of another machine may be wrong. Its time of day is
   * rather too late than too early, so that no lease is shorter than it was granted.
   */
  async moment(): Promise<Moment | undefined> {
    const [[now, wall]] = await this.#read(
      `select now, wall from ${this.#schema}.shard where shard = $1`,
    );
    if (now === null) return undefined;
    return { now: Number(now), wall: Number(wall) - this.#queue.node.databaseAhead.least };
  }

  bodies(ids: readonly number[]): Promise<(Uint8Array | undefined)[]> {
    return this.#queue.bodies(this.shard, ids);
  }

  /** Resolves once all that was asked for is done, and the next owner goes on with the next number. */
  async close(): Promise<void> {
    this.inbox.close();
    await this.#queue.inOrder(this.shard, () => Promise.resolve());
    if (this.#reserved <= this.#highest || this.#queue.node.loss !== undefined) return;
    await this.#queue.commit({ ...noChanges(this.shard), last: this.#highest });
  }

  /** A query whose first value is the number of the shard. */
  #read(text: string, values: readonly Parameter[] = []): Promise<TextRow[]> {
    return this.#queue.read(this.shard, text, [this.shard, ...values]);
  }
}
