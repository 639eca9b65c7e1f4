// The words of a line as it is typed, finished or not, and their places in it.

import { isOptionName } from "../../protocol/names.ts";
import { unescape } from "../../protocol/quoting.ts";

/** A word, option, tag or length; it is `text[start, end)` of its line. */
export interface Token {
  readonly start: number;
  readonly end: number;
  readonly kind: "tag" | "verb" | "word" | "option" | "length";
  /** The name of an option. */
  readonly name?: string;
  /** The text without quotes and escapes; for an option, the text after `=`. */
  readonly value: string;
  /** The beginning of the value in the line. */
  readonly valueStart: number;
  readonly quoted: boolean;
  /** False for a quoted word without its closing quote. */
  readonly closed: boolean;
}

/** Splits a line into tokens. */
export function tokenise(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    while (text[at] === " " || text[at] === "\t") at++;
    if (at >= text.length) return tokens;
    const start = at;
    const equals = /^[^ \t"={#][^ \t"=]*=/.exec(text.slice(at))?.[0].length ?? 0;
    const name = text.slice(at, at + Math.max(0, equals - 1));
    const isOption = equals > 0 && isOptionName(name) && tokens.some(({ kind }) => kind === "verb");
    const valueStart = isOption ? at + equals : at;
    const quoted = text[valueStart] === '"';
    const word = quoted
      ? quotedWord(text, valueStart)
      : /^[^ \t]*/.exec(text.slice(valueStart))![0];
    const value = quoted ? unquote(word) : word;
    const kind = isOption ? "option" : kindOf(tokens, quoted, value);
    at = valueStart + word.length;
    tokens.push({
      start,
      end: at,
      kind,
      ...(isOption ? { name } : {}),
      value: kind === "tag" ? value.slice(1) : value,
      valueStart,
      quoted,
      closed: !quoted || /^"(?:[^"\\]|\\.)*"/s.test(word),
    });
  }
}

/** The kind of a token that is not an option, after the tokens before it. */
function kindOf(before: readonly Token[], quoted: boolean, value: string): Token["kind"] {
  if (before.length === 0 && !quoted && value.startsWith("#")) return "tag";
  if (!before.some(({ kind }) => kind === "verb")) return "verb";
  return !quoted && value.startsWith("{") ? "length" : "word";
}

/** The word from the quote at `at` to its end, with its closing quote and what is typed directly after that. */
function quotedWord(text: string, at: number): string {
  return /^"(?:[^"\\]|\\.)*(?:"[^ \t]*|\\?$)/s.exec(text.slice(at))![0];
}

function unquote(word: string): string {
  const inner = word.slice(1).replace(/(?<!\\)((?:\\\\)*)".*$/s, "$1");
  return inner.replace(
    /\\(?:x[0-9A-Fa-f]{2}|u\{[0-9A-Fa-f]{1,6}\}|.)/g,
    (escape) => unescape(escape) ?? escape,
  );
}
