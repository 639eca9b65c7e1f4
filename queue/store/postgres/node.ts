// This process as a node of a database: a row that it renews. Each of its commits asks for the row, so a node whose row was
// removed changes nothing more.

import { StoreLost } from "../store.ts";
import { ConnectionBroken, type ConnectionOptions, DatabaseConnection } from "./connection.ts";
import { describe, explain } from "./explain.ts";
import { checkServer, lockSchema, migrate, type NewDatabasePlace } from "./migrations.ts";
import { nodesChannel } from "./schema_name.ts";
import type { Sender } from "./statement.ts";

/** How long the row of a node lasts if it is not renewed, in ms, by the clock of the database. */
export const TTL_MS = 5_000;
/** An answer to a renewal that takes this part of that time is none. */
const ANSWER = 0.3;
/** How often a node that begins looks whether the one before is gone, in ms. */
const LOOK_MS = 250;

/** Where a node is, and how long it lasts without a renewal. */
export interface NodeOptions extends ConnectionOptions, NewDatabasePlace {
  /** How other nodes name it, and dial it. */
  readonly address: string;
  /** How long its row lasts if it is not renewed, in ms. */
  readonly ttlMs: number;
  /** A digest of the secret that it shares with other nodes, as hexadecimal digits. Default: it shares with nobody. */
  readonly secret?: string;
}

/** A moment on the monotonic clock and on the wall clock of this machine, in ms. */
export interface SentAt {
  readonly steady: number;
  readonly wall: number;
}

/** A row among the nodes of a database, from when it was made until it is removed. */
export class PostgresNode {
  readonly options: NodeOptions;
  readonly id: string = crypto.randomUUID();
  /** How many shards the database has. */
  readonly shards: number;
  readonly #lost = Promise.withResolvers<StoreLost>();
  readonly #timeline: string;
  #incarnation = 1;
  #loss: StoreLost | undefined = undefined;
  /** The connection of commits and reads, in their order. */
  #connection: DatabaseConnection | undefined;
  /** The connection of renewals: nothing else holds them up. */
  #renewing: DatabaseConnection | undefined = undefined;
  /** The connection of what concerns nodes and shards. */
  #control: DatabaseConnection | undefined = undefined;
  #opening: Promise<DatabaseConnection> | undefined = undefined;
  readonly #channels = new Map<string, (text: string) => void>();
  /** How far the clock of the database is ahead of the wall clock, in ms: at least and at most, by a short round trip. */
  #ahead = { least: 0, most: 0 };
  /** A renewal with a longer round trip, in ms, knows less about the clock of the database than one before. */
  #shortTrip = Infinity;

  private constructor(
    options: NodeOptions,
    connection: DatabaseConnection,
    { shards, timeline }: { readonly shards: number; readonly timeline: string },
  ) {
    this.options = options;
    this.shards = shards;
    this.#connection = connection;
    this.#timeline = timeline;
  }

  /**
   * Makes a row for this process in a database, and its tables if they are not there. Waits for the end of a node that has
   * another secret or none, if that does not renew its row. Rejects with an `Error` that says in words why it cannot.
   */
  static async join(options: NodeOptions): Promise<PostgresNode> {
    const { url, schema } = options;
    const connection = await DatabaseConnection.open(options);
    try {
      await checkServer(connection, options);
      await migrate(connection, options);
      const [[shards, timeline]] = await connection.query(
        `select shards, ${TIMELINE} from ${schema}.cluster`,
      );
      const known = { shards: Number(shards), timeline: timeline! };
      const node = new PostgresNode(options, connection, known);
      await node.#enter(connection);
      return node;
    } catch (error) {
      await connection.end();
      throw (error as { code?: string }).code === undefined ? error : explain(error, url);
    }
  }

  /** The node as commits name it. */
  get sender(): Sender {
    return { id: this.id, incarnation: this.#incarnation };
  }

  /** Resolves once the row is gone. */
  get lost(): Promise<StoreLost> {
    return this.#lost.promise;
  }

  /** Why the row is gone; `undefined` while it may be there. */
  get loss(): StoreLost | undefined {
    return this.#loss;
  }

  /** How far the clock of the database is ahead of this machine's wall clock, in ms: at least and at most. */
  get databaseAhead(): { readonly least: number; readonly most: number } {
    return this.#ahead;
  }

  /** The row is gone. Returns the error of every later call. */
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
    const connection = await DatabaseConnection.open(this.options);
    try {
      await this.raise(connection);
    } catch (error) {
      await connection.end();
      throw error;
    }
    return this.#connection = connection;
  }

  /** The connection of what concerns nodes and shards, on which news come. */
  async control(): Promise<DatabaseConnection> {
    if (this.#loss !== undefined) throw this.#loss;
    const before = this.#control;
    if (before?.isBroken === false) return before;
    // One for all that find it broken.
    this.#opening ??= this.#openControl().finally(() => {
      this.#opening = undefined;
    });
    return this.#control = await this.#opening;
  }

  /** Calls `action` with the text of each notification on a channel. It may miss some. */
  listen(channel: string, action: (text: string) => void): void {
    this.#channels.set(channel, action);
    if (this.#control?.isBroken === false) {
      this.#control.onNotice(channel, action);
      // Where that fails, the next connection listens.
      this.#control.query(`listen "${channel}"`).catch(() => {});
    }
  }

  async #openControl(): Promise<DatabaseConnection> {
    const connection = await DatabaseConnection.open(this.options);
    for (const [channel, action] of this.#channels) {
      connection.onNotice(channel, action);
      await connection.query(`listen "${channel}"`);
    }
    return connection;
  }

  /** Makes the commits that were sent before impossible, if they are not done. Rejects with `StoreLost` without the row. */
  async raise(connection: DatabaseConnection): Promise<void> {
    await this.#checkTimeline(connection);
    const { schema } = this.options;
    // Waits for a commit that goes on: `for update` excludes its lock, and an update alone does not.
    const [row] = await connection.query(
      `with me as (select id from ${schema}.node where id = $1 for update)
        update ${schema}.node set incarnation = incarnation + 1 from me where node.id = me.id
        returning incarnation`,
      [this.id],
    );
    if (row === undefined) throw this.lose(REMOVED);
    this.#incarnation = Math.max(this.#incarnation, Number(row[0]));
  }

  /**
   * Renews the row, and reads in the same statement.
   *
   * @param rows a query whose first column is `t.now`, the time of the database, and which is empty where `me` is
   * @returns the rows, and when it was sent. Rejects with `StoreLost` where the row is gone
   */
  async renew(
    rows: string,
    isLeaving = false,
  ): Promise<{ readonly rows: TextRows; readonly sent: SentAt }> {
    const { schema, ttlMs } = this.options;
    if (this.#loss !== undefined) throw this.#loss;
    if (this.#renewing?.isBroken !== false) {
      // One answer that is lost must not cost the row.
      const answerMs = ttlMs * ANSWER;
      const connection = await DatabaseConnection.open({ ...this.options, answerMs });
      await this.#checkTimeline(connection);
      this.#renewing = connection;
    }
    const sent = { steady: performance.now(), wall: Date.now() };
    const found = await this.#renewing.query(
      `with me as (update ${schema}.node
          set until = clock_timestamp() + $2::float8 * interval '1 ms', leaving = $3
          where id = $1 returning id),
        t as (select extract(epoch from clock_timestamp())::float8 * 1000 as now)
      ${rows}`,
      [this.id, ttlMs, isLeaving],
    );
    if (found.length === 0) throw this.lose(REMOVED);
    this.#renewed(sent, Number(found[0][0]));
    return { rows: found, sent };
  }

  /** Removes the row behind all commits. Its shards have no owner then. */
  async leave(): Promise<void> {
    const { schema } = this.options;
    try {
      if (this.#loss !== undefined) return;
      const connection = await this.connection();
      // In two statements: the second one sees shards that were given meanwhile.
      await connection.transaction(async () => {
        await connection.query(`delete from ${schema}.node where id = $1`, [this.id]);
        await connection.query(
          `update ${schema}.shard set owner = null, since = now() where owner = $1`,
          [this.id],
        );
        await connection.query(tellNodes(schema));
      });
    } finally {
      await this.end();
    }
  }

  /** Ends its connections. The row stays, if it is there. */
  async end(): Promise<void> {
    this.#loss ??= new StoreLost("the node has ended");
    await Promise.all(
      [this.#connection, this.#renewing, this.#control].map((connection) => connection?.end()),
    );
  }

  /** Makes the row, as soon as all nodes that are there share with it. */
  async #enter(connection: DatabaseConnection): Promise<void> {
    let before: Holder | undefined;
    for (;;) {
      const holder = await connection.transaction(() => this.#tryToEnter(connection));
      if (holder === undefined) return;
      if (before?.id === holder.id && before.until !== holder.until) {
        throw new Error(`${describe(this.options.url)} ${inUse(holder, this.options.secret)}`);
      }
      before ??= holder;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Makes the row. Returns a node that does not share, beside which nothing was changed. */
  async #tryToEnter(connection: DatabaseConnection): Promise<Holder | undefined> {
    const { schema, address, ttlMs, secret = null } = this.options;
    // Beside this lock each statement sees what the node before has done.
    await lockSchema(connection, schema);
    const [holder] = await connection.query(
      `select id, address, since, until, encode(secret, 'hex') from ${schema}.node
        where until > clock_timestamp()
          and (secret is distinct from decode($1::text, 'hex') or secret is null or address = $2)
        limit 1`,
      [secret, address],
    );
    if (holder !== undefined) {
      const [id, address, since, until, theirs] = holder;
      return { id: id!, address: address!, since: since!, until: until!, secret: theirs };
    }
    if (secret === null) {
      // No other node is there, nor can any join: those before are gone.
      await connection.query(`delete from ${schema}.node`);
      await connection.query(`update ${schema}.shard set owner = null where owner is not null`);
    }
    await connection.query(
      `insert into ${schema}.node (id, incarnation, address, until, secret)
        values ($1, $2, $3, clock_timestamp() + $4::float8 * interval '1 ms', decode($5, 'hex'))`,
      [this.id, this.#incarnation, address, ttlMs, secret],
    );
    await connection.query(tellNodes(schema));
    return undefined;
  }

  async #checkTimeline(connection: DatabaseConnection): Promise<void> {
    const [[timeline]] = await connection.query(`select ${TIMELINE}`);
    const name = describe(this.options.url);
    if (timeline === "") throw new Error(`${name} is a standby now`);
    // A standby that was behind may have been promoted: what it has is not what this node knows.
    if (timeline === this.#timeline) return;
    throw this.lose(`${name} was restored or failed over: its timeline is ${timeline}`);
  }

  #renewed(sent: SentAt, database: number): void {
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

type TextRows = Awaited<ReturnType<DatabaseConnection["query"]>>;

/** A node beside which this one cannot be. */
interface Holder {
  readonly id: string;
  readonly address: string;
  readonly since: string;
  readonly until: string;
  readonly secret: string | null;
}

/** Why a database cannot be used beside a node, for one with this secret. */
function inUse({ address, since, secret: theirs }: Holder, ours: string | undefined): string {
  const place = `${address}, since ${since}`;
  if (ours === undefined) return `is in use by another server, ${place}`;
  if (theirs === ours) return `has another node of this address, ${place}; each needs its own`;
  if (theirs === null) return `is in use by a server without a cluster secret, ${place}`;
  return `is in use by nodes with another cluster secret, such as ${place}`;
}

const REMOVED = "another server has taken over";

/** The number of a database's history: another one after a restore, or after a standby was promoted. Empty on a standby. */
const TIMELINE = `case when pg_is_in_recovery() then ''
  else substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) end`;

/** A query that tells other nodes, once its transaction commits, that nodes or shards have changed. */
export function tellNodes(schema: string): string {
  return `select pg_notify('${nodesChannel(schema)}', '')`;
}

/** Whether an error means that the connection is gone. */
export function isBroken(error: unknown): boolean {
  return error instanceof ConnectionBroken;
}
