// The text of one line of an answer.

import { encodeText } from "../../protocol/strings.ts";
import type { RequestTimes } from "../dialect.ts";
import type { Values } from "../../protocol/shape.ts";
import { type LineParts, type WireShape, writeParts } from "./message.ts";

/** The longest line of a reply, in bytes: clients refuse longer ones. Longer values belong in a body. */
export const LONGEST = 65_000;

/**
 * The parts of the line of a reply. Throws `RangeError` as soon as the line is too long for a client, and the errors of
 * `writeParts`.
 */
export function replyParts(shape: WireShape, values: Values | undefined): LineParts {
  const parts = writeParts(shape, values, LONGEST);
  if (!fits(parts.text)) {
    throw new RangeError(`a line of a reply has more than ${LONGEST} bytes; use a body`);
  }
  return parts;
}

/** Whether a client takes a line with this text. */
export function fits(text: string): boolean {
  const { length } = text;
  return length * 3 <= LONGEST || length <= LONGEST && encodeText(text).length <= LONGEST;
}

/** A line with its end. A body follows it. */
export function answerLine(
  tag: string | undefined,
  head: string,
  { text, body }: LineParts,
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
