import type { Ownership, Store } from "../store.ts";
import { describe } from "./explain.ts";
import { PostgresInbox } from "./inbox.ts";
import { type NodeOptions, TTL_MS } from "./node.ts";
import { SCHEMA, schemaName } from "./schema_name.ts";
import { PostgresShard } from "./shard.ts";
import { SoleOwner } from "./sole_owner.ts";
import { StatementQueue } from "./statement_queue.ts";

/** The shards of a new queue: enough to be spread evenly over a dozen nodes. */
const SHARDS = 64;

/** Options of a store in PostgreSQL. */
export interface PostgresOptions {
  /** The schema of its tables. Default: lineup. */
  schema?: string;
  /** How other servers name this one in their messages. Default: the number of this process. */
  address?: string;
  /** How long after its end another server may take over, in ms, if it could not say goodbye. Default 5 s. */
  takeover?: number;
  /**
   * Into how many parts a new queue is divided, each of which lives on one node; it stays so. The remainder of a job's number by
   * it is the part of its queue. Default 64; a `postgresStore` has 1.
   */
  shards?: number;
}

/** The parts of a queue that one process owns as a whole. */
export interface SoleShards {
  readonly owner: SoleOwner;
  readonly statements: StatementQueue;
  readonly shards: readonly PostgresShard[];
  close(): Promise<void>;
}

/**
 * A store in a PostgreSQL database of version 13 or later, whose tables are made if they are not there. It uses at most three
 * connections, and works behind PgBouncer in transaction mode. Its memory grows neither with the jobs nor with their bodies.
 *
 * One server owns the store at a time. Each commit is one statement, which changes nothing unless this server still owns it;
 * see {@linkcode Store.ownership}. A queue of several nodes has no such store: `openCluster` serves it.
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
  const { owner, shards, close } = await openSole(url, { ...options, shards: 1 });
  if (shards.length !== 1) {
    await close();
    throw new Error(
      `${
        describe(url)
      } has a queue of ${shards.length} shards, which is no single store; serve it by openCluster`,
    );
  }
  return { ...storeOf(shards[0], owner), close };
}

/** The rows of a shard as a store. */
export function storeOf(rows: PostgresShard, ownership: Ownership): Store {
  return {
    ownership,
    inbox: rows.inbox,
    commit: (changes, moment) => rows.commit(changes, moment),
    load: () => rows.load(),
    limits: () => rows.limits(),
    schedules: () => rows.schedules(),
    scheduleBodies: (names) => rows.scheduleBodies(names),
    lastId: () => rows.lastId(),
    moment: () => rows.moment(),
    bodies: (ids) => rows.bodies(ids),
    close: () => rows.close(),
  };
}

/** Owns all shards of a queue. Rejects with an `Error` that says in words why it cannot. */
export async function openSole(
  url: string,
  options: PostgresOptions,
): Promise<SoleShards> {
  const owner = await SoleOwner.join(placeOf(url, options));
  const statements = new StatementQueue(owner.node);
  const inbox = new PostgresInbox(owner.node, statements);
  const close = async (): Promise<void> => {
    await inbox.close();
    await Promise.all(shards.map((shard) => shard.close()));
    await statements.drained();
    await owner.leave();
  };
  let shards: PostgresShard[] = [];
  try {
    shards = await Promise.all(
      Array.from(
        { length: owner.node.shards },
        (_, shard) => PostgresShard.open(shard, statements, inbox.of(shard)),
      ),
    );
    return { owner, statements, shards, close };
  } catch (error) {
    await close().catch(() => {});
    throw error;
  }
}

/** Where a node is. Throws an `Error` for a schema's name that is none. */
export function placeOf(
  url: string,
  {
    schema = SCHEMA,
    address = `process ${Deno.pid}`,
    takeover = TTL_MS,
    shards = SHARDS,
  }: PostgresOptions,
): NodeOptions {
  return { url, schema: schemaName(schema), address, ttlMs: takeover, shards };
}
