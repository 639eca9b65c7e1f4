// How a value of each type is written as a word, and read back.

import { decodeText, encodeText } from "./strings.ts";
import { show } from "./quoting.ts";
import type { FieldSpec, TypeName } from "./spec.ts";

/** A value that is not what its field asks for; the message says what that is: "NAME must be …", or behind such words. */
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

/** A field, perhaps with its name. */
type NameableField = FieldSpec & { readonly name?: string };

interface Type {
  /** What the value must be, as a phrase. */
  readonly what: string;
  /** What `min` and `max` count: a plural for what has a length, `""` for numbers. Without it there are no limits. */
  readonly unit?: string;
  /** Whether the value is of the type. */
  readonly holds: (value: unknown, field: FieldSpec) => boolean | undefined;
  /** What a text says; what the type does not hold where that is nothing. */
  readonly fromText: (text: string) => unknown;
  /** A value of the type as text; `undefined` where it has none. */
  // deno-lint-ignore no-explicit-any
  readonly toText: (value: any) => string | undefined;
}

const INTEGER = /^(?:0|-?[1-9]\d*)$/;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i;
const DURATION = /^(\d+(?:\.\d+)?)([a-z]+)$/;
const SIZE = /^(\d+)(\w*)$/;
const WORD = /^[^\s\p{Cc}]+$/u;
// Of a length that is a multiple of 4.
const BASE64 = /^[a-z\d+/]*={0,2}$/i;
const MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const BYTES: Record<string, number> = { "": 1, B: 1, KiB: 1024, MiB: 1 << 20, GiB: 1 << 30 };
/** `no` and `yes` are written; the others are read as well. */
const TRUTH = ["no", "yes", "off", "on", "false", "true"];

function isText(value: unknown): value is string {
  return typeof value === "string" && value.isWellFormed();
}

function toBytes(value: Uint8Array | string): Uint8Array {
  return typeof value === "string" ? encodeText(value) : value;
}

/** A type of strings that are written as they are. */
function strings(
  what: string,
  unit: string | undefined,
  isOne: (text: string, field: FieldSpec) => boolean | undefined,
): Type {
  const same = (text: string): string => text;
  return {
    what,
    unit,
    holds: (value, field) => isText(value) && isOne(value, field),
    fromText: same,
    toText: same,
  };
}

/** A type of numbers; `fromText` answers NaN for what is none. */
function numbers(
  what: string,
  holds: (value: unknown) => boolean,
  fromText: (text: string) => number,
  toText: (value: number) => string = String,
): Type {
  return { what, unit: "", holds, fromText, toText };
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** A count of something, with a unit of `scale` behind it. */
function scaled(text: string, pattern: RegExp, scale: Record<string, number>): number {
  const [, digits, unit] = pattern.exec(text) ?? [];
  return Math.round(Number(digits) * scale[unit]);
}

const types: Record<TypeName, Type> = {
  text: strings("text", "characters", () => true),
  word: strings("a word without white space", "characters", (text) => WORD.test(text)),
  integer: numbers(
    "an integer",
    Number.isSafeInteger,
    (text) => INTEGER.test(text) ? Number(text) : NaN,
  ),
  number: numbers(
    "a number",
    Number.isFinite,
    (text) => NUMBER.test(text) ? Number(text) : NaN,
    (value) => Object.is(value, -0) ? "-0" : String(value),
  ),
  boolean: {
    what: "yes or no",
    holds: (value) => typeof value === "boolean",
    fromText(text) {
      const at = TRUTH.indexOf(text);
      return at < 0 ? at : at % 2 > 0;
    },
    toText: (value) => TRUTH[Number(value)],
  },
  duration: numbers(
    "a duration such as 500ms, 5s, 1.5m, 2h or 1d",
    isCount,
    (text) => scaled(text, DURATION, MS),
    (value) => value > 0 && value % 1000 === 0 ? `${value / 1000}s` : `${value}ms`,
  ),
  size: numbers(
    "a size in bytes such as 512, 64KiB or 1MiB",
    isCount,
    (text) => scaled(text, SIZE, BYTES),
  ),
  bytes: {
    what: "base64",
    unit: "bytes",
    holds: (value) => value instanceof Uint8Array || isText(value),
    fromText: (text) =>
      text.length % 4 === 0 && BASE64.test(text) &&
      Uint8Array.from(atob(text), (c) => c.charCodeAt(0)),
    toText: (value) =>
      btoa(Array.from(toBytes(value), (byte) => String.fromCharCode(byte)).join("")),
  },
  json: {
    what: "JSON",
    holds: (value) => value !== undefined,
    fromText(text) {
      try {
        return JSON.parse(text, finite);
      } catch {
        return undefined;
      }
    },
    toText(value) {
      try {
        return JSON.stringify(value, finite);
      } catch {
        return undefined;
      }
    },
  },
  enum: strings("", undefined, (text, field) => field.values?.includes(text)),
};

/** The names of all types. */
export const typeNames: readonly TypeName[] = Object.keys(types) as TypeName[];

/** Whether a field is a body of bytes, which travel as they are. */
function isRaw({ type, name }: NameableField): boolean {
  return type === "bytes" && name === "body";
}

/** What a field asks for, as a phrase: `an integer, 1 to 9`. */
export function describe(field: NameableField): string {
  const { type, min, max, values } = field;
  const { unit, holds, toText } = types[type];
  const what = values ? `one of ${values.join(", ")}` : isRaw(field) ? unit : types[type].what;
  const show = (limit = 0): string | number =>
    (unit === "" && holds(limit, field) && toText(limit)) || limit;
  const range = min === undefined
    ? `at most ${show(max)}`
    : max === undefined
    ? `at least ${show(min)}`
    : `${show(min)} to ${show(max)}`;
  if (min === max && max === undefined) return what!;
  if (isRaw(field)) return `${range} ${what}`;
  return unit ? `${what} of ${range} ${unit}` : `${what}, ${range}`;
}

/** Whether a value is of the type of a field, and within its limits. */
function isFit(value: unknown, field: FieldSpec): boolean {
  const { type, min, max } = field;
  const { unit, holds } = types[type];
  if (!holds(value, field)) return false;
  if (unit === undefined || (min === undefined && max === undefined)) return true;
  let size = value as number;
  if (unit === "bytes") size = toBytes(value as string).length;
  else if (unit !== "") {
    size = 0;
    for (const _ of value as string) size++;
  }
  return !(size < min! || size > max!);
}

/** Throws `BadValue` where a value does not fit; `given` is what it was made of. */
function needFit(value: unknown, field: FieldSpec, given: unknown = value): void {
  if (!isFit(value, field)) throw badValue(field, `, not ${shown(given)}`);
}

/** An error that says what a field asks for, and `but` what came instead. */
export function badValue(field: NameableField, but: string): BadValue {
  const whose = field.name ? `${field.name} must be ` : "";
  return new BadValue(whose + describe(field) + but);
}

/** The value that a word says. Throws `BadValue`. */
export function parseValue(text: string, field: FieldSpec): unknown {
  const value = types[field.type].fromText(text);
  needFit(value, field, text);
  return value;
}

/** The word for a value, not yet quoted. Throws `BadValue`. */
export function formatValue(value: unknown, field: FieldSpec): string {
  needFit(value, field);
  const text = types[field.type].toText(value);
  if (text === undefined) needFit(text, field, value);
  return text!;
}

/** The value that a counted body says: bytes as they are, text as UTF-8, JSON parsed. Throws `BadValue`. */
export function parseBody(bytes: Uint8Array, field: FieldSpec): unknown {
  if (field.type === "bytes") {
    needFit(bytes, field);
    return bytes;
  }
  let text: string;
  try {
    text = decodeText(bytes);
  } catch {
    throw badValue(field, " in UTF-8, not other bytes");
  }
  return parseValue(text, field);
}

/** The counted body for a value; bytes may also be given as text. Throws `BadValue`. */
export function formatBody(value: unknown, field: FieldSpec): Uint8Array {
  if (field.type !== "bytes") return encodeText(formatValue(value, field));
  needFit(value, field);
  return toBytes(value as string);
}

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  try {
    return show(typeof value === "string" ? value : JSON.stringify(value));
  } catch {
    return typeof value;
  }
}
