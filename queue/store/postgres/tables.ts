// The tables of a queue in PostgreSQL: which columns each has, in their order. Their SQL is in migrations/.

import { columnOf, type StoredField } from "../field.ts";
import { jobFields, progressFields } from "../job_fields.ts";
import { limitFields, scheduleFields } from "../queue_fields.ts";

/** The type of a field's column. */
export const sqlTypes = {
  integer: "bigint",
  flag: "boolean",
  state: "smallint",
  number: "double precision",
  time: "double precision",
  word: "text",
  text: "text",
} as const satisfies Readonly<Record<StoredField["type"], string>>;

/** A table of rows that belong to a shard. */
export interface ShardTable {
  readonly name: string;
  /** The fields of its columns, behind the number of the shard. */
  readonly fields: readonly StoredField[];
  /** The columns of its primary key, behind the number of the shard. */
  readonly key: readonly string[];
  /** Whether its last column is a body. */
  readonly hasBody: boolean;
}

/** The tables, by name. */
export const tables = {
  job: {
    name: "job",
    fields: jobFields.filter(({ part }) => part !== "body"),
    key: ["id"],
    hasBody: true,
  },
  rules: { name: "rules", fields: limitFields, key: ["queue", "key"], hasBody: false },
  schedule: { name: "schedule", fields: scheduleFields, key: ["name"], hasBody: true },
} as const satisfies Readonly<Record<string, ShardTable>>;

/** The fields of a row of progress: the job's number, and what changes. */
export const progressRow: readonly StoredField[] = [
  ...jobFields.filter(({ name }) => name === "id"),
  ...progressFields,
];

/** The name of a column, quoted: some are words of SQL. */
export function quoted(field: StoredField): string {
  return `"${columnOf(field)}"`;
}
