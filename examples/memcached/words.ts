// The words of a line, and the numbers among them.

import { Buffer } from "node:buffer";
import { decodeText } from "@lineup/lineup";

// Buffer's own method takes any array of bytes. A decoder of text would first need a view of the part.
const { latin1Slice } = Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
};

/** The message for a line whose words are not what they should be. */
export const BAD_FORMAT = "bad command line format";

const SPACE = 0x20, DELETE = 0x7f;
const SHORT = 24;
const MOST_KEY = 250;
const PLUS = 0x2b, MINUS = 0x2d, ZERO = 0x30;
/** More characters than any number that a line may have, with zeros before it. */
const MOST_DIGITS = 32;
const UNSIGNED = /^\+?[0-9]{1,20}$/;
const TWO_TO_64 = 1n << 64n;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** Splits a line into words, in the place of those in `into`. Returns whether the line has no control character. */
export function splitWords(bytes: Uint8Array, start: number, end: number, into: string[]): boolean {
  let isText = true;
  let count = 0;
  for (let at = start; at < end; at++) {
    if (bytes[at] === SPACE) continue;
    const from = at;
    let seen = 0;
    for (; at < end && bytes[at] !== SPACE; at++) {
      const byte = bytes[at];
      if (byte < SPACE || byte === DELETE) isText = false;
      seen |= byte;
    }
    // Most words repeat, and decodeText has a table of short ones.
    const isShort = seen < 0x80 && at - from <= SHORT;
    into[count++] = isShort ? decodeText(bytes, from, at) : latin1(bytes, from, at);
  }
  into.length = count;
  return isText;
}

/** A string whose characters stand for the bytes in `bytes[start, end)`. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  return latin1Slice.call(bytes, start, end);
}

/** Whether a key is short enough. */
export function isKey(key: string): boolean {
  return key.length <= MOST_KEY;
}

/** The number that a word writes, from `least` to `most`. A line has several, so this takes no pattern. */
export function integer(word: string, least: number, most: number): number | undefined {
  const sign = word.charCodeAt(0);
  const from = sign === PLUS || sign === MINUS ? 1 : 0;
  if (word.length === from || word.length > MOST_DIGITS) return undefined;
  let number = 0;
  for (let at = from; at < word.length; at++) {
    const digit = word.charCodeAt(at) - ZERO;
    if (!(digit >= 0 && digit <= 9)) return undefined;
    number = 10 * number + digit;
  }
  if (sign === MINUS) number = -number;
  return number >= least && number <= most ? number : undefined;
}

/** A number of seconds, or a Unix time of 32 bits. */
export function exptimeOf(word: string): number | undefined {
  return integer(word, -(2 ** 31), 2 ** 32 - 1);
}

/** A number of 64 bits without a sign, as a word. */
export function unsigned(word: string): string | undefined {
  if (!UNSIGNED.test(word)) return undefined;
  const number = BigInt(word);
  return number < TWO_TO_64 ? String(number) : undefined;
}

/** The number of an item. Numbers that no item can have lose their last digits. */
export function casOf(word: string): number | undefined {
  const number = unsigned(word);
  return number === undefined ? undefined : Number(number);
}

/** The bytes that a key in base64 stands for. */
export function keyFromBase64(word: string): string | undefined {
  return BASE64.test(word) ? atob(word) : undefined;
}
