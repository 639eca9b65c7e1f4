// Jobs that programs have put by SQL, in their own transactions. A row leaves the inbox in the commit that stores its job, so
// it becomes one job and no more, whatever breaks.

import { setImmediate } from "node:timers";
import type { Inbox, InboxJob } from "../store.ts";
import type { PostgresNode } from "./node.ts";
import { bytesOf } from "./rows.ts";
import { inboxChannel } from "./schema_name.ts";
import { noChanges } from "./statement.ts";
import type { StatementQueue } from "./statement_queue.ts";

/** How often the inbox is looked at, as news get lost, in ms. */
const POLL_MS = 2_000;

/** The inbox of a database, as a node sees it: it has an inbox for each of its shards. */
export class PostgresInbox {
  readonly #node: PostgresNode;
  readonly #queue: StatementQueue;
  /** What is called on news of each shard. */
  readonly #listeners = new Map<number, () => void>();
  #looking: Promise<void> | undefined = undefined;
  #looksAgain = false;
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;
  #closed = false;

  /** Rows are read and removed in the order of a queue of statements. */
  constructor(node: PostgresNode, queue: StatementQueue) {
    this.#node = node;
    this.#queue = queue;
    node.listen(inboxChannel(node.options.schema), (shard) =>
      setImmediate(() => {
        if (shard === "") this.#look();
        else this.#listeners.get(Number(shard))?.();
      }));
  }

  /** The inbox of a shard. */
  of(shard: number): ShardInbox {
    return new ShardInbox(shard, this.#node.options.schema, this.#queue, (onNews) => {
      if (onNews === undefined) this.#listeners.delete(shard);
      else {
        this.#listeners.set(shard, onNews);
        this.#look();
      }
    });
  }

  /** Looks no more. Resolves once nothing is on its way. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  /** Looks now, and again in a while. */
  #look(): void {
    if (this.#closed) return;
    this.#looksAgain = this.#looking !== undefined;
    this.#looking ??= this.#lookOnce().catch(() => {
      // The next look may reach the database; commits say what is wrong.
    }).finally(() => {
      this.#looking = undefined;
      if (this.#closed) return;
      if (this.#looksAgain) return this.#look();
      this.#timer = setTimeout(() => this.#look(), POLL_MS);
      Deno.unrefTimer(this.#timer as unknown as number);
    });
  }

  /** Chooses shards for queues that have none, and tells the shards that have jobs here. */
  async #lookOnce(): Promise<void> {
    clearTimeout(this.#timer);
    // One turn: shards that are opened together are looked at together.
    await new Promise<void>((resolve) => setImmediate(resolve));
    const { schema } = this.#node.options;
    const connection = await this.#node.control();
    await connection.query(
      `update ${schema}.inbox set shard = ${schema}.assign(queue) where shard is null`,
    );
    const rows = await connection.query(
      `select shard from unnest($1::smallint[]) as mine(shard)
        where exists (select from ${schema}.inbox where inbox.shard = mine.shard)`,
      [`{${[...this.#listeners.keys()].join(",")}}`],
    );
    for (const [shard] of rows) this.#listeners.get(Number(shard))?.();
  }
}

/** The jobs of a shard in an inbox. */
export class ShardInbox implements Inbox {
  readonly #shard: number;
  readonly #schema: string;
  readonly #queue: StatementQueue;
  readonly #listen: (onNews: (() => void) | undefined) => void;
  /** The rows of bodies that are on their way into the queue. */
  readonly #rows = new WeakMap<Uint8Array, number>();
  /** The rows that are on their way. */
  readonly #onTheWay = new Set<number>();

  constructor(
    shard: number,
    schema: string,
    queue: StatementQueue,
    listen: (onNews: (() => void) | undefined) => void,
  ) {
    this.#shard = shard;
    this.#schema = schema;
    this.#queue = queue;
    this.#listen = listen;
  }

  async next(most: number): Promise<InboxJob[]> {
    const rows = await this.#queue.read(
      this.#shard,
      `select id, queue, key, priority, attempts, lease, backoff, keep, name, body,
          greatest(0, delay - passed), expires - passed
        from ${this.#schema}.inbox,
          lateral (select extract(epoch from clock_timestamp() - at)::float8 * 1000 as passed) as t
        where shard = $1 and not (id = any($2::bigint[])) order by id limit $3`,
      [this.#shard, `{${[...this.#onTheWay].join(",")}}`, most],
    );
    return rows.map((row) => this.#job(row as string[]));
  }

  #job(row: readonly string[]): InboxJob {
    const [id, queue, key, priority, attempts, lease, backoff, keep, name, body, delay, left] = row;
    const bytes = bytesOf(body);
    this.#rows.set(bytes, Number(id));
    this.#onTheWay.add(Number(id));
    return {
      queue,
      key,
      priority: Number(priority),
      attempts: Number(attempts),
      lease: Number(lease),
      backoff: Number(backoff),
      keep: keep === "t",
      unique: name,
      delay: Number(delay),
      body: bytes,
      // Its row has null for never.
      ...left === null ? {} : { expires: Number(left) },
    };
  }

  async refuse(jobs: readonly InboxJob[]): Promise<void> {
    const rows = jobs.map(({ body }) => this.#rows.get(body)!);
    await this.#queue.commit({ ...noChanges(this.#shard), inbox: rows });
    this.left(rows);
  }

  putBack(jobs: readonly InboxJob[]): void {
    for (const { body } of jobs) this.#onTheWay.delete(this.#rows.get(body)!);
  }

  /** The row of a new job with this body; `undefined` if it came from elsewhere. */
  rowOf(body: Uint8Array): number | undefined {
    return this.#rows.get(body);
  }

  /** These rows are gone from the inbox. */
  left(rows: readonly number[]): void {
    for (const row of rows) this.#onTheWay.delete(row);
  }

  listen(onNews: () => void): void {
    this.#listen(onNews);
  }

  /** Tells no news any more. */
  close(): void {
    this.#listen(undefined);
  }
}
