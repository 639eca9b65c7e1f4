// The width of text on a terminal, in columns, and text cut and wrapped to a width.
//
// string-width measures. Cutting and wrapping are ours: wrap-ansi, cli-truncate and cliui read escape codes in the text,
// which text here never holds, and each brings several packages and a string-width of its own.

import stringWidth from "string-width";

const ASCII = /^[\x20-\x7e]*$/;
const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** The characters of a text as a person counts them. */
export function graphemes(text: string): string[] {
  if (ASCII.test(text)) return text.split("");
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

/** The columns that a text without controls takes. */
export function width(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(text);
}

/** The end of the character that begins at `at`. */
export function nextCharacter(text: string, at: number): number {
  const [first = ""] = graphemes(text.slice(at, at + 64));
  return at + first.length;
}

/** The beginning of the character that ends at `at`. */
export function previousCharacter(text: string, at: number): number {
  const last = graphemes(text.slice(Math.max(0, at - 64), at)).at(-1) ?? "";
  return at - last.length;
}

/** The text if it fits, else its beginning and `…`. */
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

/** The text in rows of at most `columns` columns, broken at spaces; a word that is wider is broken inside. */
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

/** Adds the rows that a word fills, each of at least one character, and returns the rest of the word. */
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
