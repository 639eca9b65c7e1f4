// The statement of a commit. All of it happens or nothing, and only while the node that sends it is still there: so a
// commit is one round trip, and one that arrives late changes nothing.

import { hasLimits } from "../../queue_limits.ts";
import { columnOf, isText, type StoredField } from "../field.ts";
import { states } from "../job_fields.ts";
import type { Moment, QueueLimits } from "../store.ts";
import type { FoldedBatch } from "./batch.ts";
import type { Parameter } from "./connection.ts";
import { progressRow, quoted, type ShardTable, sqlTypes, tables } from "./tables.ts";

/** The node that sends a statement. */
export interface Sender {
  readonly id: string;
  readonly incarnation: number;
}

/** What a commit changes beside rows of jobs, limits and schedules. */
export interface BesideRows {
  /** No later job has a number up to this one; `undefined` to leave it. */
  readonly last: number | undefined;
  /** The moment; `undefined` to leave it. */
  readonly moment: Moment | undefined;
  /** The rows of the inbox that leave it. Default: none. */
  readonly inbox?: readonly number[];
}

/** A statement with its values. */
export interface Statement {
  readonly text: string;
  readonly values: readonly Parameter[];
}

/** Gathers the values of a statement, and the names by which its text knows them. */
class ParameterList {
  readonly all: Parameter[] = [];

  /** Adds a value. Returns it in SQL. */
  add(value: Parameter, type: string): string {
    this.all.push(value);
    return `$${this.all.length}::${type}`;
  }
}

/** A column of the rows of a statement. */
interface RowColumn {
  readonly name: string;
  readonly type: string;
  /** The values, as they stand in an array. */
  readonly values: readonly (string | number | boolean)[];
  readonly isText: boolean;
}

/** The commit of a batch to a shard. Its one row has the number of nodes that sent it: 1, or 0 if nothing was changed. */
export function commitStatement(
  schema: string,
  sender: Sender,
  shard: number,
  batch: FoldedBatch,
  { last, moment, inbox = [] }: BesideRows,
): Statement {
  const values = new ParameterList();
  const own = `${shard}::smallint`;
  const parts = [
    `fence as materialized (select from ${schema}.node where id = ${values.add(sender.id, "uuid")}
      and incarnation = ${values.add(sender.incarnation, "bigint")} for key share)`,
    ...jobParts(schema, shard, own, batch, values),
    ...limitParts(schema, own, [...batch.limits.values()], values),
    ...scheduleParts(schema, own, batch, values),
  ];
  const sets = [
    ...last === undefined ? [] : [`last = ${values.add(last, "bigint")}`],
    ...moment === undefined ? [] : [
      `now = ${values.add(moment.now, "double precision")}`,
      `wall = ${values.add(moment.wall, "double precision")}`,
    ],
  ];
  if (sets.length > 0) {
    parts.push(
      `mine as (update ${schema}.shard set ${
        sets.join(", ")
      } from fence where shard.shard = ${own})`,
    );
  }
  if (inbox.length > 0) {
    parts.push(
      `taken as (delete from ${schema}.inbox using fence
        where inbox.id = any(${values.add(`{${inbox.join(",")}}`, "bigint[]")}))`,
    );
  }
  return { text: `with ${parts.join(",\n")}\nselect count(*) from fence`, values: values.all };
}

function jobParts(
  schema: string,
  shard: number,
  own: string,
  { jobs }: FoldedBatch,
  values: ParameterList,
): string[] {
  const puts: { readonly record: object; readonly body: Uint8Array }[] = [];
  const moves: object[] = [];
  const finishes: { readonly record: object; readonly body: Uint8Array }[] = [];
  const drops: number[] = [];
  for (const [id, outcome] of jobs) {
    if (outcome.kind === "put") puts.push({ record: outcome.job, body: outcome.body });
    else if (outcome.kind === "move") moves.push({ ...outcome.progress, id });
    else if (outcome.kind === "drop") drops.push(id);
    else finishes.push({ record: { ...outcome.progress, id }, body: outcome.result });
  }
  const parts: string[] = [];
  if (puts.length > 0) parts.push(`put as (${insertion(schema, own, tables.job, puts, values)})`);
  const bare = moves.map((record) => ({ record, body: undefined }));
  if (moves.length > 0) parts.push(`moved as (${update(schema, shard, bare, values)})`);
  if (finishes.length > 0) parts.push(`finished as (${update(schema, shard, finishes, values)})`);
  if (drops.length > 0) {
    const { from, columns } = rowsOf(
      progressRow.slice(0, 1),
      drops.map((id) => ({ record: { id }, body: undefined })),
      values,
      shard,
    );
    parts.push(
      `gone as (delete from ${schema}.job using ${from}, fence
        where job.shard = ${columns.get("shard")} and job.id = ${columns.get('"id"')})`,
    );
  }
  return parts;
}

/** A record, and its body if its table has one. */
interface RecordWithBody {
  readonly record: object;
  readonly body: Uint8Array | undefined;
}

/** Inserts rows, or replaces those that are there. */
function insertion(
  schema: string,
  own: string,
  { name, fields, key, hasBody }: ShardTable,
  rows: readonly RecordWithBody[],
  values: ParameterList,
): string {
  const { from, columns } = rowsOf(fields, rows, values);
  const names = fields.map(quoted);
  if (hasBody) names.push("body");
  const replaced = names.filter((each) => !key.includes(each.slice(1, -1)));
  return `insert into ${schema}.${name} (shard, ${names.join(", ")})
    select ${own}, ${names.map((each) => columns.get(each)).join(", ")} from ${from}, fence
    on conflict (shard, ${key.map((each) => `"${each}"`).join(", ")}) do update set ${
    replaced.map((each) => `${each} = excluded.${each}`).join(", ")
  }`;
}

/** Changes the progress of jobs, and their bodies if there are any. */
function update(
  schema: string,
  shard: number,
  rows: readonly RecordWithBody[],
  values: ParameterList,
): string {
  const { from, columns } = rowsOf(progressRow, rows, values, shard);
  const names = progressRow.slice(1).map(quoted);
  if (rows[0].body !== undefined) names.push("body");
  return `update ${schema}.job set ${
    names.map((each) => `${each} = ${columns.get(each)}`).join(", ")
  } from ${from}, fence where job.shard = ${columns.get("shard")}
    and job.id = ${columns.get('"id"')}`;
}

function limitParts(
  schema: string,
  own: string,
  limits: readonly QueueLimits[],
  values: ParameterList,
): string[] {
  const kept = limits.filter(hasLimits);
  const gone = limits.filter((each) => !hasLimits(each));
  const parts: string[] = [];
  if (kept.length > 0) {
    const rows = kept.map((record) => ({ record, body: undefined }));
    parts.push(`ruled as (${insertion(schema, own, tables.rules, rows, values)})`);
  }
  if (gone.length > 0) {
    const fields = tables.rules.fields.filter(({ name }) => name === "queue" || name === "key");
    const rows = gone.map((record) => ({ record, body: undefined }));
    const { from, columns } = rowsOf(fields, rows, values);
    parts.push(
      `unruled as (delete from ${schema}.rules using ${from}, fence where rules.shard = ${own}
        and rules.queue = ${columns.get('"queue"')} and rules.key = ${columns.get('"key"')})`,
    );
  }
  return parts;
}

function scheduleParts(
  schema: string,
  own: string,
  { schedules }: FoldedBatch,
  values: ParameterList,
): string[] {
  const set: RecordWithBody[] = [];
  const moved: object[] = [];
  const gone: object[] = [];
  for (const [name, outcome] of schedules) {
    if (outcome === undefined) gone.push({ name });
    else if ("body" in outcome) set.push({ record: outcome, body: outcome.body });
    else moved.push({ name, ...outcome });
  }
  const only = (names: readonly string[]): StoredField[] =>
    tables.schedule.fields.filter(({ name }) => names.includes(name));
  const bare = (records: readonly object[]): RecordWithBody[] =>
    records.map((record) => ({ record, body: undefined }));
  const parts: string[] = [];
  if (set.length > 0) {
    parts.push(`scheduled as (${insertion(schema, own, tables.schedule, set, values)})`);
  }
  if (moved.length > 0) {
    const { from, columns } = rowsOf(only(["name", "next", "paused"]), bare(moved), values);
    parts.push(
      `rescheduled as (update ${schema}.schedule set next = ${columns.get('"next"')},
          paused = ${columns.get('"paused"')}
        from ${from}, fence where schedule.shard = ${own}
        and schedule.name = ${columns.get('"name"')})`,
    );
  }
  if (gone.length > 0) {
    const { from, columns } = rowsOf(only(["name"]), bare(gone), values);
    parts.push(
      `unscheduled as (delete from ${schema}.schedule using ${from}, fence
        where schedule.shard = ${own} and schedule.name = ${columns.get('"name"')})`,
    );
  }
  return parts;
}

/**
 * Rows as a table in a statement, and its columns by name. A column that is the same in all rows is one value. Bodies are one
 * value, of which each row has a part.
 *
 * With a `shard` each row has that too. A table that was never analyzed seems to have few rows of a shard: where the shard is a
 * constant, PostgreSQL reads all of its index. Where it comes with each row, it looks up each row by the whole key.
 */
function rowsOf(
  fields: readonly StoredField[],
  rows: readonly RecordWithBody[],
  values: ParameterList,
  shard?: number,
): { readonly from: string; readonly columns: ReadonlyMap<string, string> } {
  const alias = `row${values.all.length}`;
  const columns = new Map<string, string>();
  const varying: RowColumn[] = [];
  for (const [index, field] of fields.entries()) {
    const column = columnFor(field, rows);
    const [first] = column.values;
    // The first stays a column: a table has at least one.
    if (index > 0 && column.values.every((value) => value === first)) {
      columns.set(quoted(field), values.add(first, column.type));
      continue;
    }
    columns.set(quoted(field), `${alias}.${column.name}`);
    varying.push(column);
  }
  if (shard !== undefined) {
    columns.set("shard", `${alias}.shard`);
    const values = rows.map(() => shard);
    varying.push({ name: "shard", type: "smallint", values, isText: false });
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

function columnFor(field: StoredField, rows: readonly RecordWithBody[]): RowColumn {
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
