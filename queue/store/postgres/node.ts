// This process as a node of a database. It owns the queue while its row is there, and renews that each second. Every commit
// asks for the row; what is answered from memory asks `holds`.

import { type Ownership, StoreLost } from "../store.ts";
import { ConnectionBroken, type ConnectionOptions, DatabaseConnection } from "./connection.ts";
import { describe, explain } from "./explain.ts";
import { checkServer, type DatabasePlace, lockSchema, migrate } from "./migrations.ts";
import type { Sender } from "./statement.ts";

/** How long the row of a node lasts if it is not renewed, in ms, by the clock of the database. */
export const TTL_MS = 5_000;
/** The row is renewed so many times while it lasts. */
const RENEWALS = 5;
/** For this part of the time, counted from when the renewal was sent, no other node can have removed the row. */
const SURE = 0.75;
/** How often a node that begins looks whether the one before is gone, in ms. */
const LOOK_MS = 250;

/** Where a node is, and how long it lasts without a renewal. */
export interface NodeOptions extends ConnectionOptions, DatabasePlace {
  /** How messages of other nodes name it. */
  readonly address: string;
  /** How long its row lasts if it is not renewed, in ms. */
  readonly ttlMs: number;
}

/** A node that owns all shards of a queue. */
export class PostgresNode implements Ownership {
  /** Resolves once another node has removed this one. */
  readonly lost: Promise<StoreLost>;
  readonly #options: NodeOptions;
  readonly #id: string = crypto.randomUUID();
  readonly #lost = Promise.withResolvers<StoreLost>();
  #incarnation = 1;
  #loss: StoreLost | undefined = undefined;
  /** The connection of commits and reads, in their order. */
  #connection: DatabaseConnection | undefined = undefined;
  #renewing: DatabaseConnection | undefined = undefined;
  /** When the last confirmed renewal was sent, on the monotonic clock and on the wall clock, in ms. */
  #sent = { steady: -Infinity, wall: -Infinity };
  /** How far the clock of the database is ahead of the wall clock, in ms: at least and at most, by a short round trip. */
  #ahead = { least: 0, most: 0 };
  /** A renewal with a longer round trip, in ms, knows less about the clock of the database than one before. */
  #shortTrip = Infinity;
  #timeline = "";
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;
  #renewal: Promise<void> = Promise.resolve();
  #closed = false;

  private constructor(options: NodeOptions) {
    this.#options = options;
    this.lost = this.#lost.promise;
  }

  /** Joins a database: makes its tables if they are not there. Rejects with an `Error` that says in words why it cannot. */
  static async join(options: NodeOptions): Promise<PostgresNode> {
    const node = new PostgresNode(options);
    const connection = node.#connection = await DatabaseConnection.open(options);
    try {
      await checkServer(connection, options);
      await migrate(connection, options);
      await node.#own(connection);
    } catch (error) {
      node.#closed = true;
      await connection.end();
      throw (error as { code?: string }).code === undefined ? error : explain(error, options.url);
    }
    // The first renewal tells how far the clock of the database is ahead.
    await (node.#renewal = node.#renew());
    return node;
  }

  /** The node as commits name it. */
  get sender(): Sender {
    return { id: this.#id, incarnation: this.#incarnation };
  }

  /** How far the clock of the database is ahead of this machine's wall clock, in ms: at least and at most. */
  get databaseAhead(): { readonly least: number; readonly most: number } {
    return this.#ahead;
  }

  /**
   * Whether no other node can have removed this one. Both clocks must say so: one stands still while the machine is
   * suspended, and the other may be set back.
   */
  get holds(): boolean {
    if (this.#loss !== undefined) return false;
    const sure = this.#options.ttlMs * SURE;
    return performance.now() - this.#sent.steady < sure && Date.now() - this.#sent.wall < sure;
  }

  /** The node is gone. Returns the error of every later call. */
  lose(why: string): StoreLost {
    if (this.#loss === undefined) {
      this.#loss = new StoreLost(why);
      this.#lost.resolve(this.#loss);
    }
    return this.#loss;
  }

  /**
   * The connection of commits and reads. After one that broke it raises the incarnation first: then the last commit of that
   * one is either done, or will never be.
   */
  async connection(): Promise<DatabaseConnection> {
    if (this.#loss !== undefined) throw this.#loss;
    if (this.#connection?.isBroken === false) return this.#connection;
    const connection = await DatabaseConnection.open(this.#options);
    try {
      await this.raise(connection);
    } catch (error) {
      await connection.end();
      throw error;
    }
    return this.#connection = connection;
  }

  /** Leaves the database: the next node owns its shards at once, and gives numbers above `last`. */
  async leave(last?: number): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    const { schema } = this.#options;
    try {
      if (this.#loss === undefined) {
        await (await this.connection()).query(
          `with gone as (delete from ${schema}.node where id = $1 and incarnation = $2 returning id)
            update ${schema}.shard set owner = null, since = now(), last = coalesce($3, last)
            from gone where owner = gone.id`,
          [this.#id, this.#incarnation, last ?? null],
        );
      }
    } finally {
      await this.#renewal;
      await Promise.all([this.#connection?.end(), this.#renewing?.end()]);
    }
  }

  /** Owns all shards, as soon as the node that has them is gone. */
  async #own(connection: DatabaseConnection): Promise<void> {
    let before: Holder | undefined;
    for (;;) {
      const holder = await connection.transaction(() => this.#tryToOwn(connection));
      if (holder === undefined) return;
      const { url } = this.#options;
      if (before?.id === holder.id && before.until !== holder.until) {
        throw new Error(
          `${describe(url)} is in use by another server, ${holder.address}, since ${holder.since}`,
        );
      }
      before ??= holder;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Owns all shards. Returns a node that has some, in whose place nothing was changed. */
  async #tryToOwn(connection: DatabaseConnection): Promise<Holder | undefined> {
    const { schema, address, ttlMs } = this.#options;
    // Beside this lock each statement sees what the node before has done.
    await lockSchema(connection, schema);
    const [[timeline]] = await connection.query(TIMELINE);
    await connection.query(`delete from ${schema}.node where until < clock_timestamp()`);
    const [holder] = await connection.query(
      `select node.id, node.address, node.since, node.until from ${schema}.shard
        join ${schema}.node on node.id = shard.owner limit 1`,
    );
    if (holder !== undefined) {
      const [id, address, since, until] = holder as string[];
      return { id, address, since, until };
    }
    const sent = now();
    await connection.query(
      `insert into ${schema}.node (id, incarnation, address, until)
        values ($1, $2, $3, clock_timestamp() + $4::float8 * interval '1 ms')`,
      [this.#id, this.#incarnation, address, ttlMs],
    );
    await connection.query(`update ${schema}.shard set owner = $1, since = now()`, [this.#id]);
    this.#timeline = timeline!;
    this.#sent = sent;
    return undefined;
  }

  /** Makes commits of the connection before impossible. Rejects with `StoreLost` where the node is gone. */
  async raise(connection: DatabaseConnection): Promise<void> {
    const { schema, url } = this.#options;
    const [[timeline]] = await connection.query(TIMELINE);
    if (timeline === "") throw new Error(`${describe(url)} is a standby now`);
    // A standby that was behind may have been promoted: what it has is not what this node knows.
    if (timeline !== this.#timeline) {
      throw this.lose(`${describe(url)} was restored or failed over: its timeline is ${timeline}`);
    }
    // Waits for a commit that goes on: `for update` excludes its lock, and an update alone does not.
    const [row] = await connection.query(
      `with me as (select id from ${schema}.node where id = $1 for update)
        update ${schema}.node set incarnation = incarnation + 1 from me where node.id = me.id
        returning incarnation`,
      [this.#id],
    );
    if (row === undefined) throw this.lose(TAKEN_OVER);
    this.#incarnation = Number(row[0]);
  }

  #renewLater(ms: number): void {
    if (this.#closed || this.#loss !== undefined) return;
    this.#timer = setTimeout(() => this.#renewal = this.#renew(), ms);
    Deno.unrefTimer(this.#timer as unknown as number);
  }

  async #renew(): Promise<void> {
    const { schema, ttlMs } = this.#options;
    let pause = ttlMs / RENEWALS;
    try {
      if (this.#renewing?.isBroken !== false) {
        // An answer that takes as long as the row lasts is none.
        this.#renewing = await DatabaseConnection.open({ ...this.#options, answerMs: ttlMs });
      }
      const sent = now();
      const [row] = await this.#renewing.query(
        `update ${schema}.node set until = clock_timestamp() + $2::float8 * interval '1 ms'
          where id = $1 returning extract(epoch from clock_timestamp()) * 1000`,
        [this.#id, ttlMs],
      );
      if (row === undefined) this.lose(TAKEN_OVER);
      else this.#renewed(sent, Number(row[0]));
    } catch {
      // The next commit says why; here the only meaning is that it is not renewed.
      pause = Math.min(pause, LOOK_MS);
    }
    this.#renewLater(pause);
  }

  #renewed(sent: ReturnType<typeof now>, database: number): void {
    this.#sent = sent;
    const trip = performance.now() - sent.steady;
    if (trip > this.#shortTrip) {
      // What was known grows old: clocks drift, and may be set.
      this.#shortTrip *= 1.5;
      return;
    }
    this.#shortTrip = trip;
    const most = database - sent.wall;
    this.#ahead = { least: most - trip, most };
  }
}

/** A node that owns shards. */
interface Holder {
  readonly id: string;
  readonly address: string;
  readonly since: string;
  readonly until: string;
}

const TAKEN_OVER = "another server has taken over";

/** The number of a database's history: another one after a restore, or after a standby was promoted. Empty on a standby. */
const TIMELINE = `select case when pg_is_in_recovery() then ''
  else substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) end`;

function now(): { readonly steady: number; readonly wall: number } {
  return { steady: performance.now(), wall: Date.now() };
}

/** Whether an error means that the connection is gone. */
export function isBroken(error: unknown): boolean {
  return error instanceof ConnectionBroken;
}
