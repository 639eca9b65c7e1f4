/** The outcome of a call. */
export interface ReplyInfo {
  /** The verb. */
  readonly verb: string;
  /** The address that answered last; `undefined` for a call that was never sent. */
  readonly address: string | undefined;
  /** How often it was tried. */
  readonly attempts: number;
  /** Milliseconds from the call to its end. */
  readonly ms: number;
  /** Milliseconds that it waited at the server; with the option `timing` only. */
  readonly waited: number | undefined;
  /** Milliseconds that it ran at the server; with the option `timing` only. */
  readonly took: number | undefined;
  /** The traceparent that went with it. */
  readonly trace: string | undefined;
  /** The error; `undefined` for a call that was answered with `OK`. */
  readonly error: Error | undefined;
}

/**
 * A call that failed and is sent again.
 *
 * @example
 * ```ts
 * import { connect, type RetryInfo } from "@lineup/lineup/client";
 * import { Refusal, serve } from "@lineup/lineup/server";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const press = { name: "press", version: "1.0", summary: "Prints.", commands: { PRINT: { summary: "Print." } } } as const;
 * let left = 2;
 * await using server = await serve(press, {
 *   PRINT() {
 *     if (left-- > 0) throw new Refusal("busy", "The press is warm in a moment.", { retry: 5 });
 *   },
 * }, { port: 0 });
 *
 * const told: RetryInfo[] = [];
 * await using client = await connect(press, server.address, { onRetry: (info) => told.push(info) });
 * await assertRejects(() => client.PRINT({}, { retries: 0 }), Refusal, "warm in a moment");
 * await client.PRINT();
 * assertEquals(told.map(({ verb, attempt, error }) => [verb, attempt, error.message]), [
 *   ["PRINT", 1, "The press is warm in a moment."],
 * ]);
 * ```
 */
export interface RetryInfo {
  /** The verb. */
  readonly verb: string;
  /** The address that was tried; `undefined` where there was no connection to any. */
  readonly address: string | undefined;
  /** How many attempts have failed so far. */
  readonly attempt: number;
  /** Milliseconds before it is sent again: `retry=` of the refusal, and a pause that grows. 0 is at once. */
  readonly ms: number;
  /** Why this attempt failed. */
  readonly error: Error;
}

/** The bounds of a call, and the functions that are told of its attempts and its end. */
export interface CallLimits {
  /** Milliseconds from now after which the answer is of no use: told to the server and kept to here. */
  within?: number;
  /** Cancels the call, here and at the server. */
  signal?: AbortSignal;
  /** A W3C traceparent for the server. */
  trace?: string;
  /**
   * How often it is sent again at most where it was refused with `retry=`, or the connection was lost; 0 never sends it
   * again. Default: `retry.attempts` of the client, less one, which is 3. More is allowed, but all calls of a client share
   * a budget (`retry.budget`): 5 at once, and then one for each 5 calls and one in 10 s. Once it is spent, a call fails
   * with its first refusal.
   */
  retries?: number;
  /** Is told each time that the call is sent again, before the pause. */
  onRetry?: (info: RetryInfo) => void;
  /** Is told the outcome of the call. */
  onReply?: (info: ReplyInfo) => void;
}
