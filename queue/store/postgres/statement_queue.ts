// The statements of all shards of a node, one behind the other on one connection. What several shards want at the same time
// becomes one statement, so a node costs the database as much as a shard.

import type { FoldedBatch } from "./batch.ts";
import type { DatabaseConnection, Parameter, TextRow } from "./connection.ts";
import { explain } from "./explain.ts";
import { isBroken, type PostgresNode } from "./node.ts";
import { bytesOf } from "./rows.ts";
import { commitStatement, type ShardBatch } from "./statement.ts";
import { StoreFull, StoreLost, StoreUnreachable } from "../store.ts";

/** The beginning of PostgreSQL's codes for damaged data. */
const DAMAGED = "XX";
/** The codes of what one shard may be at fault for: its data, a constraint, a bound of PostgreSQL, or damage. */
const OF_ONE = /^(22|23|54|XX)/;
/** PostgreSQL's code for a full disk. */
const DISK_FULL = "53100";
/** No other shard joins a commit that has so many bytes of bodies. */
const MOST_BYTES = 16 << 20;

/** A part of a step: what one shard wants. */
interface ShardPart<T, R> {
  readonly shard: number;
  readonly wanted: T;
  readonly answer: PromiseWithResolvers<R>;
}

/** A step that other shards may join. */
interface Joint<T, R> {
  readonly kind: "commit" | "bodies";
  readonly parts: ShardPart<T, R>[];
  bytes: number;
}

type CommitStep = Joint<ShardBatch, void> & { readonly kind: "commit" };
type BodiesStep = Joint<readonly number[], (Uint8Array | undefined)[]> & {
  readonly kind: "bodies";
};
interface OwnStep {
  readonly kind: "own";
  readonly parts: readonly { readonly shard: number }[];
  readonly run: () => Promise<void>;
}
type QueuedStep = CommitStep | BodiesStep | OwnStep;

/** The statements of a node. Those of a shard take effect in the order in which they are asked for. */
export class StatementQueue {
  readonly node: PostgresNode;
  readonly #schema: string;
  readonly #url: string;
  readonly #steps: QueuedStep[] = [];
  #running: Promise<void> | undefined = undefined;

  constructor(node: PostgresNode) {
    this.node = node;
    this.#schema = node.options.schema;
    this.#url = node.options.url;
  }

  /** Makes the changes of a shard. Rejects as `commit` of a store. */
  commit(batch: ShardBatch): Promise<void> {
    const { shard } = batch;
    const bytes = bytesIn(batch.changes);
    const step = this.#joinable("commit", shard, bytes) as CommitStep;
    const answer = Promise.withResolvers<void>();
    step.parts.push({ shard, wanted: batch, answer });
    step.bytes += bytes;
    this.#start();
    return answer.promise;
  }

  /** The bodies of jobs of a shard. Rejects with `StoreUnreachable` where no job is at fault. */
  bodies(shard: number, ids: readonly number[]): Promise<(Uint8Array | undefined)[]> {
    const step = this.#joinable("bodies", shard, 0) as BodiesStep;
    const answer = Promise.withResolvers<(Uint8Array | undefined)[]>();
    step.parts.push({ shard, wanted: ids, answer });
    this.#start();
    return answer.promise;
  }

  /** The rows of a query of a shard. Rejects as `bodies`. */
  read(shard: number, text: string, values: readonly Parameter[]): Promise<TextRow[]> {
    return this.inOrder(shard, () => this.#query(text, values));
  }

  /** Executes a step of a shard behind those before it. */
  inOrder<T>(shard: number, step: () => Promise<T>): Promise<T> {
    const answer = Promise.withResolvers<T>();
    const run = (): Promise<void> => step().then(answer.resolve, answer.reject);
    this.#steps.push({ kind: "own", parts: [{ shard }], run });
    this.#start();
    return answer.promise;
  }

  /**
   * Executes a step with a connection; once more with another one if the first breaks, such as by a restart of the database:
   * before anybody hears of it.
   */
  async twice<T>(step: (connection: DatabaseConnection) => Promise<T>): Promise<T> {
    try {
      return await step(await this.node.connection());
    } catch (error) {
      if (!isBroken(error)) throw this.inWords(error);
    }
    try {
      return await step(await this.node.connection());
    } catch (error) {
      throw this.inWords(error);
    }
  }

  /** An error of the database, in words. */
  inWords(error: unknown): unknown {
    const { code } = error as { code?: string };
    if (code === undefined) return error;
    const told = explain(error, this.#url);
    return code === DISK_FULL ? new StoreFull(told.message, { cause: error }) : told;
  }

  /** Resolves once all that was asked for is done. */
  async drained(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  /** The last step of a kind that a shard may join; a new one if there is none. */
  #joinable(kind: "commit" | "bodies", shard: number, bytes: number): CommitStep | BodiesStep {
    for (let at = this.#steps.length - 1; at >= 0; at--) {
      const step = this.#steps[at];
      const isOfShard = step.parts.some((part) => part.shard === shard);
      const mayJoin = step.kind === kind && (kind === "bodies" || !isOfShard);
      if (mayJoin && step.bytes + bytes <= MOST_BYTES) return step as CommitStep | BodiesStep;
      // What a shard asked for before must be over first.
      if (isOfShard) break;
    }
    const step = { kind, parts: [], bytes: 0 } as CommitStep | BodiesStep;
    this.#steps.push(step);
    return step;
  }

  #start(): void {
    this.#running ??= this.#run();
  }

  async #run(): Promise<void> {
    // What shards ask for in one turn is one step.
    await undefined;
    for (let step; (step = this.#steps.shift()) !== undefined;) {
      if (step.kind === "own") await step.run();
      else if (step.kind === "commit") await this.#commitAll(step.parts);
      else await this.#readBodies(step.parts);
    }
    this.#running = undefined;
  }

  async #commitAll(parts: readonly ShardPart<ShardBatch, void>[]): Promise<void> {
    try {
      await this.#write(parts.map(({ wanted }) => wanted));
    } catch (error) {
      if (parts.length > 1 && isOfOne(error)) {
        for (const part of parts) await this.#commitAll([part]);
        return;
      }
      for (const { answer } of parts) answer.reject(error);
      return;
    }
    for (const { answer } of parts) answer.resolve();
  }

  async #write(batches: readonly ShardBatch[]): Promise<void> {
    for (;;) {
      const isDone = await this.twice(async (connection) => {
        const { text, values } = commitStatement(this.#schema, this.node.sender, batches);
        const [[count]] = await connection.query(text, values);
        return count === "1";
      });
      if (isDone) return;
      // A late answer to this node itself may have raised its incarnation. Rejects where it is gone.
      await this.twice((connection) => this.node.raise(connection));
    }
  }

  async #readBodies(
    parts: readonly ShardPart<readonly number[], (Uint8Array | undefined)[]>[],
  ): Promise<void> {
    const pairs = parts.flatMap(({ shard, wanted }) => wanted.map((id) => [shard, id] as const));
    try {
      // Each number with its shard: see `rowsOf`.
      const rows = await this.#query(
        `select job.shard, job.id, body
          from unnest($1::smallint[], $2::bigint[]) as asked(shard, id)
          join ${this.#schema}.job on job.shard = asked.shard and job.id = asked.id`,
        [
          `{${pairs.map(([shard]) => shard).join(",")}}`,
          `{${pairs.map(([, id]) => id).join(",")}}`,
        ],
      );
      const found = new Map(rows.map(([shard, id, body]) => [`${shard} ${id}`, bytesOf(body!)]));
      for (const { shard, wanted, answer } of parts) {
        answer.resolve(wanted.map((id) => found.get(`${shard} ${id}`)));
      }
    } catch (error) {
      if (parts.length > 1 && isOfOne(error)) {
        for (const part of parts) await this.#readBodies([part]);
        return;
      }
      for (const { answer } of parts) answer.reject(error);
    }
  }

  async #query(text: string, values: readonly Parameter[]): Promise<TextRow[]> {
    try {
      return await this.twice((connection) => connection.query(text, values));
    } catch (error) {
      // Only what is damaged is at fault itself.
      if (codeOf(error).startsWith(DAMAGED) || error instanceof StoreLost) throw error;
      throw new StoreUnreachable((error as Error).message, { cause: error });
    }
  }
}

/** The code of PostgreSQL in the cause of an error; empty for none. */
function codeOf(error: unknown): string {
  const { code = "" } = (error as Error).cause as { code?: string } ?? {};
  return code;
}

/** Whether one shard may be at fault for an error, so that the others are better tried without it. */
function isOfOne(error: unknown): boolean {
  return OF_ONE.test(codeOf(error));
}

function bytesIn({ jobs, schedules }: FoldedBatch): number {
  let bytes = 0;
  for (const outcome of jobs.values()) {
    if (outcome.kind === "put") bytes += outcome.body.length;
    else if (outcome.kind === "finish") bytes += outcome.result.length;
  }
  for (const outcome of schedules.values()) {
    if (outcome !== undefined && "body" in outcome) bytes += outcome.body.length;
  }
  return bytes;
}
