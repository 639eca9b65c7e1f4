// Lines of JSON into a queue in PostgreSQL.

import {
  importChanges,
  type Imported,
  type ImportOptions,
  readImport,
  timesHere,
} from "../import_lines.ts";
import { aheadOfWall } from "../stored_times.ts";
import { openShard, type PostgresOptions } from "./postgres_store.ts";
import { SCHEMA, schemaName } from "./schema_name.ts";

/** How many imports are remembered. */
const MOST = 1000;

/**
 * Adds the lines of an export to a queue in PostgreSQL, whose tables are made if they are not there: all in one transaction,
 * or none. Numbers, names, limits, schedules and repeated imports are those of `importSqliteFile`.
 *
 * Rejects with an `Error` that names the line if one is wrong, or says why the database cannot be used.
 *
 * @param url of the database, see `postgresStore`; no server uses it
 * @param lines without their ends; empty ones are passed over
 *
 * @example
 * ```ts ignore
 * import { exportSqliteFile, importPostgres } from "@lineup/lineup/queue";
 *
 * await importPostgres("postgres://app@db.example/app", exportSqliteFile("jobs.db"));
 * ```
 */
export async function importPostgres(
  url: string,
  lines: Iterable<string>,
  { again = false, ...options }: ImportOptions & PostgresOptions = {},
): Promise<Imported> {
  const begun = readImport(lines);
  const schema = schemaName(options.schema ?? SCHEMA);
  const shard = await openShard(url, options);
  try {
    const last = await shard.lastId();
    const result = { jobs: 0, duplicates: 0, renumbered: last > 0 };
    const here = timesHere(begun.entries, aheadOfWall(await shard.moment()));
    const changes = importChanges(here, await shard.names(), last, result);
    await shard.commitMany(changes, result.renumbered ? 0 : begun.given, async (connection) => {
      const digest = begun.digest();
      const [made] = await connection.query(
        `select at from ${schema}.imported where digest = $1`,
        [digest],
      );
      if (made !== undefined && !again) throw new ImportedBefore(Number(made[0]));
      await connection.query(
        `insert into ${schema}.imported values ($1, $2, $3)
          on conflict (digest) do update set at = excluded.at, jobs = excluded.jobs`,
        [digest, begun.now, result.jobs],
      );
      await connection.query(
        `delete from ${schema}.imported where digest not in
          (select digest from ${schema}.imported order by at desc limit ${MOST})`,
      );
    });
    return result;
  } catch (error) {
    if (!(error instanceof ImportedBefore)) throw error;
    return { jobs: 0, duplicates: 0, renumbered: false, before: error.at };
  } finally {
    await shard.close();
  }
}

/** Ends the transaction of an import that was made before, without changes. */
class ImportedBefore extends Error {
  constructor(readonly at: number) {
    super("these lines were imported before");
  }
}
