// What strings.ts is for browsers, where a small file is worth more than the words that it spares a server.

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** The string in `bytes[start, end)`; throws `TypeError` where that is not UTF-8. */
export function decodeText(bytes: Uint8Array, start?: number, end?: number): string {
  return utf8.decode(bytes.subarray(start, end));
}

/** The UTF-8 bytes of a string. A client looks for lone surrogates, which have none, in the values that it is given. */
export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}
