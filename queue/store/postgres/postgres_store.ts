import type { Store } from "../store.ts";
import { PostgresNode, TTL_MS } from "./node.ts";
import { SCHEMA, schemaName } from "./schema_name.ts";
import { PostgresShard } from "./shard.ts";

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
  const shard = await openShard(url, options);
  return {
    ownership: shard.node,
    inbox: shard.inbox,
    commit: (changes, moment) => shard.commit(changes, moment),
    load: () => shard.load(),
    limits: () => shard.limits(),
    schedules: () => shard.schedules(),
    scheduleBodies: (names) => shard.scheduleBodies(names),
    lastId: () => shard.lastId(),
    moment: () => shard.moment(),
    bodies: (ids) => shard.bodies(ids),
    close: () => shard.close(),
  };
}

/** Owns the rows of a queue. Rejects with an `Error` that says in words why it cannot. */
export async function openShard(url: string, options: PostgresOptions): Promise<PostgresShard> {
  const { schema = SCHEMA, address = `process ${Deno.pid}`, takeover = TTL_MS } = options;
  const place = { url, schema: schemaName(schema), address, ttlMs: takeover };
  const node = await PostgresNode.join(place);
  try {
    return await PostgresShard.open(node, place);
  } catch (error) {
    await node.leave().catch(() => {});
    throw error;
  }
}
