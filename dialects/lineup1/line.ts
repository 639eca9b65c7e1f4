// What a line says, and its canonical form. `line_parser.ts` reads it back.

import { isOptionName, isVerb } from "../../protocol/names.ts";
import { formatWord, show } from "../../protocol/quoting.ts";

/** What a line of the grammar says; the body it announces comes after it. */
export interface Line {
  /** The tag without its `#`; `undefined` where there is none. */
  tag: string | undefined;
  /** A verb in upper case (requests), or `OK`, `ERR`, `*`, `!` (replies). */
  head: string;
  /** The positional words, unquoted, in order. */
  words: readonly string[];
  /** The options by name, unquoted. */
  options: ReadonlyMap<string, string>;
}

/** What follows a tag: a verb of a request, or the status of a reply. */
export type Side = "request" | "reply";

const TAG = /^[A-Za-z0-9._-]{1,32}$/;

/** Whether `text` can be a tag. */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/**
 * The canonical form of a line without its end, `bodyLength` being the bytes of the body behind it (-1, the default:
 * none). Throws `TypeError` for what the grammar cannot carry, so that nothing a caller passes can add a line or a
 * word.
 *
 * @example
 * ```ts
 * import { formatLine } from "@lineup/lineup/protocol";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const line = { tag: "7", head: "PUT", words: ["two words"], options: new Map([["key", "acme"]]) };
 * assertEquals(formatLine(line), '#7 PUT "two words" key=acme');
 * assertEquals(formatLine(line, 5), '#7 PUT "two words" key=acme {5}');
 * assertThrows(() => formatLine({ ...line, tag: "7 QUIT" }), TypeError);
 * ```
 */
export function formatLine(line: Line, bodyLength: number = -1): string {
  let text = "";
  if (line.tag !== undefined) {
    if (!isTag(line.tag)) throw new TypeError(`${show(line.tag)} cannot be a tag`);
    text = `#${line.tag} `;
  }
  const { head } = line;
  if (head !== "OK" && head !== "*" && head !== "!" && !isVerb(head)) {
    throw new TypeError(`${show(head)} cannot begin a line`);
  }
  text += head;
  for (const word of line.words) text += " " + formatWord(word);
  for (const [name, value] of line.options) {
    if (!isOptionName(name)) throw new TypeError(`${show(name)} cannot be the name of an option`);
    text += ` ${name}=${formatWord(value)}`;
  }
  if (bodyLength >= 0) text += ` {${bodyLength}}`;
  return text;
}
