// What an ERR line says of a failure, and which failures it can say.

import { isOptionName } from "../../protocol/names.ts";
import { formatWord, quote } from "../../protocol/quoting.ts";
import type { Failure } from "../dialect.ts";
import { fits, LONGEST } from "./answer.ts";

/** The text behind `ERR`. */
export function failureText({ code, message, retry, executed, details }: Failure): string {
  // A handler may cut a text in the middle of a character; that must not fail a second time.
  let text = ` ${code} ${quote(message.toWellFormed())}`;
  if (executed !== undefined) text += ` executed=${executed}`;
  if (Number.isFinite(retry)) text += ` retry=${Math.max(0, Math.ceil(retry!))}`;
  if (details === undefined) return text;
  for (const [name, value] of Object.entries(details)) {
    text += ` ${name}=${formatWord(String(value).toWellFormed())}`;
  }
  return text;
}

/** Whether a client reads the line of this failure. */
export function isReadable(failure: Failure): boolean {
  return Object.keys(failure.details ?? {}).every(isDetail) && isShort(failure);
}

// A client refuses a line that has a name twice.
function isDetail(name: string): boolean {
  return isOptionName(name) && !["executed", "retry", "waited", "took"].includes(name);
}

/** Whether the line is short enough. One whose parts are too long already is never written. */
function isShort(failure: Failure): boolean {
  let length = failure.message.length;
  for (const [name, value] of Object.entries(failure.details ?? {})) {
    length += name.length + String(value).length + " =".length;
  }
  // In quotes a character takes four at most: most lines need no closer look.
  return length < LONGEST / 8 || length <= LONGEST && fits(failureText(failure));
}
