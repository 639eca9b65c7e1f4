// One line of an answer as text.

import {
  type Parts,
  type Values,
  type WireShape,
  writeParts,
} from "../../dialects/lineup1/message.ts";
import { encodeText } from "../../protocol/strings.ts";

/** The most bytes of a reply's line: clients read no longer ones. What may be longer belongs in a body. */
export const LONGEST = 65_000;

/**
 * The parts of a reply's line. Throws `RangeError` for a line that a client would not read, however long, at once; and
 * as `writeParts` does.
 */
export function replyParts(shape: WireShape, values: Values | undefined): Parts {
  const parts = writeParts(shape, values, LONGEST);
  if (!fits(parts.text)) {
    throw new RangeError(`a line of a reply has more than ${LONGEST} bytes; use a body`);
  }
  return parts;
}

/** Whether a client reads a line of this text. */
export function fits(text: string): boolean {
  const { length } = text;
  return length * 3 <= LONGEST || length <= LONGEST && encodeText(text).length <= LONGEST;
}

/** A line with its end; a body goes behind it. */
export function answerLine(
  tag: string | undefined,
  head: string,
  { text, body }: Parts,
  timing: string,
  eol: string,
): string {
  const start = tag === undefined ? head : `#${tag} ${head}`;
  return start + text + timing + (body === undefined ? eol : ` {${body.length}}${eol}`);
}

/** What `timing=on` adds to a final line; times in ms. */
export function timingText(waited: number, took: number): string {
  return ` waited=${rounded(waited)} took=${rounded(took)}`;
}

function rounded(ms: number): string {
  return String(Math.round(ms * 1000) / 1000);
}
