// Text from elsewhere, made safe for terminals and logs.

import { excerpt } from "./quoting.ts";

// Controls, lone surrogates, line separators, and characters without a shape: they turn the direction of text around,
// join, hide or tag.
const UNSAFE =
  /(?![\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}])[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;
const PLAIN = /^[\x20-\x7e]*$/;
const JOINER = /[\u200c\u200d]/;
const PICTURE = /\p{Extended_Pictographic}[\u{1f3fb}-\u{1f3ff}]?\ufe0f?$/u;
// Scripts in which an invisible character joins or parts letters.
const JOINING =
  /[\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Kannada}\p{Script=Tamil}\p{Script=Telugu}]$/u;
const KEYCAP = /[0-9#*]$/;
/** The most characters that are read before an invisible one, to judge it. */
const BEFORE = 8;

// Deno begins a colour with a reset and ends it with one. A text that Deno quotes may have other colours.
// deno-lint-ignore no-control-regex
const COLOURS = /\x1b\[0m(?:\x1b\[[0-9;]*m)*/g;

/** A message of Deno without Deno's own colours. Everything else stays, for `printable`. */
export function withoutColours(text: string): string {
  return text.replace(COLOURS, "");
}

/**
 * A line of text in which each character that a terminal would act upon, or that nobody could see, is an escape:
 * `\xHH`, `\u{HHHH}`. The joiners of emoji and of scripts that need them stay.
 */
export function printable(text: string): string {
  if (PLAIN.test(text)) return text;
  return text.replace(UNSAFE, (character, at: number) => {
    if (shapes(character, text, at)) return character;
    const code = character.codePointAt(0)!.toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u{${code}}`;
  });
}

/** Any text for a message: shortened, in quotes, and safe for a terminal. */
export function show(text: string): string {
  return printable(excerpt(text));
}

/** As `printable`, for a text of several lines: line feeds and tabs stay, and CRLF becomes a line feed. */
export function printableLines(text: string): string {
  if (!/[\n\t]/.test(text)) return printable(text);
  return text.replaceAll("\r\n", "\n").split("\n")
    .map((line) => line.split("\t").map(printable).join("\t")).join("\n");
}

/** Whether an invisible character belongs to the characters beside it. */
function shapes(character: string, text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - BEFORE), at);
  const after = text.slice(at + 1, at + 3);
  if (JOINER.test(character)) {
    return JOINING.test(before) ||
      (character === "\u200d" && PICTURE.test(before) && /^\p{Extended_Pictographic}/u.test(after));
  }
  if (character !== "\ufe0e" && character !== "\ufe0f") return false;
  return /\p{Extended_Pictographic}$/u.test(before) ||
    (KEYCAP.test(before) && after.startsWith("\u20e3"));
}
