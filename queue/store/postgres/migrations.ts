// Makes the tables of a queue, and brings those of an older version up to date: all steps in one transaction, by one node at a
// time.

import type { DatabaseConnection } from "./connection.ts";
import { describe } from "./explain.ts";
import queueTables from "./migrations/001_queue.sql" with { type: "text" };
import inbox from "./migrations/002_inbox.sql" with { type: "text" };
import pausedSchedules from "./migrations/003_paused_schedules.sql" with { type: "text" };
import nodes from "./migrations/004_nodes.sql" with { type: "text" };
import nullArguments from "./migrations/005_null_arguments.sql" with { type: "text" };
import { inboxChannel } from "./schema_name.ts";

/** The migrations, in the order of their numbers; the first has number 1. */
const migrations: readonly string[] = [queueTables, inbox, pausedSchedules, nodes, nullArguments];

/** The version of the tables that this program reads and writes. */
export const VERSION: number = migrations.length;
/** So many queues have shards of their own choice; the others have one by their names. */
const MOST_NAMED = 4096;
/** The oldest server that has all that the statements use. */
const OLDEST = 130_000;

/** A database and the schema of a queue in it. */
export interface DatabasePlace {
  readonly url: string;
  /** The name of the schema, as in SQL. */
  readonly schema: string;
}

/** A place, and how many shards a new queue gets there. */
export interface NewDatabasePlace extends DatabasePlace {
  readonly shards: number;
}

/** Says what is wrong with a server for a queue. Throws an `Error`. */
export async function checkServer(
  connection: DatabaseConnection,
  { url }: DatabasePlace,
): Promise<void> {
  const [[version, encoding, standby, readOnly, isolation]] = await connection.query(
    `select current_setting('server_version_num'), current_setting('server_encoding'),
      pg_is_in_recovery(), current_setting('transaction_read_only'),
      current_setting('transaction_isolation')`,
  );
  const name = describe(url);
  if (Number(version) < OLDEST) {
    const major = Math.floor(Number(version) / 10_000);
    throw new Error(`${name} is PostgreSQL ${major}; a queue needs ${OLDEST / 10_000} or later`);
  }
  if (standby === "t") throw new Error(`${name} is a standby, and read-only; name the primary`);
  if (readOnly === "on") throw new Error(`${name} is read-only (default_transaction_read_only)`);
  if (encoding !== "UTF8") {
    throw new Error(`${name} has the encoding ${encoding}; a queue needs a database with UTF8`);
  }
  if (isolation !== "read committed") {
    throw new Error(
      `${name} begins transactions as ${isolation}; a queue needs default_transaction_isolation ` +
        "to be read committed",
    );
  }
}

/** The version of the tables of a queue; 0 for none. Throws an `Error` where they are another program's. */
export async function versionOf(
  connection: DatabaseConnection,
  { url, schema }: DatabasePlace,
): Promise<number> {
  const bare = schema.slice(1, -1);
  const [[there, tables, mark]] = await connection.query(
    `select (select count(*) from pg_namespace where nspname = $1),
      (select count(*) from pg_class join pg_namespace on relnamespace = pg_namespace.oid
        where nspname = $1),
      (select obj_description(pg_class.oid, 'pg_class') from pg_class
        join pg_namespace on relnamespace = pg_namespace.oid
        where nspname = $1 and relname = 'migration')`,
    [bare],
  );
  if (there === "0" || tables === "0") return 0;
  if (mark !== "Lineup queue") {
    throw new Error(
      `${
        describe(url)
      } has a schema ${bare} of another program; --data-schema names one for the queue`,
    );
  }
  const [[version]] = await connection.query(`select max(version) from ${schema}.migration`);
  return Number(version);
}

/** Makes the tables, or brings them up to date. Throws an `Error` that says what is wrong. */
export function migrate(connection: DatabaseConnection, place: NewDatabasePlace): Promise<void> {
  const { url, schema } = place;
  return connection.transaction(async () => {
    await lockSchema(connection, schema);
    const version = await versionOf(connection, place);
    if (version > VERSION) throw new Error(otherVersion(place, version));
    if (version === VERSION) return;
    const [[missing]] = await connection.query(
      "select count(*) = 0 from pg_namespace where nspname = $1",
      [schema.slice(1, -1)],
    );
    if (missing === "t") await connection.query(`create schema ${schema}`);
    for (let next = version; next < VERSION; next++) {
      await connection.query(sqlOf(migrations[next], schema));
      await connection.query(`insert into ${schema}.migration (version) values (${next + 1})`);
    }
    if (version === 0) {
      await connection.query(`update ${schema}.cluster set shards = $1`, [place.shards]);
      await connection.query(
        `insert into ${schema}.shard (shard) select generate_series(1, $1::int - 1)`,
        [place.shards],
      );
    }
  }).catch(async (error) => {
    if ((error as { code?: string }).code !== "42501") throw error;
    const missing = await missingRight(connection, schema);
    throw missing === undefined
      ? error
      : new Error(`${describe(url)} ${missing}`, { cause: error });
  });
}

/** The right that this user needs and has not; `undefined` if it has all that are known. */
async function missingRight(
  connection: DatabaseConnection,
  schema: string,
): Promise<string | undefined> {
  const [found] = await connection.query(
    `select quote_ident(current_user), has_schema_privilege(space.oid, 'USAGE'),
        has_schema_privilege(space.oid, 'CREATE'), quote_ident(pg_get_userbyid(relowner)),
        pg_has_role(relowner, 'USAGE')
      from pg_namespace as space left join pg_class
        on relnamespace = space.oid and relname = 'migration'
      where nspname = $1`,
    [schema.slice(1, -1)],
  );
  if (found === undefined) {
    return `does not let this user make the schema ${schema}: \`GRANT CREATE ON DATABASE\` to ` +
      `the user lets it, or \`CREATE SCHEMA ${schema} AUTHORIZATION\` the user`;
  }
  const [user, uses, creates, owner, isOwner] = found;
  if (isOwner === "f") {
    return `has a queue in the schema ${schema} whose tables belong to ${owner}: be that user, or ` +
      `\`GRANT ${owner} TO ${user}\``;
  }
  const rights = [...uses === "f" ? ["USAGE"] : [], ...creates === "f" ? ["CREATE"] : []];
  if (rights.length === 0) return undefined;
  return `has the schema ${schema}, in which this user may not make tables: ` +
    `\`GRANT ${rights.join(", ")} ON SCHEMA ${schema} TO ${user}\` lets it`;
}

/** The message for tables of a newer program. */
export function otherVersion({ url, schema }: DatabasePlace, version: number): string {
  return `${describe(url)} has a queue of version ${version} in ${schema}; this program reads ` +
    `version ${VERSION}`;
}

/** Keeps other nodes from changing tables and nodes until the end of the transaction. */
export async function lockSchema(connection: DatabaseConnection, schema: string): Promise<void> {
  await connection.query("select pg_advisory_xact_lock(hashtext($1))", [`lineup ${schema}`]);
}

function sqlOf(migration: string, schema: string): string {
  return migration.replaceAll(":schema", schema).replaceAll(":channel", inboxChannel(schema))
    .replaceAll(":named", String(MOST_NAMED));
}
