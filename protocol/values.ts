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

/** A field, perhaps with its name. */
type NameableField = FieldSpec & { readonly name?: string };

interface Type {
  /** What the value must be, as a phrase. */
  readonly what: string;
  /** What `min` and `max` count: a plural for what has a length, `""` for numbers. Without it there are no limits. */
  readonly unit?: string;
  /** `undefined` where the text is not of the type. */
  readonly parse: (text: string, field: FieldSpec) => unknown;
  /** `undefined` where the value is not of the type. */
  readonly format: (value: unknown, field: FieldSpec) => string | undefined;
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

function toBytes(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  return isText(value) ? encodeText(value) : undefined;
}

/** A type of strings that are written as they are. */
function strings(
  what: string,
  unit: string | undefined,
  isOne: (text: string, field: FieldSpec) => boolean | undefined,
): Type {
  const parse = (text: string, field: FieldSpec): string | undefined =>
    isOne(text, field) ? text : undefined;
  const format = (value: unknown, field: FieldSpec): string | undefined =>
    isText(value) ? parse(value, field) : undefined;
  return { what, unit, parse, format };
}

/** A type of numbers; `read` answers NaN for what is none. */
function numbers(
  what: string,
  isOne: (value: unknown) => boolean,
  read: (text: string) => number,
  write: (value: number) => string = String,
): Type {
  return {
    what,
    unit: "",
    parse(text) {
      const value = read(text);
      return isOne(value) ? value : undefined;
    },
    format: (value) => isOne(value) ? write(value as number) : undefined,
  };
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
    parse(text) {
      const at = TRUTH.indexOf(text);
      return at < 0 ? undefined : at % 2 > 0;
    },
    format: (value) => typeof value === "boolean" ? TRUTH[Number(value)] : undefined,
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
    parse: (text) =>
      text.length % 4 === 0 && BASE64.test(text)
        ? Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
        : undefined,
    format(value) {
      const bytes = toBytes(value);
      return bytes && btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    },
  },
  json: {
    what: "JSON",
    parse(text) {
      try {
        return JSON.parse(text, finite);
      } catch {
        return undefined;
      }
    },
    format(value) {
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
  const { unit, format } = types[type];
  const what = values ? `one of ${values.join(", ")}` : isRaw(field) ? unit : types[type].what;
  const show = (limit = 0): string | number => (unit === "" && format(limit, field)) || limit;
  const range = min === undefined
    ? `at most ${show(max)}`
    : max === undefined
    ? `at least ${show(min)}`
    : `${show(min)} to ${show(max)}`;
  if (min === max && max === undefined) return what!;
  if (isRaw(field)) return `${range} ${what}`;
  return unit ? `${what} of ${range} ${unit}` : `${what}, ${range}`;
}

function isWithin(value: unknown, { type, min, max }: FieldSpec): boolean {
  if (min === undefined && max === undefined) return true;
  const { unit } = types[type];
  if (unit === undefined) return true;
  let size = value as number;
  if (unit === "bytes") size = toBytes(value)!.length;
  else if (unit !== "") {
    size = 0;
    for (const _ of value as string) size++;
  }
  return !(size < min! || size > max!);
}

/** What was made of `given`, if it could be and is within the limits, which `value` is held to. Throws `BadValue`. */
function checked<T>(
  made: T | undefined,
  value: unknown,
  given: unknown,
  field: NameableField,
): T {
  if (made !== undefined && isWithin(value, field)) return made;
  throw new BadValue(`${describe(field)}, not ${shown(given)}`);
}

/** The value that a word says. Throws `BadValue`. */
export function parseValue(text: string, field: FieldSpec): unknown {
  const value = types[field.type].parse(text, field);
  return checked(value, value, text, field);
}

/** The word for a value, not yet quoted. Throws `BadValue`. */
export function formatValue(value: unknown, field: FieldSpec): string {
  return checked(types[field.type].format(value, field), value, value, field);
}

/** The value that a counted body says: bytes as they are, text as UTF-8, JSON parsed. Throws `BadValue`. */
export function parseBody(bytes: Uint8Array, field: FieldSpec): unknown {
  if (field.type === "bytes") return checked(bytes, bytes, bytes, field);
  let text: string;
  try {
    text = decodeText(bytes);
  } catch {
    throw new BadValue(`${describe(field)} in UTF-8, not other bytes`);
  }
  return parseValue(text, field);
}

/** The counted body for a value; bytes may also be given as text. Throws `BadValue`. */
export function formatBody(value: unknown, field: FieldSpec): Uint8Array {
  return field.type === "bytes"
    ? checked(toBytes(value), value, value, field)
    : encodeText(formatValue(value, field));
}

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  try {
    return show(typeof value === "string" ? value : JSON.stringify(value));
  } catch {
    return typeof value;
  }
}
