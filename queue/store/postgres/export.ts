// A queue in PostgreSQL as lines of JSON.

import type { StoredJob } from "../job_fields.ts";
import { lineOf } from "../json_lines.ts";
import { aheadOfWall, laterJob, laterSchedule } from "../stored_times.ts";
import { DatabaseConnection } from "./connection.ts";
import { describe, explain } from "./explain.ts";
import { versionOf } from "./migrations.ts";
import { openSole, type PostgresOptions } from "./postgres_store.ts";
import { SCHEMA, schemaName } from "./schema_name.ts";
import type { PostgresShard } from "./shard.ts";

/** How many bodies are read at once. */
const BODIES = 100;

/**
 * All that a queue in PostgreSQL keeps, as lines of JSON: those of `exportSqliteFile`, which `importSqliteFile` and
 * `importPostgres` read. Rejects with an `Error` that says why the database cannot be read, or that a server uses it.
 *
 * @param url of the database, see `postgresStore`
 *
 * @example
 * ```ts ignore
 * import { exportPostgres } from "@lineup/lineup/queue";
 *
 * for await (const line of exportPostgres("postgres://app@db.example/app")) console.log(line);
 * ```
 */
export async function* exportPostgres(
  url: string,
  options: PostgresOptions = {},
): AsyncGenerator<string, void, void> {
  await mustBeThere(url, options);
  const { shards, close } = await openSole(url, options);
  const count = shards.length;
  try {
    // Times in lines are times of day, which all machines share.
    const moments = await Promise.all(shards.map((shard) => shard.moment()));
    const ahead = moments.map(aheadOfWall);
    const lasts = await Promise.all(shards.map((shard) => shard.lastId()));
    yield lineOf({ kind: "queue", last: Math.max(...lasts), shards: count });
    for (const shard of shards) {
      for (const limits of await shard.limits()) yield lineOf({ kind: "limits", limits });
    }
    for (const shard of shards) yield* schedulesOf(shard, ahead[shard.shard]);
    let some: StoredJob[] = [];
    const lines = async (): Promise<string[]> => {
      const bodies = await bodiesOf(shards, some);
      const made = some.map((job, at) => {
        const later = laterJob(job, -ahead[job.id % count]);
        return lineOf({ kind: "put", job: later, body: bodies[at]! });
      });
      some = [];
      return made;
    };
    for await (const job of inOrder(shards)) {
      some.push(job);
      if (some.length === BODIES) yield* await lines();
    }
    yield* await lines();
  } finally {
    await close();
  }
}

async function* schedulesOf(
  shard: PostgresShard,
  ahead: number,
): AsyncGenerator<string, void, void> {
  for (const { size: _, ...each } of await shard.schedules()) {
    const [body] = await shard.scheduleBodies([each.name]);
    yield lineOf({ kind: "schedule", schedule: laterSchedule({ ...each, body: body! }, -ahead) });
  }
}

/** The jobs of all shards in the order of their numbers. */
async function* inOrder(shards: readonly PostgresShard[]): AsyncGenerator<StoredJob, void, void> {
  const loads = shards.map((shard) => shard.load());
  const nextOf = async (load: (typeof loads)[number]): Promise<StoredJob | undefined> => {
    const { value, done } = await load.next();
    return done ? undefined : value;
  };
  const next = await Promise.all(loads.map(nextOf));
  for (;;) {
    let first: StoredJob | undefined;
    for (const job of next) {
      if (job !== undefined && job.id < (first?.id ?? Infinity)) first = job;
    }
    if (first === undefined) return;
    yield first;
    const at = first.id % shards.length;
    next[at] = await nextOf(loads[at]);
  }
}

async function bodiesOf(
  shards: readonly PostgresShard[],
  jobs: readonly StoredJob[],
): Promise<(Uint8Array | undefined)[]> {
  const read = await Promise.all(jobs.map(({ id }) => shards[id % shards.length].bodies([id])));
  return read.map(([body]) => body);
}

/** An export makes no tables. */
async function mustBeThere(url: string, { schema = SCHEMA }: PostgresOptions): Promise<void> {
  const connection = await DatabaseConnection.open({ url });
  try {
    const version = await versionOf(connection, { url, schema: schemaName(schema) });
    if (version === 0) throw new Error(`${describe(url)} has no queue in the schema ${schema}`);
  } catch (error) {
    throw (error as { code?: string }).code === undefined ? error : explain(error, url);
  } finally {
    await connection.end();
  }
}
