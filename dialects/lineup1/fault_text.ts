// The answers to lines outside the grammar, for people who type them.

import { show } from "../../protocol/printable.ts";
import type { Fault, FaultKind } from "./fault.ts";

const SENTENCES: Readonly<Record<FaultKind, (word: string) => string>> = {
  "quote-end": () => "A space must follow the closing quote.",
  "body-length": () =>
    'A word that begins with "{" is a body\'s length: {n}, 1 to 10 digits, last on its line. Quote other words.',
  // `PUT mail{5}` would be a request without a body, and its intended body would run as requests.
  "closing-brace": () =>
    'A space must stand before a body\'s length {n}; quote a word that ends in "}".',
  "byte": (hex) =>
    `The byte ${hex} cannot occur in a line; ` +
    "write control characters as escapes in quotes, or send a counted body.",
  "carriage-return": () => "A carriage return must be followed by a line feed.",
  "empty-value": (name) => `Write an empty value of ${name} as ${name}="".`,
  "escape": (escape) =>
    `${show(escape)} is no escape; ` +
    'these are: \\" \\\\ \\n \\r \\t \\xHH (a code point to FF) \\u{H..}.',
  "hash-sign": () => 'Quote a word that begins with "#".',
  "open-quote": () => 'A quoted word has no closing quote (write a quote in it as \\").',
  "option-name": (name) =>
    `${show(name)} is no option name (lower case, digits, "-"); quote a word that holds "=".`,
  "repeated-option": (name) => `The option ${name} is given twice.`,
  "inner-quote": () => 'Write a quote inside a word as "\\"", with the whole word in quotes.',
  "status": (word) => `A reply begins with OK, ERR, * or !, not ${show(word)}.`,
  "tag": () => 'A tag is "#" and 1 to 32 of A-Z a-z 0-9 - _ . before the verb.',
  "text": () =>
    "A line is UTF-8 text without control characters; send other bytes as a counted body.",
  "value": (name) =>
    `Quote a value of ${name} that holds "=" or a quote, or begins with "#" or "{".`,
  "verb": (word) =>
    word === ""
      ? "A verb must follow the tag."
      : word.startsWith("\ufeff")
      ? "The line begins with a byte order mark (U+FEFF); send UTF-8 without one."
      : `A verb is a letter and up to 31 letters, digits or "-", not ${show(word)}.`,
};

/** A sentence about a fault, with the correct form where there is one. */
export function faultText({ kind, word }: Fault): string {
  return SENTENCES[kind](word);
}
