// Words and values as they are written, in quotes where they need them; and their escapes.

import { wellFormed } from "./strings.ts";

const CLOSE = 0x7d, LOWER_U = 0x75, LOWER_X = 0x78;

const TO_ESCAPE = /["\\\p{Cc}]/gu;

// A line that ends in a bare word such as HTTP/1.1 is refused as HTTP.
const BARE = /^(?![#{]|HTTP\/)[^ "=\p{Cc}\p{Cs}]+(?<!\})$/u;

// Characters, and the letters of their escapes.
const CHARACTERS = '"\\\n\r\t', LETTERS = '"\\nrt';

/**
 * Any text in quotes. Throws `TypeError` at a lone surrogate.
 *
 * @example
 * ```ts
 * import { quote } from "@lineup/lineup/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(quote('a "b"\n\0'), String.raw`"a \"b\"\n\x00"`);
 * ```
 */
export function quote(text: string): string {
  return `"${wellFormed(text).replace(TO_ESCAPE, escape)}"`;
}

/**
 * The canonical form of a word or a value: bare where the grammar allows it, else quoted. Throws `TypeError` at a
 * lone surrogate.
 *
 * @example
 * ```ts
 * import { formatWord } from "@lineup/lineup/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(["mail", "two words", "a=b", ""].map(formatWord), ["mail", '"two words"', '"a=b"', '""']);
 * ```
 */
export function formatWord(text: string): string {
  return BARE.test(text) ? text : quote(text);
}

/** Any text for a message: shortened, in quotes. For a terminal or a log it must be made `printable`. */
export function excerpt(text: string): string {
  return quote(text.toWellFormed().replace(/^(.{40}).+$/su, "$1…"));
}

function escape(character: string): string {
  const letter = LETTERS[CHARACTERS.indexOf(character)];
  return "\\" + (letter ?? "x" + character.charCodeAt(0).toString(16).padStart(2, "0"));
}

/** The end of the escape that begins at `at`. For a wrong escape it includes all its characters, for a message. */
export function escapeEnd(bytes: Uint8Array, at: number, end: number): number {
  const kind = bytes[at + 1];
  let stop = at + 2;
  if (kind === LOWER_X) stop = at + 4;
  else if (kind === LOWER_U) {
    while (stop < end && stop < at + 9 && bytes[stop] !== CLOSE) stop++;
    stop++;
  }
  while (stop < end && (bytes[stop] & 0xc0) === 0x80) stop++;
  return Math.min(stop, end);
}

/** The character of an escape; `undefined` for a wrong one. */
export function unescape(escape: string): string | undefined {
  const at = escape.length === 2 ? LETTERS.indexOf(escape[1]) : -1;
  if (at >= 0) return CHARACTERS[at];
  const [, short, long] = /^\\(?:x(\w\w)|u\{(\w{1,6})\})$/.exec(escape) ?? [];
  const point = Number(`0x${short ?? long}`);
  const isSurrogate = point >> 11 === 0xd800 >> 11;
  return point <= 0x10ffff && !isSurrogate ? String.fromCodePoint(point) : undefined;
}
