// The parts of a line, and its canonical form. `line_parser.ts` reads it back.

import { isOptionName, isVerb } from "../../protocol/names.ts";
import { show } from "../../protocol/printable.ts";
import { formatWord } from "../../protocol/quoting.ts";

/** The parts of one line. A body that it announces follows it. */
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

/** The direction of a line: a request begins with a verb, a reply with a status. */
export type Side = "request" | "reply";

const TAG = /^[A-Za-z0-9._-]{1,32}$/;

/** Whether `text` can be a tag. */
export function isTag(text: string): boolean {
  return TAG.test(text);
}

/**
 * The canonical form of a line without its end. `bodyLength` is the length of the body behind it in bytes; -1, the
 * default, means no body. Throws `TypeError` for parts that the grammar cannot carry, so that no value can add a line or
 * a word.
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
