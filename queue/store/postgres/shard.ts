// The rows of a shard, as its owner reads and writes them.

import type { StoredJob } from "../job_fields.ts";
import type { Change, Moment, QueueLimits, StoredSchedule } from "../store.ts";
import { StoreFull, StoreLost, StoreUnreachable } from "../store.ts";
import { saysMore } from "../stored_times.ts";
import { foldBatch, type FoldedBatch } from "./batch.ts";
import type { DatabaseConnection, Parameter, TextRow } from "./connection.ts";
import { explain } from "./explain.ts";
import { PostgresInbox } from "./inbox.ts";
import { isBroken, type NodeOptions, type PostgresNode } from "./node.ts";
import {
  bytesOf,
  jobColumns,
  limitColumns,
  scheduleColumns,
  storedJob,
  storedLimits,
  storedSchedule,
} from "./rows.ts";
import { type BesideRows, commitStatement } from "./statement.ts";

/** How many jobs are loaded at once. */
const PAGE = 1000;
/** The only shard, until there are nodes that share. */
export const SHARD = 0;
/** How many numbers are reserved beside those given, at least and at most. */
const AHEAD = { least: 64, most: 65_536 };
const NOTHING: BesideRows = { last: undefined, moment: undefined };
/** How many bytes of bodies a statement of an import has, about. */
const PORTION = 4 << 20;
/** The beginning of PostgreSQL's codes for damaged data. */
const DAMAGED = "XX";
/** PostgreSQL's code for a full disk. */
const DISK_FULL = "53100";

/** The rows of a shard. */
export class PostgresShard {
  /** The node that owns it. */
  readonly node: PostgresNode;
  /** The jobs that programs put by SQL. */
  readonly inbox: PostgresInbox;
  readonly #schema: string;
  readonly #url: string;
  /** The highest number that was put. */
  #highest = 0;
  /** The numbers up to this one are never given again, whatever rows there are. */
  #reserved = 0;
  /** The moment that was written last. */
  #kept: Moment | undefined = undefined;
  #tail: Promise<unknown> = Promise.resolve();

  private constructor(node: PostgresNode, place: NodeOptions) {
    const { url, schema } = place;
    this.node = node;
    this.#schema = schema;
    this.#url = url;
    this.inbox = new PostgresInbox(
      place,
      (text, values) => this.#read(text, values),
      (rows) => this.#inOrder(() => this.#write(foldBatch([]), { ...NOTHING, inbox: rows })),
    );
  }

  /** The rows of a node. */
  static async open(node: PostgresNode, place: NodeOptions): Promise<PostgresShard> {
    const shard = new PostgresShard(node, place);
    const [[last, highest]] = await shard.#read(
      `select last, (select coalesce(max(id), 0) from ${place.schema}.job where shard = $1)
        from ${place.schema}.shard where shard = $1`,
      [SHARD],
    );
    shard.#reserved = Number(last);
    shard.#highest = Math.max(shard.#reserved, Number(highest));
    return shard;
  }

  commit(changes: readonly Change[], moment: Moment | undefined): Promise<void> {
    return this.#inOrder(async () => {
      const batch = foldBatch(changes);
      const highest = Math.max(this.#highest, batch.highestPut);
      const isNews = moment !== undefined && saysMore(moment, this.#kept);
      const row: BesideRows = {
        last: batch.highestDrop > this.#reserved ? highest + this.#ahead(highest) : undefined,
        moment: isNews
          ? { now: moment.now, wall: moment.wall + this.node.databaseAhead.most }
          : undefined,
        inbox: changes.flatMap((change) =>
          change.kind === "put" ? this.inbox.rowOf(change.body) ?? [] : []
        ),
      };
      if (changes.length > 0 || isNews) await this.#write(batch, row);
      this.#highest = highest;
      this.inbox.left(row.inbox ?? []);
      this.#reserved = row.last ?? this.#reserved;
      if (isNews) this.#kept = moment;
    });
  }

  /** How many numbers are worth reserving: about as many as were given since the last time. */
  #ahead(highest: number): number {
    return Math.min(AHEAD.most, Math.max(AHEAD.least, highest - this.#reserved));
  }

  async #write(batch: FoldedBatch, row: BesideRows): Promise<void> {
    const isDone = await this.#twice(async (connection) => {
      const { sender } = this.node;
      const { text, values } = commitStatement(this.#schema, sender, SHARD, batch, row);
      const [[count]] = await connection.query(text, values);
      return count === "1";
    });
    if (isDone) return;
    // A late answer to this node itself may have raised its incarnation. Rejects where it is gone.
    await this.#twice((connection) => this.node.raise(connection));
    return this.#write(batch, row);
  }

  async *load(): AsyncGenerator<StoredJob, void, void> {
    const page = (after: number): Promise<TextRow[]> =>
      this.#read(
        `select ${jobColumns} from ${this.#schema}.job where shard = $1 and id > $2
          order by id limit ${PAGE}`,
        [SHARD, after],
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
      [SHARD],
    );
    return rows.map(storedLimits);
  }

  async schedules(): Promise<StoredSchedule[]> {
    const rows = await this.#read(
      `select ${scheduleColumns} from ${this.#schema}.schedule where shard = $1`,
      [SHARD],
    );
    return rows.map(storedSchedule);
  }

  async scheduleBodies(names: readonly string[]): Promise<(Uint8Array | undefined)[]> {
    const found = new Map<string, Uint8Array>();
    for (const name of names) {
      const [row] = await this.#read(
        `select body from ${this.#schema}.schedule where shard = $1 and name = $2`,
        [SHARD, name],
      );
      if (row !== undefined) found.set(name, bytesOf(row[0]!));
    }
    return names.map((name) => found.get(name));
  }

  lastId(): Promise<number> {
    return this.#inOrder(() => Promise.resolve(this.#highest));
  }

  /**
   * The moment, with the time of day on this machine's clock: that of another machine may be wrong. Its time of day is
   * rather too late than too early, so that no lease is shorter than it was granted.
   */
  async moment(): Promise<Moment | undefined> {
    const [[now, wall]] = await this.#read(
      `select now, wall from ${this.#schema}.shard where shard = $1`,
      [SHARD],
    );
    if (now === null) return undefined;
    return { now: Number(now), wall: Number(wall) - this.node.databaseAhead.least };
  }

  async bodies(ids: readonly number[]): Promise<(Uint8Array | undefined)[]> {
    // Each number with its shard: see `rowsOf`.
    const rows = await this.#read(
      `select job.id, body from unnest($1::smallint[], $2::bigint[]) as asked(shard, id)
        join ${this.#schema}.job on job.shard = asked.shard and job.id = asked.id`,
      [`{${ids.map(() => SHARD).join(",")}}`, `{${ids.join(",")}}`],
    );
    const found = new Map(rows.map(([id, body]) => [Number(id), bytesOf(body!)]));
    return ids.map((id) => found.get(id));
  }

  /** The names of jobs, each with its queue, as JSON. */
  async names(): Promise<Set<string>> {
    const rows = await this.#read(
      `select queue, name from ${this.#schema}.job where shard = $1 and name <> ''`,
      [SHARD],
    );
    return new Set(rows.map((row) => JSON.stringify(row)));
  }

  /**
   * Makes changes in one transaction: all, or none if their reading throws or `atEnd` rejects, which gets the connection of
   * the transaction. Numbers up to `last` count as given.
   */
  commitMany(
    changes: Iterable<Change>,
    last: number,
    atEnd: (connection: DatabaseConnection) => Promise<void>,
  ): Promise<void> {
    return this.#inOrder(async () => {
      const connection = await this.node.connection();
      let highest = Math.max(this.#highest, last);
      await connection.transaction(async () => {
        for (const some of portions(changes)) {
          const batch = foldBatch(some);
          highest = Math.max(highest, batch.highestPut);
          const row = { last: highest, moment: undefined };
          const { sender } = this.node;
          const { text, values } = commitStatement(this.#schema, sender, SHARD, batch, row);
          const [[count]] = await connection.query(text, values);
          if (count !== "1") throw this.node.lose("another server has taken over");
        }
        await atEnd(connection);
      }).catch((error) => {
        throw this.#inWords(error);
      });
      this.#highest = this.#reserved = highest;
    });
  }

  async close(): Promise<void> {
    await this.inbox.close();
    return this.#inOrder(() => this.node.leave(this.#highest));
  }

  #read(text: string, values: readonly Parameter[]): Promise<TextRow[]> {
    return this.#inOrder(async () => {
      try {
        return await this.#twice((connection) => connection.query(text, values));
      } catch (error) {
        // Only what is damaged is at fault itself.
        const { code = "" } = (error as Error).cause as { code?: string } ?? {};
        if (code.startsWith(DAMAGED) || error instanceof StoreLost) throw error;
        throw new StoreUnreachable((error as Error).message, { cause: error });
      }
    });
  }

  /** Calls take effect in their order. */
  #inOrder<T>(step: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(step);
    this.#tail = done.catch(() => {});
    return done;
  }

  /** A connection that breaks, such as by a restart of the database, is worth another one before anybody hears of it. */
  async #twice<T>(step: (connection: DatabaseConnection) => Promise<T>): Promise<T> {
    try {
      return await step(await this.node.connection());
    } catch (error) {
      if (!isBroken(error)) throw this.#inWords(error);
    }
    try {
      return await step(await this.node.connection());
    } catch (error) {
      throw this.#inWords(error);
    }
  }

  #inWords(error: unknown): unknown {
    const { code } = error as { code?: string };
    if (code === undefined) return error;
    const told = explain(error, this.#url);
    return code === DISK_FULL ? new StoreFull(told.message, { cause: error }) : told;
  }
}

/** Changes a statement's worth at a time. */
function* portions(changes: Iterable<Change>): Generator<Change[], void, void> {
  let some: Change[] = [];
  let bytes = 0;
  for (const change of changes) {
    some.push(change);
    if (change.kind === "put") bytes += change.body.length;
    if (some.length < PAGE && bytes < PORTION) continue;
    yield some;
    some = [];
    bytes = 0;
  }
  if (some.length > 0) yield some;
}
