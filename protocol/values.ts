// How a value of each type is written as a word, and read back.

import { decodeText, encodeText } from "./strings.ts";
import { show } from "./quoting.ts";
import type { FieldSpec, TypeName } from "./spec.ts";

/** A value that is not what its field asks for; the message completes "NAME must be …". */
export class BadValue extends TypeError {
  /** The name of the class. */
  override readonly name = "BadValue";
}

/** JSON has no word for what is beyond a double: `1e999` would be read as Infinity, and written as null. */
function finite(_name: string, value: unknown): unknown {
  if (typeof value !== "number") return value;
  if (!Number.isFinite(value)) throw new RangeError("not a finite number");
  return value + 0;
}

interface Type {
  /** What the value must be, as a phrase. */
  readonly what: string;
  /** The plural that a minimum or maximum counts, for types measured by length. */
  readonly unit?: string;
  /** `undefined` where the text is not of the type. */
  readonly parse: (text: string, field: FieldSpec) => unknown;
  /** `undefined` where the value is not of the type. */
  readonly format: (value: unknown, field: FieldSpec) => string | undefined;
  /** What `min` and `max` are compared with. */
  readonly measure?: (value: never) => number;
  /** How a limit is shown. */
  readonly limit?: (limit: number) => string;
}

const INTEGER = /^-?(?:0|[1-9][0-9]*)$/;
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const DURATION = /^([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)$/;
const SIZE = /^([0-9]+)(B|KiB|MiB|GiB)?$/;
// deno-lint-ignore no-control-regex
const WORD = /^[^\s\x00-\x1f\x7f-\x9f]+$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const BYTES: Record<string, number> = { B: 1, KiB: 1024, MiB: 1 << 20, GiB: 1 << 30 };
const TRUTH: Record<string, boolean> = {
  yes: true,
  on: true,
  true: true,
  no: false,
  off: false,
  false: false,
};

const isText = (value: unknown): value is string =>
  typeof value === "string" && value.isWellFormed();
const identity = (value: number): number => value;
const characters = (value: string): number => {
  let count = 0;
  for (const _ of value) count++;
  return count;
};

function toBytes(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  return isText(value) ? encodeText(value) : undefined;
}

function safe(value: number): number | undefined {
  return Number.isSafeInteger(value) ? value : undefined;
}

function formatDuration(value: unknown): string | undefined {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) return undefined;
  return value % 1000 === 0 && value > 0 ? `${value / 1000}s` : `${value}ms`;
}

const types: Record<TypeName, Type> = {
  text: {
    what: "text",
    unit: "characters",
    parse: (text) => text,
    format: (value) => isText(value) ? value : undefined,
    measure: characters,
  },
  word: {
    what: "a word without white space",
    unit: "characters",
    parse: (text) => WORD.test(text) ? text : undefined,
    format: (value) => isText(value) && WORD.test(value) ? value : undefined,
    measure: characters,
  },
  integer: {
    what: "an integer",
    parse: (text) => INTEGER.test(text) && text !== "-0" ? safe(Number(text)) : undefined,
    format: (value) => Number.isSafeInteger(value) ? String(value === 0 ? 0 : value) : undefined,
    measure: identity,
  },
  number: {
    what: "a number",
    parse: (text) => {
      const value = NUMBER.test(text) ? Number(text) : NaN;
      return Number.isFinite(value) ? value : undefined;
    },
    format: (value) => {
      if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
      return Object.is(value, -0) ? "-0" : String(value);
    },
    measure: identity,
  },
  boolean: {
    what: "yes or no",
    parse: (text) => Object.hasOwn(TRUTH, text) ? TRUTH[text] : undefined,
    format: (value) => typeof value === "boolean" ? (value ? "yes" : "no") : undefined,
  },
  duration: {
    what: "a duration such as 500ms, 5s, 1.5m, 2h or 1d",
    parse: (text) => {
      const parts = DURATION.exec(text);
      return parts === null ? undefined : safe(Math.round(Number(parts[1]) * MS[parts[2]]));
    },
    format: formatDuration,
    measure: identity,
    limit: (limit) => formatDuration(limit) ?? String(limit),
  },
  size: {
    what: "a size in bytes such as 512, 64KiB or 1MiB",
    parse: (text) => {
      const parts = SIZE.exec(text);
      return parts === null ? undefined : safe(Number(parts[1]) * BYTES[parts[2] ?? "B"]);
    },
    format: (value) =>
      Number.isSafeInteger(value) && Number(value) >= 0 ? String(value) : undefined,
    measure: identity,
  },
  bytes: {
    what: "base64",
    unit: "bytes",
    parse: (text) =>
      BASE64.test(text) ? Uint8Array.from(atob(text), (c) => c.charCodeAt(0)) : undefined,
    format: (value) => {
      const bytes = toBytes(value);
      if (bytes === undefined) return undefined;
      let binary = "";
      for (const byte of bytes) binary += String.fromCharCode(byte);
      return btoa(binary);
    },
    measure: (value: Uint8Array | string) => toBytes(value)!.length,
  },
  json: {
    what: "JSON",
    parse: (text) => {
      try {
        return JSON.parse(text, finite);
      } catch {
        return undefined;
      }
    },
    format: (value) => {
      try {
        return JSON.stringify(value, finite);
      } catch {
        return undefined;
      }
    },
  },
  enum: {
    what: "one of its words",
    parse: (text, field) => field.values?.includes(text) ? text : undefined,
    format: (value, field) =>
      typeof value === "string" && field.values?.includes(value) ? value : undefined,
  },
};

/** The names of all types. */
export const typeNames: readonly TypeName[] = Object.keys(types) as TypeName[];

/** What a field asks for, as a phrase: `an integer from 1 to 9`. */
export function describe(field: FieldSpec): string {
  const type = types[field.type];
  if (field.type === "enum") return `one of ${field.values?.join(", ")}`;
  const { min, max } = field;
  if (min === undefined && max === undefined) return type.what;
  const limit = type.limit ?? String;
  const range = min === undefined
    ? `at most ${limit(max!)}`
    : max === undefined
    ? `at least ${limit(min)}`
    : `${limit(min)} to ${limit(max)}`;
  return type.unit === undefined
    ? `${type.what}, ${range}`
    : `${type.what} of ${range} ${type.unit}`;
}

function within(value: unknown, field: FieldSpec): boolean {
  const measure = types[field.type].measure;
  if (measure === undefined || (field.min === undefined && field.max === undefined)) return true;
  const size = measure(value as never);
  return !(size < (field.min ?? -Infinity)) && !(size > (field.max ?? Infinity));
}

/** The value that a word says. Throws `BadValue`. */
export function parseValue(text: string, field: FieldSpec): unknown {
  const value = types[field.type].parse(text, field);
  if (value === undefined || !within(value, field)) {
    throw new BadValue(`${describe(field)}, not ${show(text)}`);
  }
  return value;
}

/** The word for a value, not yet quoted. Throws `BadValue`. */
export function formatValue(value: unknown, field: FieldSpec): string {
  const text = types[field.type].format(value, field);
  if (text === undefined || !within(value, field)) {
    throw new BadValue(`${describe(field)}, not ${shown(value)}`);
  }
  return text;
}

/** The value that a counted body says: bytes as they are, text as UTF-8, JSON parsed. Throws `BadValue`. */
export function parseBody(bytes: Uint8Array, field: FieldSpec): unknown {
  if (field.type === "bytes") {
    if (!within(bytes, field)) {
      throw new BadValue(`${describeBody(field)}, not ${bytes.length} bytes`);
    }
    return bytes;
  }
  let text: string;
  try {
    text = decodeText(bytes);
  } catch {
    throw new BadValue(`${describeBody(field)} in UTF-8, not other bytes`);
  }
  return parseValue(text, field);
}

/** The counted body for a value; bytes may also be given as text. Throws `BadValue`. */
export function formatBody(value: unknown, field: FieldSpec): Uint8Array {
  if (field.type !== "bytes") return encodeText(formatValue(value, field));
  const bytes = toBytes(value);
  if (bytes === undefined || !within(bytes, field)) {
    throw new BadValue(`${describeBody(field)}, not ${shown(value)}`);
  }
  return bytes;
}

/** What a body asks for, as a phrase. */
export function describeBody(field: FieldSpec): string {
  return field.type === "bytes"
    ? describe(field).replace(/^base64( of)? ?/, "") || "bytes"
    : describe(field);
}

function shown(value: unknown): string {
  if (typeof value === "string") return value.isWellFormed() ? show(value) : "a lone surrogate";
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value === undefined || typeof value === "function" || typeof value === "symbol") {
    return typeof value;
  }
  try {
    return show(JSON.stringify(value) ?? typeof value);
  } catch {
    return typeof value;
  }
}
