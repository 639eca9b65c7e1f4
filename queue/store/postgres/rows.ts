// Records as rows of their tables, which come as texts.

import type { StoredField } from "../field.ts";
import { jobFields, type StoredJob } from "../job_fields.ts";
import type { QueueLimits, StoredSchedule } from "../store.ts";
import { compile, record } from "../straight_line.ts";
import type { TextRow } from "./connection.ts";
import { quoted, tables } from "./tables.ts";

const sizeField = jobFields.filter(({ part }) => part === "body");

/** As code: the value of a field in the column of a row. */
function value({ type }: StoredField, at: number): string {
  switch (type) {
    case "word":
    case "text":
      return `row[${at}]`;
    case "flag":
      return `row[${at}] === "t"`;
    case "state":
      return `states[+row[${at}]]`;
    default:
      return `+row[${at}]`;
  }
}

function reader<R>(fields: readonly StoredField[]): (row: TextRow) => R {
  return compile("row", record(fields, (field) => value(field, fields.indexOf(field))));
}

/** The columns of a job, with the length of its body for its size; `storedJob` reads them. */
export const jobColumns: string = jobFields.map((field) =>
  field.part === "body" ? "octet_length(body)" : quoted(field)
).join(", ");
/** The job of a row. */
export const storedJob: (row: TextRow) => StoredJob = reader(jobFields);

/** The columns of limits. */
export const limitColumns: string = tables.rules.fields.map(quoted).join(", ");
/** The limits of a row. */
export const storedLimits: (row: TextRow) => QueueLimits = reader(tables.rules.fields);

/** The columns of a schedule, with the length of its body. */
export const scheduleColumns: string = [
  ...tables.schedule.fields.map(quoted),
  "octet_length(body)",
].join(", ");
/** The schedule of a row. */
export const storedSchedule: (row: TextRow) => StoredSchedule = reader([
  ...tables.schedule.fields,
  ...sizeField,
]);

const encoder = new TextEncoder();
const [ZERO, A] = [48, 97];

/** The bytes of a column, which come as \x and two digits each. */
export function bytesOf(text: string): Uint8Array {
  const digits = encoder.encode(text);
  const bytes = new Uint8Array((digits.length - 2) / 2);
  for (let at = 0; at < bytes.length; at++) {
    bytes[at] = (digit(digits[2 * at + 2]) << 4) | digit(digits[2 * at + 3]);
  }
  return bytes;
}

function digit(code: number): number {
  return code < A ? code - ZERO : code - A + 10;
}
