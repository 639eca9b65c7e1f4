// Strings from bytes and back. Requests repeat few words (verbs, option names, queue names), so short ASCII words come
// from a small direct-mapped table instead of being allocated anew.

const SLOTS = 1024;
const LONGEST = 24;
const table: string[] = new Array(SLOTS).fill("");
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * The string in `bytes[start, end)`; throws `TypeError` where that is not UTF-8.
 *
 * @example
 * ```ts
 * import { decodeText } from "@lineup/lineup/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(decodeText(new Uint8Array([0x68, 0xc3, 0xa9])), "hé");
 * ```
 */
export function decodeText(bytes: Uint8Array, start = 0, end: number = bytes.length): string {
  const length = end - start;
  if (length > LONGEST) return utf8.decode(bytes.subarray(start, end));
  let hash = length;
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (byte > 0x7f) return utf8.decode(bytes.subarray(start, end));
    hash = (Math.imul(hash, 31) + byte) | 0;
  }
  const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
  const known = table[slot];
  if (known.length === length) {
    let i = 0;
    while (i < length && known.charCodeAt(i) === bytes[start + i]) i++;
    if (i === length) return known;
  }
  return table[slot] = decodeAscii(bytes, start, end);
}

/** The string in `bytes[start, end)`, which must be ASCII. For words that seldom repeat. */
export function decodeAscii(bytes: Uint8Array, start: number, end: number): string {
  // Four characters at a time make fewer intermediate strings. A view of the bytes as the arguments of one call takes
  // three times as long.
  let text = "";
  let i = start;
  for (; i + 4 <= end; i += 4) {
    text += String.fromCharCode(bytes[i], bytes[i + 1], bytes[i + 2], bytes[i + 3]);
  }
  for (; i < end; i++) text += String.fromCharCode(bytes[i]);
  return text;
}

/** Returns the text. Throws `TypeError` at a lone surrogate. */
export function wellFormed(text: string): string {
  if (text.isWellFormed()) return text;
  throw new TypeError("text holds a lone surrogate, which UTF-8 cannot carry");
}

/**
 * The UTF-8 bytes of a string. Throws `TypeError` at a lone surrogate.
 *
 * @example
 * ```ts
 * import { encodeText } from "@lineup/lineup/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(encodeText("hé"), new Uint8Array([0x68, 0xc3, 0xa9]));
 * ```
 */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(wellFormed(text));
}
