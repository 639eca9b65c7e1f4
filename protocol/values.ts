// The written form of values of each type, and values read back from it.

import { decodeText, encodeText } from "./strings.ts";
import { describe, describeValue, type NameableField } from "./describe.ts";
import { formatDuration } from "./duration.ts";
import { excerpt } from "./quoting.ts";
import type { FieldSpec, TypeName } from "./spec.ts";

/** A value that its field does not allow. The message says what the field allows: "NAME must be …". */
export class BadValue extends TypeError {
  /** The name of the class. */
  override readonly name = "BadValue";
}

/** A value that is too long for its line. */
export class TooLong extends RangeError {
  /** The name of the class. */
  override readonly name = "TooLong";

  /** Makes one for a line of at most `most` characters. */
  constructor(most: number) {
    super(`a line has at most ${most} characters here; what may be longer belongs in a body`);
  }
}

/** Throws `TooLong` for a value whose length alone is more than `most`. */
function needRoom(value: unknown, most: number): void {
  if (typeof value !== "string" && !ArrayBuffer.isView(value)) return;
  if ((value as string | Uint8Array).length > most) throw new TooLong(most);
}

/** JSON of at most `most` characters. Counts the least length of each part before it is written. Throws `TooLong`. */
function shortJson(value: unknown, most: number): string {
  let room = most;
  return JSON.stringify(value, function (this: unknown, name, value) {
    switch (typeof value) {
      case "string":
        room -= value.length;
        break;
      case "number":
        finite(name, value);
        break;
      case "object":
        // Each item of an array takes one character at least.
        if (Array.isArray(value)) room -= value.length;
        else needRoom(value, room);
        break;
      case "undefined":
      case "function":
      case "symbol":
        // JSON leaves it out.
        return value;
    }
    if (!Array.isArray(this)) room -= name.length + 1;
    if (room < 0) throw new TooLong(most);
    return value;
  });
}

/** Refuses numbers beyond a double: JSON would read `1e999` as Infinity, and write Infinity as null. */
function finite(_name: string, value: unknown): unknown {
  if (typeof value !== "number" || Number.isFinite(value)) return value;
  throw new RangeError();
}

interface Type {
  /** Whether the value is of the type. */
  readonly holds: (value: unknown, field: FieldSpec) => boolean | undefined;
  /** The quantity that `min` and `max` limit. Default: the type has no limits. */
  // deno-lint-ignore no-explicit-any
  readonly sizeOf?: (value: any) => number;
  /** The value of a text; for a wrong text, something for which `holds` is false. */
  readonly fromText: (text: string) => unknown;
  /** The text of a value; `undefined` where it has none. */
  // deno-lint-ignore no-explicit-any
  readonly toText: (value: any, most: number) => string | undefined;
}

const INTEGER = /^(?:0|-?[1-9]\d*)$/;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:e[+-]?\d+)?$/i;
const DURATION = /^(\d+(?:\.\d+)?)([a-z]+)$/;
const SIZE = /^(\d+)(\w*)$/;
const WORD = /^[^\s\p{Cc}]+$/u;
// The length must be a multiple of 4 as well.
const BASE64 = /^[a-z\d+/]*={0,2}$/i;
const MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const BYTES: Record<string, number> = { "": 1, B: 1, KiB: 1024, MiB: 1 << 20, GiB: 1 << 30 };
/** Written: `no` and `yes`. Read: all of these; those at odd places mean true. */
const TRUTH = ["no", "yes", "off", "on", "false", "true"];

function isText(value: unknown): value is string {
  return typeof value === "string" && value.isWellFormed();
}

function toBytes(value: Uint8Array | string): Uint8Array {
  return typeof value === "string" ? encodeText(value) : value;
}

function countCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

const same = <T>(value: T): T => value;

/** A type whose values are their own text. */
function strings(
  isOne: (text: string, field: FieldSpec) => boolean | undefined,
  sizeOf?: (text: string) => number,
): Type {
  return {
    holds: (value, field) => isText(value) && isOne(value, field),
    sizeOf,
    fromText: same,
    toText: same,
  };
}

/** A type of numbers. `fromText` returns NaN for a wrong text. */
function numbers(
  holds: (value: unknown) => boolean,
  fromText: (text: string) => number,
  toText: (value: number) => string = String,
): Type {
  return { holds, sizeOf: same, fromText, toText };
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** A number with one of the units of `scale` behind it. */
function scaled(text: string, pattern: RegExp, scale: Record<string, number>): number {
  const [, digits, unit] = pattern.exec(text) ?? [];
  return Math.round(Number(digits) * scale[unit]);
}

const types: Record<TypeName, Type> = {
  text: strings(() => true, countCharacters),
  word: strings((text) => WORD.test(text), countCharacters),
  integer: numbers(Number.isSafeInteger, (text) => INTEGER.test(text) ? Number(text) : NaN),
  number: numbers(
    Number.isFinite,
    (text) => NUMBER.test(text) ? Number(text) : NaN,
    (value) => Object.is(value, -0) ? "-0" : String(value),
  ),
  boolean: {
    holds: (value) => typeof value === "boolean",
    fromText(text) {
      const at = TRUTH.indexOf(text);
      return at < 0 ? at : at % 2 > 0;
    },
    toText: (value) => TRUTH[Number(value)],
  },
  duration: numbers(isCount, (text) => scaled(text, DURATION, MS), formatDuration),
  size: numbers(isCount, (text) => scaled(text, SIZE, BYTES)),
  bytes: {
    holds: (value) => value instanceof Uint8Array || isText(value),
    sizeOf: (value) => toBytes(value).length,
    fromText: (text) =>
      text.length % 4 === 0 && BASE64.test(text) &&
      Uint8Array.from(atob(text), (c) => c.charCodeAt(0)),
    toText: (value) =>
      btoa(Array.from(toBytes(value), (byte) => String.fromCharCode(byte)).join("")),
  },
  json: {
    holds: (value) => value !== undefined,
    fromText(text) {
      try {
        return JSON.parse(text, finite);
      } catch {
        return undefined;
      }
    },
    toText(value, most) {
      try {
        return most === Infinity ? JSON.stringify(value, finite) : shortJson(value, most);
      } catch (error) {
        if (error instanceof TooLong) throw error;
        return undefined;
      }
    },
  },
  enum: strings((text, field) => field.values?.includes(text)),
};

/** The names of all types. */
export const typeNames: readonly TypeName[] = Object.keys(types) as TypeName[];

/** Whether a field allows a value. */
function isFit(value: unknown, field: FieldSpec): boolean {
  const { type, min, max } = field;
  const { holds, sizeOf } = types[type];
  if (!holds(value, field)) return false;
  if (!sizeOf || (min === undefined && max === undefined)) return true;
  const size = sizeOf(value);
  return !(size < min! || size > max!);
}

/** Throws `BadValue` for a value that the field does not allow. `given` is the source of the value, for the message. */
function needFit(
  value: unknown,
  field: FieldSpec,
  given: unknown = value,
  inWords: typeof describe = describe,
): void {
  if (!isFit(value, field)) throw badValue(field, `, not ${shown(given)}`, inWords);
}

/** An error that says what a field allows; `but` says what came instead. */
export function badValue(
  field: NameableField,
  but: string,
  inWords: typeof describe = describe,
): BadValue {
  const whose = field.name ? `${field.name} must be ` : "";
  return new BadValue(whose + inWords(field) + but);
}

/**
 * The value of a word. Throws `BadValue`.
 *
 * @example
 * ```ts
 * import { BadValue, parseValue } from "@lineup/lineup/protocol";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * assertEquals(parseValue("1.5m", { type: "duration" }), 90_000);
 * assertThrows(() => parseValue("x", { type: "integer", max: 9 }), BadValue, "an integer");
 * ```
 */
export function parseValue(text: string, field: FieldSpec): unknown {
  const value = types[field.type].fromText(text);
  needFit(value, field, text);
  return value;
}

/**
 * The word of a value, without quotes. Throws `BadValue`, and `TooLong` for more than `most` characters, before they
 * are written: a value may be as large as memory.
 *
 * @example
 * ```ts
 * import { formatValue } from "@lineup/lineup/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(formatValue(90_000, { type: "duration" }), "90s");
 * assertEquals(formatValue(true, { type: "boolean" }), "yes");
 * ```
 */
export function formatValue(value: unknown, field: FieldSpec, most: number = Infinity): string {
  needRoom(value, most);
  needFit(value, field, value, describeValue);
  const text = types[field.type].toText(value, most);
  if (text === undefined) needFit(text, field, value, describeValue);
  if (text!.length > most) throw new TooLong(most);
  return text!;
}

/** The value of a counted body: bytes as they are, text as UTF-8, JSON parsed. Throws `BadValue`. */
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

/** The counted body of a value. Bytes may be given as text. Throws `BadValue`. */
export function formatBody(value: unknown, field: FieldSpec): Uint8Array {
  if (field.type !== "bytes") return encodeText(formatValue(value, field));
  needFit(value, field);
  return toBytes(value as string);
}

/** As many characters of a value are enough for `show`. */
const SHOWN = 1000;

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  try {
    return excerpt(typeof value === "string" ? value.slice(0, SHOWN) : shortJson(value, SHOWN));
  } catch {
    return typeof value;
  }
}
