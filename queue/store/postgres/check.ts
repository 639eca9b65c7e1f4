// Checks a queue in PostgreSQL.

import type { FileCheck } from "../sqlite/check.ts";
import { states } from "../job_fields.ts";
import type { StoredField } from "../field.ts";
import { DatabaseConnection } from "./connection.ts";
import { describe, explain } from "./explain.ts";
import { checkServer, type DatabasePlace, otherVersion, VERSION, versionOf } from "./migrations.ts";
import type { PostgresOptions } from "./postgres_store.ts";
import { SCHEMA, schemaName } from "./schema_name.ts";
import { quoted, type ShardTable, sqlTypes, tables } from "./tables.ts";

/** How long a query of a check may take, in ms. */
const SLOW = 600_000;

/** Problems that a sound queue has none of: a query that counts each, its words, and the first version that it can ask. */
const RULES: readonly (readonly [sql: string, what: string, since?: number])[] = [
  [
    "select abs(count(*) - max(shards)) from :s.shard, :s.cluster",
    "there are too few or too many shards",
  ],
  [
    "select count(*) from :s.job where shard not in (select shard from :s.shard)",
    "jobs are of no shard",
  ],
  ["select count(*) from :s.job where queue = ''", "jobs are in no queue"],
  [
    `select count(*) from (select distinct queue, shard from :s.job) as found
      where shard is distinct from :s.shard_of(queue)`,
    "queues have jobs in a shard that is not theirs",
    4,
  ],
  [
    "select count(*) from :s.job where state in (2, 4) and until <= 0",
    "jobs are taken or done without an end to that",
  ],
  [
    "select count(*) from :s.job where spared not between 0 and attempt",
    "jobs have fewer attempts than none",
  ],
  [
    `select count(*) from (select from :s.job where name <> ''
      group by queue, name having count(*) > 1) as twice`,
    "names belong to several jobs of a queue",
  ],
  [
    "select count(*) from :s.shard where owner is not null and owner not in (select id from :s.node)",
    "shards are owned by a node that is gone",
  ],
];

/**
 * Checks a queue in PostgreSQL for all that it promises. Changes nothing, and may run beside a server.
 *
 * @param url of the database, see `postgresStore`
 * @returns how many jobs it has, and its problems: a sentence each
 *
 * @example
 * ```ts ignore
 * import { checkPostgres } from "@lineup/lineup/queue";
 *
 * console.log((await checkPostgres("postgres://app@db.example/app")).problems);
 * ```
 */
export async function checkPostgres(
  url: string,
  { schema = SCHEMA }: Pick<PostgresOptions, "schema"> = {},
): Promise<FileCheck> {
  const place: DatabasePlace = { url, schema: schemaName(schema) };
  let connection: DatabaseConnection | undefined;
  try {
    const open = connection = await DatabaseConnection.open({ url, answerMs: SLOW });
    await checkServer(open, place);
    // All queries see the same moment.
    return await open.transaction(async () => {
      await open.query("set transaction isolation level repeatable read, read only");
      return await look(open, place);
    });
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    return unknown([code === undefined ? message : explain(error, url).message]);
  } finally {
    await connection?.end();
  }
}

async function look(connection: DatabaseConnection, place: DatabasePlace): Promise<FileCheck> {
  const { url, schema } = place;
  const version = await versionOf(connection, place);
  if (version === 0) {
    return unknown([`${describe(url)} has no queue in the schema ${schema.slice(1, -1)}`]);
  }
  if (version > VERSION) return unknown([otherVersion(place, version)]);
  const strange = (await Promise.all(
    Object.values(tables).map((table) => strangeColumns(connection, schema, table)),
  )).flat();
  if (strange.length > 0) return unknown(strange);
  const problems: string[] = [];
  for (const [sql, what, since = 1] of RULES) {
    if (version < since) continue;
    const [[count]] = await connection.query(sql.replaceAll(":s", schema));
    if (count !== "0") problems.push(`${what}: ${count}`);
  }
  for (const table of Object.values(tables)) {
    const checked = table.fields.flatMap((field) => {
      const wrong = wrongIn(field);
      return wrong === undefined ? [] : [[quoted(field), wrong]];
    });
    const counts = checked.map(([, wrong]) => `count(*) filter (where ${wrong})`).join(", ");
    const [found] = await connection.query(`select ${counts} from ${schema}.${table.name}`);
    for (const [at, [column]] of checked.entries()) {
      if (found[at] === "0") continue;
      problems.push(`${column.slice(1, -1)} of ${table.name} is out of bounds: ${found[at]}`);
    }
  }
  const [[jobs]] = await connection.query(`select count(*) from ${schema}.job`);
  return { jobs: Number(jobs), older: version < VERSION, problems };
}

function unknown(problems: readonly string[]): FileCheck {
  return { jobs: undefined, older: false, problems };
}

/** The differences between a table and what this program makes, in words. */
async function strangeColumns(
  connection: DatabaseConnection,
  schema: string,
  { name, fields, hasBody }: ShardTable,
): Promise<string[]> {
  // The views of information_schema hide what a user has no right to.
  const rows = await connection.query(
    `select attname, format_type(atttypid, atttypmod) from pg_attribute
      join pg_class on attrelid = pg_class.oid join pg_namespace on relnamespace = pg_namespace.oid
      where nspname = $1 and relname = $2 and attnum > 0 and not attisdropped`,
    [schema.slice(1, -1), name],
  );
  const expected = [
    "shard smallint",
    ...fields.map((field) => `${quoted(field).slice(1, -1)} ${sqlTypes[field.type]}`),
    ...hasBody ? ["body bytea"] : [],
  ];
  const found = rows.map((row) => row.join(" "));
  return [
    ...expected.filter((each) => !found.includes(each)).map((each) =>
      `its table ${name} has no column ${each}`
    ),
    ...found.filter((each) => !expected.includes(each)).map((each) =>
      `its table ${name} has a column ${each}`
    ),
  ];
}

/** A condition in SQL that is true for a value out of bounds; `undefined` if any value will do. */
function wrongIn(field: StoredField): string | undefined {
  const { type, min = 0, max, unchecked } = field;
  const column = quoted(field);
  if (unchecked || type === "flag" || type === "text") return undefined;
  if (type === "word") {
    return `(char_length(${column}) not between ${min} and ${
      max ?? "2147483647"
    } or ${column} ~ '[[:cntrl:] ]')`;
  }
  const most = type === "state" ? states.length - 1 : max;
  // NaN is above all numbers.
  return most === undefined ? `${column} < ${min}` : `${column} not between ${min} and ${most}`;
}
