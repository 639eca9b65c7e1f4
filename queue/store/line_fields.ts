// The fields of a record in a line of JSON.

import { closestString } from "@std/text/closest-string";
import type { FieldSpec } from "../../protocol/spec.ts";
import { BadValue, formatValue } from "../../protocol/values.ts";
import { lineNameOf, NOW, type StoredField, type StoredFieldSpec } from "./field.ts";
import { BadLine } from "./flat_json.ts";
import { states } from "./job_fields.ts";

/** The names of a body: text, or any bytes. */
const BODIES = ["body", "base64"];

/** A record as the fields of a line. */
export function toLine(fields: readonly StoredField[], record: object): Record<string, unknown> {
  const line: Record<string, unknown> = {};
  for (const field of fields) {
    const name = lineNameOf(field);
    const value = record[field.name as keyof typeof record];
    if (name !== null && !(field.brief && value === field.default)) line[name] = value;
  }
  return line;
}

/**
 * The record of a line. Throws `BadLine`.
 *
 * @param kind the kind of the line, for messages
 * @param hasBody whether lines of this kind have a body, which is not read here
 * @param now the default of some times
 */
export function fromLine(
  kind: string,
  fields: readonly StoredField[],
  line: Readonly<Record<string, unknown>>,
  hasBody: boolean,
  now: number,
): Record<string, unknown> {
  const names = fields.map(lineNameOf).filter((name) => name !== null);
  const known = new Set(hasBody ? [...names, ...BODIES] : names);
  const extra = Object.keys(line).find((name) => !known.has(name));
  if (extra !== undefined) {
    throw new BadLine(
      `a ${kind} has no ${extra}; its nearest field is ${closestString(extra, [...known])}`,
    );
  }
  const record: Record<string, unknown> = {};
  for (const field of fields) {
    const name = lineNameOf(field);
    if (name === null) continue;
    if (Object.hasOwn(line, name)) record[field.name] = checked(name, line[name], field, now);
    else if (field.default === undefined) throw new BadLine(`a ${kind} needs ${name}`);
    else record[field.name] = field.default === NOW ? now : field.default;
  }
  return record;
}

function checked(name: string, value: unknown, field: StoredFieldSpec, now: number): unknown {
  if (value === field.default) return value;
  const spec = specOf(field);
  if (spec.type === "boolean" && typeof value !== "boolean") {
    throw new BadLine(`${name} must be true or false, not ${JSON.stringify(value)}`);
  }
  try {
    formatValue(value, spec);
  } catch (error) {
    if (!(error instanceof BadValue)) throw error;
    // JSON.parse reads a number that is too large, such as 1e400, as Infinity.
    const why = Math.abs(value as number) === Infinity
      ? error.message.replace(/not ("null"|number)$/, "not one as large")
      : error.message;
    throw new BadLine(`${name} must be ${why}`);
  }
  const latest = now + (field.ahead ?? Infinity);
  if ((value as number) > latest) {
    const until = new Date(latest).toISOString().slice(0, 10);
    throw new BadLine(
      `${name} must be a time before ${until}, ${Math.floor(latest)} ms, not ${value}`,
    );
  }
  return value;
}

/** The values that a field of an import may have. */
function specOf({ type, min, importMin = min, max, importMax = max }: StoredFieldSpec): FieldSpec {
  switch (type) {
    case "flag":
      return { type: "boolean" };
    case "state":
      return { type: "enum", values: states };
    case "word":
    case "text":
      return { type, max: importMax };
    case "integer":
      return { type, min: importMin, max: importMax };
    case "number":
    case "time":
      return { type: "number", min: importMin, max: importMax };
  }
}
