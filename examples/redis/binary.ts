// Binary strings: a character for each byte, 0 to 255. Keys and values are bytes, and a string of them is smaller than a
// `Uint8Array`, can be a key of a `Map`, and is sent as it is where it is ASCII.

import { Buffer } from "node:buffer";

const ASCII = /^[\0-\x7f]*$/;
/** The longest string that is kept: most names and keys are shorter. */
const LONGEST = 32;
const SLOTS = 1 << 16;
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
  for (let i = start; i < end; i++) hash = Math.imul(hash, 31) + bytes[i] | 0;
  const slot = (hash ^ hash >>> 16) & (SLOTS - 1);
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
