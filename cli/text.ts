// Text as a terminal shows it: what can be shown, how wide it is, where a character ends.

import stringWidth from "string-width";
import { printableLines } from "../protocol/printable.ts";

export { printable } from "../protocol/printable.ts";

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** What a person takes for characters. */
export function graphemes(text: string): string[] {
  if (/^[\x20-\x7e]*$/.test(text)) return text.split("");
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** How many columns text takes that holds no controls. */
export function width(text: string): number {
  return /^[\x20-\x7e]*$/.test(text) ? text.length : stringWidth(text);
}

/** Where the character ends that begins at `at`. */
export function nextCharacter(text: string, at: number): number {
  const [first = ""] = graphemes(text.slice(at, at + 64));
  return at + first.length;
}

/** Where the character begins that ends at `at`. */
export function previousCharacter(text: string, at: number): number {
  const last = graphemes(text.slice(Math.max(0, at - 64), at)).at(-1) ?? "";
  return at - last.length;
}

/** As much of `text` as fits, with `…` in place of a rest. */
export function fit(text: string, columns: number): string {
  if (width(text) <= columns) return text;
  let fitted = "";
  let used = 1;
  for (const each of graphemes(text)) {
    used += width(each);
    if (used > columns) break;
    fitted += each;
  }
  return columns < 1 ? "" : fitted + "…";
}

/** Text in rows of so many columns, broken at spaces where there are some. */
export function wrap(text: string, columns: number): string[] {
  const rows: string[] = [];
  let row = "";
  for (const word of text.split(" ")) {
    let next = row === "" ? word : `${row} ${word}`;
    if (row !== "" && width(next) > columns) {
      rows.push(row);
      next = word;
    }
    row = width(next) > columns && columns > 0 ? breakWord(next, columns, rows) : next;
  }
  return [...rows, row];
}

/** Adds the rows that a word fills, each of one character at least; the rest of it. */
function breakWord(word: string, columns: number, rows: string[]): string {
  let row = "";
  let used = 0;
  for (const each of graphemes(word)) {
    const wide = width(each);
    if (row !== "" && used + wide > columns) {
      rows.push(row);
      row = "";
      used = 0;
    }
    row += each;
    used += wide;
  }
  return row;
}

/** A body as lines that are safe to print; line feeds and tabs stay, bytes that are not UTF-8 are escapes. */
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
