// One line of an answer as text.

import { encodeText } from "../../protocol/strings.ts";
import type { RequestTimes } from "../dialect.ts";
import type { Values } from "../../protocol/shape.ts";
import { type Parts, type WireShape, writeParts } from "./message.ts";

/** The longest line of a reply, in bytes: clients refuse longer ones. What may be longer belongs in a body. */
export const LONGEST = 65_000;

/**
 * The parts of a reply's line. Throws `RangeError` for a line that a client would refuse, as soon as it is too long; and
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

/** The fields that `timing=on` adds to a final line. */
export function timingText(times: RequestTimes | undefined): string {
  if (times === undefined) return "";
  return ` waited=${rounded(times.waited)} took=${rounded(times.took)}`;
}

function rounded(ms: number): string {
  return String(Math.round(ms * 1000) / 1000);
}
