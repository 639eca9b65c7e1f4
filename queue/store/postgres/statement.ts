// The statement of a commit. All of it happens or nothing, and only while the node that sends it is still there: so a
// commit of all shards of a node is one round trip, and one that arrives late changes nothing.

import { hasLimits } from "../../queue_limits.ts";
import type { StoredField } from "../field.ts";
import type { Moment } from "../store.ts";
import { foldBatch, type FoldedBatch } from "./batch.ts";
import type { Parameter } from "./connection.ts";
import { ParameterList, rowsOf, type ShardRecord } from "./row_values.ts";
import { progressRow, quoted, type ShardTable, tables } from "./tables.ts";

/** The node that sends a statement. */
export interface Sender {
  readonly id: string;
  readonly incarnation: number;
}

/** What a commit changes in a shard. */
export interface ShardBatch {
  readonly shard: number;
  readonly changes: FoldedBatch;
  /** No later job has a number up to this one; `undefined` to leave it. */
  readonly last: number | undefined;
  /** The moment; `undefined` to leave it. */
  readonly moment: Moment | undefined;
  /** The rows of the inbox that leave it. */
  readonly inbox: readonly number[];
}

/** A statement with its values. */
export interface Statement {
  readonly text: string;
  readonly values: readonly Parameter[];
}

/** The commit of some shards. Its one row has the number of nodes that sent it: 1, or 0 if nothing was changed. */
export function commitStatement(
  schema: string,
  sender: Sender,
  batches: readonly ShardBatch[],
): Statement {
  const values = new ParameterList();
  const parts = [
    `fence as materialized (select from ${schema}.node where id = ${values.add(sender.id, "uuid")}
      and incarnation = ${values.add(sender.incarnation, "bigint")} for key share)`,
    ...jobParts(schema, batches, values),
    ...limitParts(schema, batches, values),
    ...scheduleParts(schema, batches, values),
    ...shardParts(schema, batches, values),
  ];
  const inbox = batches.flatMap((batch) => batch.inbox);
  if (inbox.length > 0) {
    parts.push(
      `taken as (delete from ${schema}.inbox using fence
        where inbox.id = any(${values.add(`{${inbox.join(",")}}`, "bigint[]")}))`,
    );
  }
  return { text: `with ${parts.join(",\n")}\nselect count(*) from fence`, values: values.all };
}

function jobParts(schema: string, batches: readonly ShardBatch[], values: ParameterList): string[] {
  const puts: ShardRecord[] = [];
  const moves: ShardRecord[] = [];
  const finishes: ShardRecord[] = [];
  const drops: ShardRecord[] = [];
  for (const { shard, changes } of batches) {
    for (const [id, outcome] of changes.jobs) {
      if (outcome.kind === "put") puts.push({ shard, record: outcome.job, body: outcome.body });
      else if (outcome.kind === "move") moves.push({ shard, record: { ...outcome.progress, id } });
      else if (outcome.kind === "drop") drops.push({ shard, record: { id } });
      else {
        finishes.push({ shard, record: { ...outcome.progress, id }, body: outcome.result });
      }
    }
  }
  const parts: string[] = [];
  if (puts.length > 0) parts.push(`put as (${insertion(schema, tables.job, puts, values)})`);
  if (moves.length > 0) parts.push(`moved as (${update(schema, moves, values)})`);
  if (finishes.length > 0) parts.push(`finished as (${update(schema, finishes, values)})`);
  if (drops.length > 0) {
    const { from, columns } = rowsOf(progressRow.slice(0, 1), drops, values);
    parts.push(
      `gone as (delete from ${schema}.job using ${from}, fence
        where job.shard = ${columns.get("shard")} and job.id = ${columns.get('"id"')})`,
    );
  }
  return parts;
}

/** Inserts rows, or replaces those that are there. */
function insertion(
  schema: string,
  { name, fields, key, hasBody }: ShardTable,
  rows: readonly ShardRecord[],
  values: ParameterList,
): string {
  const { from, columns } = rowsOf(fields, rows, values);
  const names = ["shard", ...fields.map(quoted), ...hasBody ? ["body"] : []];
  const replaced = names.filter((each) => each !== "shard" && !key.includes(each.slice(1, -1)));
  return `insert into ${schema}.${name} (${names.join(", ")})
    select ${names.map((each) => columns.get(each)).join(", ")} from ${from}, fence
    on conflict (shard, ${key.map((each) => `"${each}"`).join(", ")}) do update set ${
    replaced.map((each) => `${each} = excluded.${each}`).join(", ")
  }`;
}

/** Changes the progress of jobs, and their bodies if there are any. */
function update(schema: string, rows: readonly ShardRecord[], values: ParameterList): string {
  const { from, columns } = rowsOf(progressRow, rows, values);
  const names = progressRow.slice(1).map(quoted);
  if (rows[0].body !== undefined) names.push("body");
  return `update ${schema}.job set ${
    names.map((each) => `${each} = ${columns.get(each)}`).join(", ")
  } from ${from}, fence where job.shard = ${columns.get("shard")}
    and job.id = ${columns.get('"id"')}`;
}

function limitParts(
  schema: string,
  batches: readonly ShardBatch[],
  values: ParameterList,
): string[] {
  const all = batches.flatMap(({ shard, changes }) =>
    Array.from(changes.limits.values(), (record) => ({ shard, record }))
  );
  const kept = all.filter(({ record }) => hasLimits(record));
  const gone = all.filter(({ record }) => !hasLimits(record));
  const parts: string[] = [];
  if (kept.length > 0) parts.push(`ruled as (${insertion(schema, tables.rules, kept, values)})`);
  if (gone.length > 0) {
    const fields = tables.rules.fields.filter(({ name }) => name === "queue" || name === "key");
    const { from, columns } = rowsOf(fields, gone, values);
    parts.push(
      `unruled as (delete from ${schema}.rules using ${from}, fence
        where rules.shard = ${columns.get("shard")}
        and rules.queue = ${columns.get('"queue"')} and rules.key = ${columns.get('"key"')})`,
    );
  }
  return parts;
}

function scheduleParts(
  schema: string,
  batches: readonly ShardBatch[],
  values: ParameterList,
): string[] {
  const set: ShardRecord[] = [];
  const moved: ShardRecord[] = [];
  const gone: ShardRecord[] = [];
  for (const { shard, changes } of batches) {
    for (const [name, outcome] of changes.schedules) {
      if (outcome === undefined) gone.push({ shard, record: { name } });
      else if ("body" in outcome) set.push({ shard, record: outcome, body: outcome.body });
      else moved.push({ shard, record: { name, ...outcome } });
    }
  }
  const only = (names: readonly string[]): StoredField[] =>
    tables.schedule.fields.filter(({ name }) => names.includes(name));
  const parts: string[] = [];
  if (set.length > 0) {
    parts.push(`scheduled as (${insertion(schema, tables.schedule, set, values)})`);
  }
  if (moved.length > 0) {
    const { from, columns } = rowsOf(only(["name", "next", "paused"]), moved, values);
    parts.push(
      `rescheduled as (update ${schema}.schedule set next = ${columns.get('"next"')},
          paused = ${columns.get('"paused"')}
        from ${from}, fence where schedule.shard = ${columns.get("shard")}
        and schedule.name = ${columns.get('"name"')})`,
    );
  }
  if (gone.length > 0) {
    const { from, columns } = rowsOf(only(["name"]), gone, values);
    parts.push(
      `unscheduled as (delete from ${schema}.schedule using ${from}, fence
        where schedule.shard = ${columns.get("shard")}
        and schedule.name = ${columns.get('"name"')})`,
    );
  }
  return parts;
}

/** Changes the rows of shards whose numbers or moments go on. */
function shardParts(
  schema: string,
  batches: readonly ShardBatch[],
  values: ParameterList,
): string[] {
  const moved = batches.filter(({ last, moment }) => last !== undefined || moment !== undefined);
  if (moved.length === 0) return [];
  const column = (type: string, valueOf: (batch: ShardBatch) => number | undefined): string =>
    values.add(`{${moved.map((batch) => valueOf(batch) ?? "null").join(",")}}`, `${type}[]`);
  const columns = [
    column("smallint", ({ shard }) => shard),
    column("bigint", ({ last }) => last),
    column("double precision", ({ moment }) => moment?.now),
    column("double precision", ({ moment }) => moment?.wall),
  ];
  return [
    `mine as (update ${schema}.shard set last = coalesce(news.last, shard.last),
      now = coalesce(news.now, shard.now), wall = coalesce(news.wall, shard.wall)
      from unnest(${columns.join(", ")}) as news(shard, last, now, wall), fence
      where shard.shard = news.shard)`,
  ];
}

/** A commit that changes nothing of a shard. */
export function noChanges(shard: number): ShardBatch {
  return { shard, changes: foldBatch([]), last: undefined, moment: undefined, inbox: [] };
}
