import type { StoredJob } from "../job_fields.ts";
import type { Change, Moment, QueueLimits, Store, StoredSchedule } from "../store.ts";
import { StoreFull } from "../store.ts";
import { saysMore } from "../stored_times.ts";
import { foldBatch, type FoldedBatch } from "./batch.ts";
import type { DatabaseConnection, Parameter, TextRow } from "./connection.ts";
import { explain } from "./explain.ts";
import { isBroken, PostgresNode, TTL_MS } from "./node.ts";
import {
  bytesOf,
  jobColumns,
  limitColumns,
  scheduleColumns,
  storedJob,
  storedLimits,
  storedSchedule,
} from "./rows.ts";
import { SCHEMA, schemaName } from "./schema_name.ts";
import { commitStatement, type ShardRow } from "./statement.ts";

/** How many jobs are loaded at once. */
const PAGE = 1000;
/** The only shard, until there are nodes that share. */
const SHARD = 0;
/** How many numbers are reserved beside those given, at least and at most. */
const AHEAD = { least: 64, most: 65_536 };
/** PostgreSQL's code for a full disk. */
const DISK_FULL = "53100";

/** Options of a store in PostgreSQL. */
export interface PostgresOptions {
  /** The schema of its tables. Default: lineup. */
  schema?: string;
  /** How other servers name this one in their messages. Default: the number of this process. */
  address?: string;
  /** How long after its end another server may take over, in ms, if it could not say goodbye. Default 5 s. */
  takeover?: number;
}

/**
 * A store in a PostgreSQL database of version 13 or later, whose tables are made if they are not there. It uses at most three
 * connections, and works behind PgBouncer in transaction mode. Its memory grows neither with the jobs nor with their bodies.
 *
 * One server owns the store at a time. Each commit is one statement, which changes nothing unless this server still owns it;
 * see {@linkcode Store.ownership}.
 *
 * Rejects with an `Error` that says in words why the database cannot be used, or which server uses it.
 *
 * @param url such as `postgres://user@host/database`; variables such as PGPASSWORD fill in what it leaves out
 *
 * @example
 * ```ts ignore
 * import { openQueue, postgresStore } from "@lineup/lineup/queue";
 *
 * await using queue = await openQueue({ store: await postgresStore("postgres://app@db.example/app") });
 * ```
 */
export async function postgresStore(url: string, options: PostgresOptions = {}): Promise<Store> {
  const { schema = SCHEMA, address = `process ${Deno.pid}`, takeover = TTL_MS } = options;
  const node = await PostgresNode.join({
    url,
    schema: schemaName(schema),
    address,
    ttlMs: takeover,
  });
  const store = new PostgresShard(node, schemaName(schema), url);
  try {
    await store.open();
  } catch (error) {
    await node.close(0).catch(() => {});
    throw error;
  }
  return {
    ownership: node,
    commit: (changes, moment) => store.commit(changes, moment),
    load: () => store.load(),
    limits: () => store.limits(),
    schedules: () => store.schedules(),
    scheduleBodies: (names) => store.scheduleBodies(names),
    lastId: () => store.lastId(),
    moment: () => store.moment(),
    bodies: (ids) => store.bodies(ids),
    close: () => store.close(),
  };
}

/** The rows of a shard. */
class PostgresShard {
  readonly #node: PostgresNode;
  readonly #schema: string;
  readonly #url: string;
  /** The highest number that was put. */
  #highest = 0;
  /** The numbers up to this one are never given again, whatever rows there are. */
  #reserved = 0;
  /** The moment that was written last. */
  #kept: Moment | undefined = undefined;
  #tail: Promise<unknown> = Promise.resolve();

  constructor(node: PostgresNode, schema: string, url: string) {
    this.#node = node;
    this.#schema = schema;
    this.#url = url;
  }

  /** Reads where the numbers are. */
  async open(): Promise<void> {
    const [[last, highest]] = await this.#read(
      `select last, (select coalesce(max(id), 0) from ${this.#schema}.job where shard = $1)
        from ${this.#schema}.shard where shard = $1`,
      [SHARD],
    );
    this.#reserved = Number(last);
    this.#highest = Math.max(this.#reserved, Number(highest));
  }

  commit(changes: readonly Change[], moment: Moment | undefined): Promise<void> {
    return this.#inOrder(async () => {
      const batch = foldBatch(changes);
      const highest = Math.max(this.#highest, batch.highestPut);
      const isNews = moment !== undefined && saysMore(moment, this.#kept);
      const row: ShardRow = {
        last: batch.highestDrop > this.#reserved ? highest + this.#ahead(highest) : undefined,
        moment: isNews
          ? { now: moment.now, wall: moment.wall + this.#node.databaseAhead }
          : undefined,
      };
      if (changes.length > 0 || isNews) await this.#write(batch, row);
      this.#highest = highest;
      this.#reserved = row.last ?? this.#reserved;
      if (isNews) this.#kept = moment;
    });
  }

  /** How many numbers are worth reserving: about as many as were given since the last time. */
  #ahead(highest: number): number {
    return Math.min(AHEAD.most, Math.max(AHEAD.least, highest - this.#reserved));
  }

  async #write(batch: FoldedBatch, row: ShardRow): Promise<void> {
    const isDone = await this.#twice(async (connection) => {
      const { sender } = this.#node;
      const { text, values } = commitStatement(this.#schema, sender, SHARD, batch, row);
      const [[count]] = await connection.query(text, values);
      return count === "1";
    });
    if (isDone) return;
    // A late answer to this node itself may have raised its incarnation. Rejects where it is gone.
    await this.#twice((connection) => this.#node.raise(connection));
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

  /** The moment, with the time of day on this machine's clock: that of another machine may be wrong. */
  async moment(): Promise<Moment | undefined> {
    const [[now, wall]] = await this.#read(
      `select now, wall from ${this.#schema}.shard where shard = $1`,
      [SHARD],
    );
    if (now === null) return undefined;
    return { now: Number(now), wall: Number(wall) - this.#node.databaseAhead };
  }

  async bodies(ids: readonly number[]): Promise<(Uint8Array | undefined)[]> {
    const rows = await this.#read(
      `select id, body from ${this.#schema}.job where shard = $1 and id = any($2::bigint[])`,
      [SHARD, `{${ids.join(",")}}`],
    );
    const found = new Map(rows.map(([id, body]) => [Number(id), bytesOf(body!)]));
    return ids.map((id) => found.get(id));
  }

  close(): Promise<void> {
    return this.#inOrder(() => this.#node.close(this.#highest));
  }

  #read(text: string, values: readonly Parameter[]): Promise<TextRow[]> {
    return this.#inOrder(() => this.#twice((connection) => connection.query(text, values)));
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
      return await step(await this.#node.connection());
    } catch (error) {
      if (!isBroken(error)) throw this.#inWords(error);
    }
    try {
      return await step(await this.#node.connection());
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
