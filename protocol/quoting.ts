// Words in quotes: how any text is written on a line, and its escapes read back.

const CLOSE = 0x7d, LOWER_U = 0x75, LOWER_X = 0x78;

// deno-lint-ignore no-control-regex
const TO_ESCAPE = /["\\\x00-\x1f\x7f-\x9f]/g;

// Characters, and what stands for them behind a backslash.
const CHARACTERS = '"\\\n\r\t', LETTERS = '"\\nrt';

/**
 * `text` in quotes, whatever it holds. Throws `TypeError` at a lone surrogate.
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
  if (!text.isWellFormed()) {
    throw new TypeError("text holds a lone surrogate, which UTF-8 cannot carry");
  }
  return `"${text.replace(TO_ESCAPE, escape)}"`;
}

/** A piece of what was received, short and safe to show in a message. */
export function show(text: string): string {
  return quote(text.replace(/^(.{40}).+$/su, "$1…"));
}

function escape(character: string): string {
  const letter = LETTERS[CHARACTERS.indexOf(character)];
  return "\\" + (letter ?? "x" + character.charCodeAt(0).toString(16).padStart(2, "0"));
}

/** Where the escape ends that begins at `at`: behind all that was meant as one, so that a message can show it. */
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

/** The character that an escape stands for; `undefined` where it is none. */
export function unescape(escape: string): string | undefined {
  const at = escape.length === 2 ? LETTERS.indexOf(escape[1]) : -1;
  if (at >= 0) return CHARACTERS[at];
  const digits = /^\\(?:x([0-9A-Fa-f]{2})|u\{([0-9A-Fa-f]{1,6})\})$/.exec(escape);
  const point = digits === null ? NaN : parseInt(digits[1] ?? digits[2], 16);
  const isSurrogate = point >> 11 === 0xd800 >> 11;
  return point <= 0x10ffff && !isSurrogate ? String.fromCodePoint(point) : undefined;
}
