// What of an error may be sent, and how.

import type { CompiledCommand } from "../../protocol/compile.ts";
import { type Executed, Refusal } from "../../protocol/errors.ts";
import type { RefusalReason as Reason } from "../../scheduling/ticket.ts";
import { isOptionName } from "../../protocol/names.ts";
import { fits, LONGEST } from "./answer.ts";
import { formatWord, quote } from "../../protocol/quoting.ts";

/** Why a request is ended whose time is over. */
export const EXPIRED = "The time given by within= is over.";

/** Why a request is refused while the server drains. */
export const DRAINING = "The server is shutting down.";

/** What a line of ERR says. A `Refusal` says it too, but to make an exception costs more than all else of an answer. */
export interface ErrorLine {
  readonly code: string;
  readonly message: string;
  readonly retry?: number;
  readonly executed?: Executed;
  readonly details?: Readonly<Record<string, string>>;
}

/** Whether an error is one that the command declares, and can be sent as it is. */
export function isDeclared(error: unknown, { errors }: CompiledCommand): error is Refusal {
  return error instanceof Refusal && errors.has(error.code) &&
    Object.keys(error.details).every(isDetail) && isShort(error);
}

/** Whether a client reads the line, which is not written where its texts are too long already. */
function isShort(error: Refusal): boolean {
  let length = error.message.length;
  for (const [name, value] of Object.entries(error.details)) {
    length += name.length + String(value).length + " =".length;
  }
  // In quotes a character takes four at most: most lines need no closer look.
  return length < LONGEST / 8 || length <= LONGEST && fits(errorText(error));
}

// A name that the line has already would make it one that no client can read.
function isDetail(name: string): boolean {
  return isOptionName(name) && !["executed", "retry", "waited", "took"].includes(name);
}

/** What the scheduler refuses, as the client is told. */
export function refusalFor(reason: Reason, retry: number, scope?: string): ErrorLine {
  switch (reason) {
    case "busy":
      return { code: "busy", message: "The server has too much to do.", retry };
    case "quota": {
      const message = "Requests come faster than this client's rate.";
      return {
        code: "quota",
        message,
        retry,
        details: scope === undefined ? undefined : { scope },
      };
    }
    case "expired":
      return { code: "expired", message: EXPIRED, executed: "no" };
    case "draining":
      return { code: "draining", message: DRAINING, retry };
  }
}

/** What follows `ERR` on the line. */
export function errorText({ code, message, retry, executed, details }: ErrorLine): string {
  // What handlers put in may be cut in the middle of a character; that must not fail a second time.
  let text = ` ${code} ${quote(message.toWellFormed())}`;
  if (executed !== undefined) text += ` executed=${executed}`;
  if (Number.isFinite(retry)) text += ` retry=${Math.max(0, Math.ceil(retry!))}`;
  if (details === undefined) return text;
  for (const [name, value] of Object.entries(details)) {
    text += ` ${name}=${formatWord(String(value).toWellFormed())}`;
  }
  return text;
}
