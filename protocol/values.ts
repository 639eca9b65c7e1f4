// How a value of each type is written as a word, and read back.

import { decodeText, encodeText } from "./strings.ts";
import { describe, type NameableField } from "./describe.ts";
import { formatDuration } from "./duration.ts";
import { show } from "./quoting.ts";
import type { FieldSpec, TypeName } from "./spec.ts";

/** A value that is not what its field asks for; the message says what that is: "NAME must be …", or behind such words. */
export class BadValue extends TypeError {
  /** The name of the class. */
  override readonly name = "BadValue";
}

/** A value that takes more room than its line has. */
export class TooLong extends RangeError {
  /** The name of the class. */
  override readonly name = "TooLong";

  /** For a line of `most` characters. */
  constructor(most: number) {
    super(`a line has at most ${most} characters here; what may be longer belongs in a body`);
  }
}

/** Throws `TooLong` for a value that has more than `most` characters however it is written: a look at its length. */
function needRoom(value: unknown, most: number): void {
  if (typeof value !== "string" && !ArrayBuffer.isView(value)) return;
  if ((value as string | Uint8Array).length > most) throw new TooLong(most);
}

/** JSON within `most` characters; what it has at least is counted before it is written. Throws `TooLong`. */
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
        // The items of an array, however short, are counted here.
        if (Array.isArray(value)) room -= value.length;
        else needRoom(value, room);
        break;
      case "undefined":
      case "function":
      case "symbol":
        // It is left out.
        return value;
    }
    if (!Array.isArray(this)) room -= name.length + 1;
    if (room < 0) throw new TooLong(most);
    return value;
  });
}

/** JSON has no word for what is beyond a double: `1e999` would be read as Infinity, and written as null. */
function finite(_name: string, value: unknown): unknown {
  if (typeof value !== "number" || Number.isFinite(value)) return value;
  throw new RangeError();
}

interface Type {
  /** Whether the value is of the type. */
  readonly holds: (value: unknown, field: FieldSpec) => boolean | undefined;
  /** What `min` and `max` limit of a value of the type; without it there are no limits. */
  // deno-lint-ignore no-explicit-any
  readonly sizeOf?: (value: any) => number;
  /** What a text says; what the type does not hold where that is nothing. */
  readonly fromText: (text: string) => unknown;
  /** A value of the type as text; `undefined` where it has none. */
  // deno-lint-ignore no-explicit-any
  readonly toText: (value: any, most: number) => string | undefined;
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

function countCharacters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

const same = <T>(value: T): T => value;

/** A type of strings that are written as they are. */
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

/** A type of numbers; `fromText` answers NaN for what is none. */
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

/** A count of something, with a unit of `scale` behind it. */
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

/** Whether a value is of the type of a field, and within its limits. */
function isFit(value: unknown, field: FieldSpec): boolean {
  const { type, min, max } = field;
  const { holds, sizeOf } = types[type];
  if (!holds(value, field)) return false;
  if (!sizeOf || (min === undefined && max === undefined)) return true;
  const size = sizeOf(value);
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

/**
 * The word for a value, not yet quoted. Throws `BadValue`, and `TooLong` for one that has more than `most` characters,
 * before those are written: a value may be as large as memory.
 */
export function formatValue(value: unknown, field: FieldSpec, most: number = Infinity): string {
  needRoom(value, most);
  needFit(value, field);
  const text = types[field.type].toText(value, most);
  if (text === undefined) needFit(text, field, value);
  if (text!.length > most) throw new TooLong(most);
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

/** Enough characters of a value to show a piece of it. */
const SHOWN = 1000;

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  try {
    return show(typeof value === "string" ? value.slice(0, SHOWN) : shortJson(value, SHOWN));
  } catch {
    return typeof value;
  }
}
