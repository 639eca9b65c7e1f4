// The SQL of the tables in PostgreSQL has a column for each field that a store keeps. It needs no database.

import { assertEquals } from "@std/assert";
import { columnOf } from "../../../queue/store/field.ts";
import { sqlTypes, tables } from "../../../queue/store/postgres/tables.ts";

const MIGRATIONS = new URL("../../../queue/store/postgres/migrations/", import.meta.url);

/** The columns of a table behind all migrations, each with its type. */
async function columnsOf(table: string): Promise<string[]> {
  const names = [...Deno.readDirSync(MIGRATIONS)].map(({ name }) => name).sort();
  const columns: string[] = [];
  for (const name of names) {
    const sql = await Deno.readTextFile(new URL(name, MIGRATIONS));
    const [, body = ""] = new RegExp(`create table :schema\\.${table} \\((.*?)\\n\\)`, "s")
      .exec(sql) ?? [];
    for (const [, column, type] of body.matchAll(/^ {2}(\w+) (.+?) not null/gm)) {
      columns.push(`${column} ${type}`);
    }
    const added = new RegExp(
      `alter table :schema\\.${table} add column (\\w+) (.+?) not null`,
      "g",
    );
    for (const [, column, type] of sql.matchAll(added)) columns.push(`${column} ${type}`);
  }
  return columns.sort();
}

for (const { name, fields, hasBody } of Object.values(tables)) {
  Deno.test(`the table ${name} in PostgreSQL has a column for each field`, async () => {
    const expected = fields.map((field) => `${columnOf(field)} ${sqlTypes[field.type]}`);
    assertEquals(
      await columnsOf(name),
      ["shard smallint", ...expected, ...hasBody ? ["body bytea"] : []].sort(),
    );
  });
}
