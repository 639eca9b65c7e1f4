// Binary strings: a character for each byte, 0 to 255. Keys and values are bytes, and a string of them is smaller than a
// `Uint8Array`, can be a key of a `Map`, and is sent as it is where it is ASCII.

import { Buffer } from "node:buffer";

const ASCII = /^[\0-\x7f]*$/;
/** The longest string that is kept: most names and keys are shorter. */
const LONGEST = 32;
const SLOTS = 0x10000;
/**
 * The strings that were made last. A key that comes again is the same string, whose hash a `Map` knows already: to make
 * it anew and to hash it would take most of the time of a GET.
 */
const kept: string[] = new Array(SLOTS).fill("");

/** The binary string of `bytes[start, end)`. */
export function binaryString(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (length > LONGEST) return Buffer.prototype.latin1Slice.call(bytes, start, end);
  let hash = length;
  let at = start;
  for (; at + 4 <= end; at += 4) {
    const four = bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24;
    hash = Math.imul(hash ^ four, 0x9e3779b1);
  }
  for (; at < end; at++) hash = Math.imul(hash ^ bytes[at], 0x9e3779b1);
  const slot = hash >>> 16;
  const last = kept[slot];
  if (last.length === length) {
    let i = 0;
    while (i < length && last.charCodeAt(i) === bytes[start + i]) i++;
    if (i === length) return last;
  }
  return kept[slot] = Buffer.prototype.latin1Slice.call(bytes, start, end);
}

/** The bytes of a binary string. */
export function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

/** Whether the bytes of a binary string are those of the text in UTF-8. */
export function isAscii(text: string): boolean {
  return ASCII.test(text);
}
