// The ERR line of a failure, and the failures that it can carry.

import { isOptionName } from "../../protocol/names.ts";
import { formatWord, quote } from "../../protocol/quoting.ts";
import type { Failure } from "../dialect.ts";
import { fits, LONGEST } from "./answer.ts";

/** The text behind `ERR`. */
export function failureText({ code, message, retry, executed, details }: Failure): string {
  // A handler may cut a text within a character; writing the failure must not fail as well.
  let text = ` ${code} ${quote(message.toWellFormed())}`;
  if (executed !== undefined) text += ` executed=${executed}`;
  if (Number.isFinite(retry)) text += ` retry=${Math.max(0, Math.ceil(retry!))}`;
  if (details === undefined) return text;
  for (const [name, value] of Object.entries(details)) {
    text += ` ${name}=${formatWord(String(value).toWellFormed())}`;
  }
  return text;
}

/** Whether a client can read the line of this failure. */
export function isReadable(failure: Failure): boolean {
  return Object.keys(failure.details ?? {}).every(isDetail) && isShort(failure);
}

// A client refuses a line that has the same name twice.
function isDetail(name: string): boolean {
  return isOptionName(name) && !["executed", "retry", "waited", "took"].includes(name);
}

/** Whether the line is short enough. A line whose parts alone are too long is not built. */
function isShort(failure: Failure): boolean {
  let length = failure.message.length;
  for (const [name, value] of Object.entries(failure.details ?? {})) {
    length += name.length + String(value).length + " =".length;
  }
  // In quotes, a character takes at most four bytes: most lines need no closer look.
  return length < LONGEST / 8 || length <= LONGEST && fits(failureText(failure));
}
