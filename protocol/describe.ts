// A field in words for people.

import { formatDuration } from "./duration.ts";
import type { FieldSpec, TypeName } from "./spec.ts";

/** A field, perhaps with its name. */
export type NameableField = FieldSpec & { readonly name?: string };

/** The phrase for each type, and the unit of its limits where they have one. */
const PHRASES: Record<TypeName, readonly [what: string, unit?: string]> = {
  text: ["text", "characters"],
  word: ["a word without white space", "characters"],
  integer: ["an integer"],
  number: ["a number"],
  boolean: ["yes or no"],
  duration: ["a duration such as 500ms, 5s, 1.5m, 2h or 1d"],
  size: ["a size in bytes such as 512, 64KiB or 1MiB"],
  bytes: ["base64", "bytes"],
  json: ["JSON"],
  enum: ["one of its words"],
};

/** The phrases of types whose values are other ones in a program than on a line. */
const IN_PROGRAMS: Partial<Record<TypeName, string>> = {
  boolean: "true or false",
  duration: "a whole number of milliseconds",
  size: "a whole number of bytes",
  json: "a value of JSON",
};

/** As `describe`, of the values in a program: a duration is a number there. */
export function describeValue(field: NameableField): string {
  const phrase = IN_PROGRAMS[field.type];
  if (phrase === undefined) return describe(field);
  const { min, max } = field;
  if (min === undefined && max === undefined) return phrase;
  return `${phrase}, ${rangeOf(min, max, String)}`;
}

/** The values that a field allows, as a phrase: `an integer, 1 to 9`. */
export function describe({ type, name, min, max, values }: NameableField): string {
  if (values) return `one of ${values.join(", ")}`;
  // A body of bytes travels as it is.
  const [what, unit] = type === "bytes" && name === "body" ? ["bytes"] : PHRASES[type];
  if (min === undefined && max === undefined) return what;
  const range = rangeOf(min, max, type === "duration" ? formatDuration : String);
  if (what === "bytes") return `${range} bytes`;
  return unit ? `${what} of ${range} ${unit}` : `${what}, ${range}`;
}

function rangeOf(
  min: number | undefined,
  max: number | undefined,
  show: (limit: number) => string,
): string {
  if (min === undefined) return `at most ${show(max!)}`;
  return max === undefined ? `at least ${show(min)}` : `${show(min)} to ${show(max)}`;
}
