// The arguments of a line.

import { Refusal } from "../../protocol/errors.ts";

const SPACES = /[ \t]+/;

/** The words between white space; of more than `most`, the last one has the rest of the line. */
export function splitWords(line: string, most: number = Infinity): string[] {
  const words: string[] = [];
  let rest = line.replace(/^[ \t]+|[ \t]+$/g, "");
  while (rest !== "") {
    const space = words.length + 1 < most ? SPACES.exec(rest) : null;
    words.push(space === null ? rest : rest.slice(0, space.index));
    rest = space === null ? "" : rest.slice(space.index + space[0].length);
  }
  return words;
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
    } else if (character === " " || character === "\t") {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? "") + character;
  }
  if (quote !== "") throw new Refusal("bad-arguments", `A ${quote} is not closed.`);
  if (word !== undefined) words.push(word);
  return words;
}
