// The limits of a server. A request that it would refuse is not sent.

import { Refusal } from "../protocol/errors.ts";
import { encodeText } from "../protocol/strings.ts";
import type { Greeting } from "./greeting.ts";
import type { Outgoing } from "./session.ts";

/** Throws the refusal of a server for a request that is too long for it. */
export function needRoom({ head, text, body }: Outgoing, { maxLine, maxBody }: Greeting): void {
  // A tag takes up to 12 characters, a length as many; a character takes up to 3 bytes.
  if (
    text.length * 3 + head.length + 24 > maxLine &&
    encodeText(head + text).length + 24 > maxLine
  ) tooMuch("line-too-long", maxLine, "line");
  if (body && body.length > maxBody) tooMuch("body-too-large", maxBody, "body");
}

/** Throws the refusal of a server for a line or a body of more than `most` bytes. */
export function tooMuch(code: string, most: number, what: string): never {
  throw new Refusal(code, `The server takes at most ${most} bytes of ${what}.`);
}
