// A body as text for a terminal.

import { printableLines } from "../protocol/printable.ts";

/** A body with all controls but line feeds and tabs escaped. Bytes that are not UTF-8 become `\xHH`. */
export function printableBody(bytes: Uint8Array): string {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    text = "";
    for (const byte of bytes) {
      text += byte < 0x80 ? String.fromCharCode(byte) : `\\x${byte.toString(16)}`;
    }
  }
  return printableLines(text);
}
