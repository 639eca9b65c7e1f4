// Jobs that programs have put by SQL, in their own transactions. A row leaves the inbox in the commit that stores its job, so
// it becomes one job and no more, whatever breaks.

import { setImmediate } from "node:timers";
import type { Inbox, InboxJob } from "../store.ts";
import { DatabaseConnection, type Parameter, type TextRow } from "./connection.ts";
import type { NodeOptions } from "./node.ts";
import { bytesOf } from "./rows.ts";
import { inboxChannel } from "./schema_name.ts";

/** The inbox of a database. */
export class PostgresInbox implements Inbox {
  readonly #place: NodeOptions;
  readonly #read: (text: string, values: readonly Parameter[]) => Promise<TextRow[]>;
  readonly #drop: (rows: readonly number[]) => Promise<void>;
  /** The rows of bodies that are on their way into the queue. */
  readonly #rows = new WeakMap<Uint8Array, number>();
  /** The rows that are on their way. */
  readonly #onTheWay = new Set<number>();
  #listening: DatabaseConnection | undefined = undefined;
  #closed = false;

  /** `read` and `drop` go by the connection of the shard. */
  constructor(
    place: NodeOptions,
    read: (text: string, values: readonly Parameter[]) => Promise<TextRow[]>,
    drop: (rows: readonly number[]) => Promise<void>,
  ) {
    this.#place = place;
    this.#read = read;
    this.#drop = drop;
  }

  async next(most: number): Promise<InboxJob[]> {
    const rows = await this.#read(
      `select id, queue, key, priority, attempts, lease, backoff, keep, name, body,
          greatest(0, delay - passed), expires - passed
        from ${this.#place.schema}.inbox,
          lateral (select extract(epoch from clock_timestamp() - at)::float8 * 1000 as passed) as t
        where not (id = any($1::bigint[])) order by id limit $2`,
      [`{${[...this.#onTheWay].join(",")}}`, most],
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
    await this.#drop(rows);
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

  async listen(onNews: () => void): Promise<void> {
    if (this.#closed || this.#listening?.isBroken === false) return;
    const connection = this.#listening = await DatabaseConnection.open(this.#place);
    connection.onNotice(inboxChannel(this.#place.schema), () => setImmediate(onNews));
    await connection.query(`listen "${inboxChannel(this.#place.schema)}"`);
    if (this.#closed) await connection.end();
  }

  /** Ends the connection on which news come. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#listening?.end();
  }
}
