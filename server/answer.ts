// One line of an answer as text.

import type { Parts } from "../protocol/message.ts";
import { encodeText } from "../protocol/strings.ts";

// Clients read no longer lines; what may be longer belongs in a body.
const LONGEST = 65_000;

/** The parts of a line as they are. Throws `RangeError` for a line that a client would not read. */
export function fitting(parts: Parts): Parts {
  const { text } = parts;
  if (text.length * 3 > LONGEST && encodeText(text).length > LONGEST) {
    throw new RangeError(`a line of a reply has ${text.length} characters; use a body`);
  }
  return parts;
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
