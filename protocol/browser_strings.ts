// What strings.ts is for browsers, where a small file is worth more than the words that it spares a server.

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** The string in `bytes[start, end)`; throws `TypeError` where that is not UTF-8. */
export function decodeText(bytes: Uint8Array, start?: number, end?: number): string {
  return utf8.decode(bytes.subarray(start, end));
}

/** The UTF-8 bytes of a string; throws `TypeError` at a lone surrogate, which has none. */
export function encodeText(text: string): Uint8Array {
  if (text.isWellFormed()) return encoder.encode(text);
  throw new TypeError("text holds a lone surrogate, which UTF-8 cannot carry");
}
