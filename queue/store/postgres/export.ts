// A queue in PostgreSQL as lines of JSON.

import { lineOf } from "../json_lines.ts";
import { aheadOfWall, laterJob, laterSchedule } from "../stored_times.ts";
import { DatabaseConnection } from "./connection.ts";
import { describe } from "./explain.ts";
import { versionOf } from "./migrations.ts";
import { openShard, type PostgresOptions } from "./postgres_store.ts";
import { SCHEMA, schemaName } from "./schema_name.ts";

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
  const shard = await openShard(url, options);
  try {
    // Times in lines are times of day, which all machines share.
    const ahead = aheadOfWall(await shard.moment());
    yield lineOf({ kind: "queue", last: await shard.lastId() });
    for (const limits of await shard.limits()) yield lineOf({ kind: "limits", limits });
    for (const { size: _, ...each } of await shard.schedules()) {
      const [body] = await shard.scheduleBodies([each.name]);
      yield lineOf({ kind: "schedule", schedule: laterSchedule({ ...each, body: body! }, -ahead) });
    }
    let some: Parameters<typeof laterJob>[0][] = [];
    const lines = async (): Promise<string[]> => {
      const bodies = await shard.bodies(some.map(({ id }) => id));
      const made = some.map((job, at) =>
        lineOf({ kind: "put", job: laterJob(job, -ahead), body: bodies[at]! })
      );
      some = [];
      return made;
    };
    for await (const job of shard.load()) {
      some.push(job);
      if (some.length === BODIES) yield* await lines();
    }
    yield* await lines();
  } finally {
    await shard.close();
  }
}

/** An export makes no tables. */
async function mustBeThere(url: string, { schema = SCHEMA }: PostgresOptions): Promise<void> {
  const connection = await DatabaseConnection.open({ url });
  try {
    const version = await versionOf(connection, { url, schema: schemaName(schema) });
    if (version === 0) throw new Error(`${describe(url)} has no queue in the schema ${schema}`);
  } finally {
    await connection.end();
  }
}
