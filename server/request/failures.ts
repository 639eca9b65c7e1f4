// The failures that the server itself answers, and the check whether a handler's error may be answered as it is.

import type { DialectSession, Failure } from "../../dialects/dialect.ts";
import type { CompiledCommand } from "../../protocol/compile.ts";
import { Refusal } from "../../protocol/errors.ts";
import type { RefusalReason } from "../../scheduling/ticket.ts";
import { drainingFailure } from "../admission/draining.ts";
/** The message of a request that is refused for the load. */
export const BUSY = "The server has too much to do.";

/** The failure for a request that the scheduler refuses; `expired` is the dialect's message for a time-out. */
export function refusedFailure(
  reason: RefusalReason,
  retry: number,
  expired: string,
  scope?: string,
): Failure {
  switch (reason) {
    case "busy":
      return { code: "busy", message: BUSY, retry };
    case "quota": {
      const message = "Requests come faster than this client's rate.";
      const details = scope === undefined ? undefined : { scope };
      return { code: "quota", message, retry, details };
    }
    case "expired":
      return { code: "expired", message: expired, executed: "no" };
    case "draining":
      return { ...drainingFailure, retry };
  }
}

/** Whether the command declares an error, and the client can read it as it is. */
export function isDeclared(
  error: unknown,
  { errors }: CompiledCommand,
  session: DialectSession,
): error is Refusal {
  return error instanceof Refusal && errors.has(error.code) && session.carries(error);
}

/** The code of a `Refusal` that the command does not declare; `undefined` for every other error. */
export function undeclaredCode(error: unknown, { errors }: CompiledCommand): string | undefined {
  return error instanceof Refusal && !errors.has(error.code)
    ? String(error.code).slice(0, 100)
    : undefined;
}
