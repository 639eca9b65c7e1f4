// The tables of a queue's file in every version, and the migrations between versions, made from the fields of records.

import type { StoredField } from "../field.ts";
import { columnOf } from "../field.ts";
import { jobFields, progressFields } from "../job_fields.ts";
import { clockFields, lastFields, limitFields, scheduleFields } from "../queue_fields.ts";

/** A table: a column for each field, and one for a body. */
interface Table {
  readonly fields: readonly StoredField[];
  /** The columns of its primary key. */
  readonly key: readonly string[];
  /** Whether its last column is a body. */
  readonly body?: true;
  /** The version that began with it. */
  readonly since: number;
}

// A job that was put never changes and may be large; its progress changes often and is small. So they are two tables, and a
// job that was never taken has no row in the second.
/** The tables, by name. */
export const tables = {
  job: {
    fields: jobFields.filter(({ part, initial }) =>
      part === "job" || part === "options" || initial
    ),
    key: ["id"],
    body: true,
    since: 1,
  },
  progress: {
    fields: [...jobFields.filter(({ name }) => name === "id"), ...progressFields],
    key: ["id"],
    since: 1,
  },
  rules: { fields: limitFields, key: ["queue", "key"], since: 2 },
  schedule: { fields: scheduleFields, key: ["name"], body: true, since: 2 },
  last: { fields: lastFields, key: [], since: 1 },
  clock: { fields: clockFields, key: ["one"], since: 3 },
} as const satisfies Readonly<Record<string, Table>>;

/** The imports that were made, by a digest of their lines. */
const imported = {
  since: 3,
  sql: `CREATE TABLE imported (
    digest BLOB PRIMARY KEY,
    at REAL NOT NULL,
    jobs INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID`,
};

const all: Readonly<Record<string, Table>> = tables;
const sqlTypes = {
  integer: "INTEGER",
  flag: "INTEGER",
  state: "INTEGER",
  number: "REAL",
  time: "REAL",
  word: "TEXT",
  text: "TEXT",
} as const;

/** The version of the schema. */
export const VERSION: number = Math.max(
  imported.since,
  ...Object.values(all).flatMap(({ since, fields }) => [since, ...fields.map(sinceOf)]),
);

function sinceOf({ since = 1 }: StoredField): number {
  return since;
}

/** The fields of a table in a version; none where that has no such table. */
export function fieldsIn(name: keyof typeof tables, version: number): StoredField[] {
  const table = tables[name];
  return table.since <= version ? fieldsOf(table, version) : [];
}

function fieldsOf({ fields }: Table, version: number): StoredField[] {
  return fields.filter((field) => sinceOf(field) <= version);
}

/** The tables of a version by name, each as the SQL that makes it. */
export function schemaOf(version: number): Readonly<Record<string, string>> {
  const made = Object.entries(all).filter(([, { since }]) => since <= version);
  return {
    ...Object.fromEntries(made.map(([name, table]) => [name, create(name, table, version)])),
    ...imported.since <= version && { imported: imported.sql },
  };
}

function create(name: string, table: Table, version: number): string {
  const { key, body } = table;
  const fields = fieldsOf(table, version);
  const columns = fields.map((field) => {
    const column = columnOf(field);
    const isKey = key.length === 1 && key[0] === column;
    return `${column} ${sqlTypes[field.type]} ${isKey ? "PRIMARY KEY" : "NOT NULL"}`;
  });
  if (body) columns.push("body BLOB NOT NULL");
  if (key.length > 1) columns.push(`PRIMARY KEY (${key.join(", ")})`);
  if (columns.length === 1) return `CREATE TABLE ${name} (${columns[0]}) STRICT`;
  const keyed = fields.find((field) => columnOf(field) === key[0]);
  const options = keyed?.type === "integer" ? "STRICT" : "STRICT, WITHOUT ROWID";
  return `CREATE TABLE ${name} (\n${
    columns.map((column) => `    ${column}`).join(",\n")
  }\n  ) ${options}`;
}

/** The SQL that migrates a file to the next version: tables that differ are made anew, with defaults for new columns. */
export function migration(from: number): string {
  const [before, after] = [schemaOf(from), schemaOf(from + 1)];
  const changed = Object.keys(after).filter((name) => before[name] !== after[name]);
  return [
    ...changed.flatMap((name) =>
      before[name] === undefined ? [after[name]] : [
        `ALTER TABLE ${name} RENAME TO old_${name}`,
        after[name],
        `INSERT INTO ${name} SELECT ${valuesFrom(all[name], from)} FROM old_${name}`,
        `DROP TABLE old_${name}`,
      ]
    ),
    `PRAGMA user_version = ${from + 1}`,
  ].map((sql) => `${sql};\n`).join("");
}

function valuesFrom(table: Table, from: number): string {
  const values = fieldsOf(table, from + 1).map((field) =>
    sinceOf(field) <= from ? columnOf(field) : literal(field)
  );
  return [...values, ...table.body ? ["body"] : []].join(", ");
}

/** The default of a field in SQL. */
export function literal({ name, default: value }: StoredField): string {
  if (typeof value === "string") return `'${value.replaceAll("'", "''")}'`;
  if (typeof value === "number" || typeof value === "boolean") return String(Number(value));
  throw new Error(`the field ${name} needs a default that a column can have`);
}
