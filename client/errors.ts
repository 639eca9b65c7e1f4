import type { Frame } from "../dialects/lineup1/frame.ts";
import { type Executed, Refusal } from "../protocol/errors.ts";

/** The connection ended, or never began; `executed` says whether the request may have had an effect. */
export class ConnectionLost extends Error {
  /** The name of the class. */
  override readonly name = "ConnectionLost";
  /** `no` where the request was never written. */
  declare readonly executed: Executed;

  /** An error about a connection. */
  constructor(message: string, executed: Executed, options?: ErrorOptions) {
    super(message, options);
    this.executed = executed;
  }
}

/** The other end does not speak Lineup/1, or not the protocol that was asked for. The connection is closed. */
export class ProtocolError extends Error {
  /** The name of the class. */
  override readonly name = "ProtocolError";
}

/** No answer within the time of the call (`within`): code `expired`, whether the server said so or the client. */
export class DeadlineExceeded extends Refusal {}

/**
 * The client did not send the request: too many wait here, or the server has failed so many that it is left alone.
 * Code `busy`, `executed` `no`.
 */
export class Throttled extends Refusal {
  /** An error about a request that was never sent. */
  constructor(message: string) {
    super("busy", message, { executed: "no" });
  }
}

/** The error for input that no server of Lineup/1 sends. */
export function notLineup(why: string, cause?: unknown): ProtocolError {
  return new ProtocolError(`the server does not speak Lineup/1: ${why}`, { cause });
}

/** An `ERR` line as the exception that it was at the server. */
export function toRefusal({ words: [code = "internal", message = ""], options }: Frame): Refusal {
  const { retry, executed, ...details } = Object.fromEntries(options);
  const ms = parseFloat(retry);
  return new (code === "expired" ? DeadlineExceeded : Refusal)(code, message, {
    retry: ms >= 0 && ms < Infinity ? ms : undefined,
    executed: executed as Executed | undefined,
    details,
  });
}

/** The error of the last attempt, where an earlier one may have had an effect. */
export function asMaybe(error: Error): Error {
  const more = { executed: "maybe", cause: error } as const;
  if (error instanceof ConnectionLost) return new ConnectionLost(error.message, "maybe", more);
  if (!(error instanceof Refusal)) return error;
  return new Refusal(error.code, error.message, { ...error, ...more });
}

/** Whether an error is one of the client's own, and no error of a runtime. */
export function isKnown(error: unknown): error is Error {
  return [ConnectionLost, ProtocolError, Refusal].some((known) => error instanceof known);
}

/** Whatever was thrown as an `Error`. */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
