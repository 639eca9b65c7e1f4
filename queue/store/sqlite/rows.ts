// Records as rows of their tables.

import { columnOf, type StoredField } from "../field.ts";
import { jobFields, type JobProgress, type StoredJob } from "../job_fields.ts";
import type { QueueLimits, Schedule, StoredSchedule } from "../store.ts";
import type { Value } from "./bulk_statement.ts";
import { compile, packed, record, unpacked } from "../straight_line.ts";
import { literal, tables } from "./tables.ts";

function list(fields: readonly StoredField[], record: string): string {
  return fields.map((field) => packed(field, record)).join(", ");
}

/** The row of a job in its table. */
export const jobRow: (job: StoredJob, body: Uint8Array) => Value[] = compile(
  "job, body",
  `return [${list(tables.job.fields, "job")}, body];`,
);

/** The row of a job's progress. */
export const progressRow: (id: number, progress: JobProgress) => Value[] = compile(
  "id, progress",
  `return [id, ${list(tables.progress.fields.slice(1), "progress")}];`,
);

/** The row of limits. */
export const limitsRow: (limits: QueueLimits) => Value[] = compile(
  "limits",
  `return [${list(tables.rules.fields, "limits")}];`,
);

/** The row of a schedule. */
export const scheduleRow: (schedule: Schedule) => Value[] = compile(
  "schedule",
  `return [${list(tables.schedule.fields, "schedule")}, schedule.body];`,
);

/** A row as a query returns it. */
export type TableRow = readonly Value[];

/** Makes the reader of rows with these fields. */
function fromRow<R>(fields: readonly StoredField[]): (row: TableRow) => R {
  return compile(
    "row",
    record(fields, (field) => unpacked(field, `row[${fields.indexOf(field)}]`)),
  );
}

/** The columns of a job with its progress, for a query of both tables; `storedJob` reads them. */
export const jobColumns: string = jobFields.map((field) => {
  const column = columnOf(field);
  if (field.part === "body") return "length(body)";
  if (field.part !== "progress") return `job.${column}`;
  return `coalesce(progress.${column}, ${field.initial ? `job.${column}` : literal(field)})`;
}).join(", ");

/** The job of a row. */
export const storedJob: (row: TableRow) => StoredJob = fromRow(jobFields);

/** The limits of a row. */
export const storedLimits: (row: TableRow) => QueueLimits = fromRow(tables.rules.fields);

/** The fields of a schedule with the length of its body behind them. */
export const sizedScheduleFields: readonly StoredField[] = [
  ...tables.schedule.fields,
  ...jobFields.filter(({ part }) => part === "body"),
];

/** The schedule of a row with the length of its body behind it. */
export const storedSchedule: (row: TableRow) => StoredSchedule = fromRow(sizedScheduleFields);
