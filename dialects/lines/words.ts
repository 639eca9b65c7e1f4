// The arguments of a line.

import { Refusal } from "../../protocol/errors.ts";

/** The words between white space; of more than `most`, the last one has the rest of the line. */
export function splitWords(line: string, most: number = Infinity): string[] {
  const words: string[] = [];
  const stop = lineEnd(line);
  let at = 0;
  for (;;) {
    while (at < stop && isSpace(line[at])) at++;
    if (at === stop) return words;
    const start = at;
    if (words.length + 1 === most) at = stop;
    while (at < stop && !isSpace(line[at])) at++;
    words.push(line.slice(start, at));
  }
}

/** The end of a line without the white space at its end. */
function lineEnd(line: string): number {
  let end = line.length;
  while (end > 0 && isSpace(line[end - 1])) end--;
  return end;
}

function isSpace(character: string): boolean {
  return character === " " || character === "\t";
}

/**
 * The words of a line in which `quotes` keep white space, and `\` keeps the next character from its meaning. Throws a
 * `Refusal` for a quote or `\` without its end.
 */
export function splitQuoted(line: string, quotes: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let i = 0; i < line.length; i++) {
    const character = line[i];
    if (character === "\\") {
      if (++i === line.length) throw new Refusal("bad-arguments", "Nothing follows the last \\.");
      word = (word ?? "") + line[i];
    } else if (quote !== "") {
      if (character === quote) quote = "";
      else word += character;
    } else if (quotes.includes(character)) {
      quote = character;
      word ??= "";
    } else if (isSpace(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + character;
  }
  if (quote !== "") throw new Refusal("bad-arguments", `A ${quote} is not closed.`);
  if (word !== undefined) words.push(word);
  return words;
}
