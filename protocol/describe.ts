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

/** The values that a field allows, as a phrase: `an integer, 1 to 9`. */
export function describe({ type, name, min, max, values }: NameableField): string {
  if (values) return `one of ${values.join(", ")}`;
  // A body of bytes travels as it is.
  const [what, unit] = type === "bytes" && name === "body" ? ["bytes"] : PHRASES[type];
  const show = (limit = 0): string => type === "duration" ? formatDuration(limit) : String(limit);
  if (min === undefined && max === undefined) return what;
  const range = min === undefined
    ? `at most ${show(max)}`
    : max === undefined
    ? `at least ${show(min)}`
    : `${show(min)} to ${show(max)}`;
  if (what === "bytes") return `${range} bytes`;
  return unit ? `${what} of ${range} ${unit}` : `${what}, ${range}`;
}
