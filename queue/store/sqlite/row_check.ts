// deno-lint-ignore-file no-control-regex
// Checks the values of rows: a queue cannot go on with all that a file may have.

import { columnOf, type StoredField } from "../field.ts";
import { states } from "../job_fields.ts";
import { fieldsIn } from "./tables.ts";

type ValueRange = readonly [least: number, most: number];

/** The least and the most of a field of numbers; `undefined` if it is none, or if any value will do. */
function numbersOf(
  { type, min = 0, max = Infinity, unchecked }: StoredField,
): ValueRange | undefined {
  if (unchecked || type === "word" || type === "text") return undefined;
  if (type === "flag") return [0, 1];
  return type === "state" ? [0, states.length - 1] : [min, max];
}

/** The fewest and the most characters of a word; `undefined` if it is none, or if any value will do. */
function lengthsOf(
  { type, min = 0, max = Infinity, unchecked }: StoredField,
): ValueRange | undefined {
  return type !== "word" || unchecked ? undefined : [min, max];
}

/** Queries that count, for each table of a file of a version, the values of each column that are out of bounds. */
export function boundQueries(version: number): [table: string, sql: string][] {
  return (["last", "clock", "job", "progress", "rules", "schedule"] as const).flatMap(
    (table): [string, string][] => {
      const counts = fieldsIn(table, version).flatMap((field) => {
        const wrong = wrongIn(field);
        return wrong === undefined ? [] : [`coalesce(sum(${wrong}), 0) AS ${columnOf(field)}`];
      });
      return counts.length === 0 ? [] : [[table, `SELECT ${counts.join(", ")} FROM ${table}`]];
    },
  );
}

const CONTROLS = "('*[' || char(1) || '-' || char(32) || char(127) || ']*')";

/** A condition in SQL that is true for a value out of bounds; `undefined` if any value will do. */
function wrongIn(field: StoredField): string | undefined {
  const column = columnOf(field);
  const [numbers, lengths] = [numbersOf(field), lengthsOf(field)];
  if (numbers !== undefined) return between(column, numbers);
  if (lengths === undefined) return undefined;
  const long = between(`length(${column})`, lengths);
  return `(${long} OR ${column} GLOB ${CONTROLS} OR instr(${column}, char(0)))`;
}

function between(value: string, [least, most]: ValueRange): string {
  return `${value} NOT BETWEEN ${least} AND ${most}`;
}

/** Checks rows that have these fields. It throws an `Error` that names a value which is out of bounds. */
export function rowCheck(
  table: string,
  fields: readonly StoredField[],
): (row: readonly unknown[]) => void {
  const find = (
    rangeOf: (field: StoredField) => ValueRange | undefined,
  ): { at: number; least: number; most: number }[] =>
    fields.flatMap((field, at) => {
      const range = rangeOf(field);
      return range === undefined ? [] : [{ at, least: range[0], most: range[1] }];
    });
  const numbers = find(numbersOf);
  const words = find(lengthsOf);
  const refuse = (row: readonly unknown[], at: number, why: string): never => {
    throw new Error(`${table} ${row[0]} has a wrong ${columnOf(fields[at])}: ${why}`);
  };
  return (row) => {
    for (const { at, least, most } of numbers) {
      const value = row[at] as number;
      if (!(value >= least && value <= most)) {
        refuse(row, at, `${value} is not ${least} to ${most}`);
      }
    }
    for (const { at, least, most } of words) {
      const word = row[at] as string;
      if (word.length < least || (word.length > most && [...word].length > most)) {
        refuse(row, at, `it must have ${least} to ${most} characters`);
      }
      if (/[\x00-\x20\x7f]/.test(word)) refuse(row, at, "it has a space or control character");
    }
  };
}
