// Rows as a table in a statement.

import { columnOf, isText, type StoredField } from "../field.ts";
import { states } from "../job_fields.ts";
import type { Parameter } from "./connection.ts";
import { quoted, sqlTypes } from "./tables.ts";

/** Gathers the values of a statement, and the names by which its text knows them. */
export class ParameterList {
  readonly all: Parameter[] = [];

  /** Adds a value. Returns it in SQL. */
  add(value: Parameter, type: string): string {
    this.all.push(value);
    return `$${this.all.length}::${type}`;
  }
}

/** A record of a shard, and its body if its table has one. */
export interface ShardRecord {
  readonly shard: number;
  readonly record: object;
  readonly body?: Uint8Array;
}

/** A column of the rows of a statement. */
interface RowColumn {
  readonly name: string;
  readonly type: string;
  /** The values, as they stand in an array. */
  readonly values: readonly (string | number | boolean)[];
  readonly isText: boolean;
}

/**
 * Rows as a table in a statement, and its columns by name. A column that is the same in all rows is one value. Bodies are one
 * value, of which each row has a part.
 *
 * The shard comes with each row. A table that was never analyzed seems to have few rows of a shard: where the shard is a
 * constant, PostgreSQL reads all of its index. Where it comes with each row, it looks up each row by the whole key.
 */
export function rowsOf(
  fields: readonly StoredField[],
  rows: readonly ShardRecord[],
  values: ParameterList,
): { readonly from: string; readonly columns: ReadonlyMap<string, string> } {
  const alias = `row${values.all.length}`;
  const columns = new Map([["shard", `${alias}.shard`]]);
  const varying: RowColumn[] = [
    { name: "shard", type: "smallint", values: rows.map(({ shard }) => shard), isText: false },
  ];
  for (const [index, field] of fields.entries()) {
    const column = columnFor(field, rows);
    const [first] = column.values;
    // The first is part of the key.
    if (index > 0 && column.values.every((value) => value === first)) {
      columns.set(quoted(field), values.add(first, column.type));
      continue;
    }
    columns.set(quoted(field), `${alias}.${column.name}`);
    varying.push(column);
  }
  if (rows[0].body !== undefined) {
    const { bytes, starts, lengths } = joined(rows.map(({ body }) => body!));
    varying.push(
      { name: "at", type: "integer", values: starts, isText: false },
      { name: "length", type: "integer", values: lengths, isText: false },
    );
    const all = values.add(bytes, "bytea");
    columns.set("body", `substr(${all}, ${alias}.at, ${alias}.length)`);
  }
  const arrays = varying.map(({ values: each, type, isText }) =>
    values.add(`{${(isText ? each.map(arrayText) : each).join(",")}}`, `${type}[]`)
  );
  const names = varying.map(({ name }) => name).join(", ");
  return { from: `unnest(${arrays.join(", ")}) as ${alias}(${names})`, columns };
}

function columnFor(field: StoredField, rows: readonly ShardRecord[]): RowColumn {
  const { name, type, default: none } = field;
  const valueOf = (record: object): unknown => record[name as keyof typeof record] ?? none;
  const packed = (record: object): string | number | boolean => {
    const value = valueOf(record);
    if (type === "state") return states.indexOf(value as typeof states[number]);
    return type === "text" ? withoutNul(value as string) : value as string | number | boolean;
  };
  return {
    name: `c_${columnOf(field)}`,
    type: sqlTypes[type],
    values: rows.map(({ record }) => packed(record)),
    isText: isText(field),
  };
}

/** PostgreSQL keeps no NUL in a text: it shows as the picture of one. */
function withoutNul(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", "\u2400") : text;
}

/** A text as it stands in an array. */
function arrayText(text: string | number | boolean): string {
  return `"${String(text).replace(/["\\]/g, "\\$&")}"`;
}

function joined(
  bodies: readonly Uint8Array[],
): { readonly bytes: Uint8Array; readonly starts: number[]; readonly lengths: number[] } {
  const bytes = new Uint8Array(bodies.reduce((sum, { length }) => sum + length, 0));
  const starts: number[] = [];
  let end = 0;
  for (const body of bodies) {
    bytes.set(body, end);
    // SQL counts from 1.
    starts.push(end + 1);
    end += body.length;
  }
  return { bytes, starts, lengths: bodies.map(({ length }) => length) };
}
