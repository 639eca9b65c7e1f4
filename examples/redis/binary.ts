// Binary strings: a character for each byte, 0 to 255. Keys and values are bytes, and a string of them is smaller than a
// `Uint8Array`, can be a key of a `Map`, and is sent as it is where it is ASCII.

import { Buffer } from "node:buffer";

/** From this length on, the call of the native code is faster than a loop. */
const LONG = 6;
const ASCII = /^[\0-\x7f]*$/;

/** The binary string of `bytes[start, end)`. */
export function binaryString(bytes: Uint8Array, start: number, end: number): string {
  if (end - start >= LONG) {
    return Buffer.prototype.latin1Slice.call(bytes, start, end);
  }
  let text = "";
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]);
  return text;
}

/** The bytes of a binary string. */
export function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

/** Whether the bytes of a binary string are those of the text in UTF-8. */
export function isAscii(text: string): boolean {
  return ASCII.test(text);
}
