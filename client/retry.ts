// When a request is sent again, and when it is better not sent at all.

import type { Call } from "../dialects/lineup1/calls.ts";
import { type Executed, Refusal } from "../protocol/errors.ts";
import { decay } from "../scheduling/decay.ts";
import type { Clock } from "../scheduling/clock.ts";
import { ConnectionLost } from "./errors.ts";

/** How failures are met. */
export interface RetryOptions {
  /** How often a request is sent at most, or a connection tried for it; 1 never sends again. Default 4. */
  attempts?: number;
  /** The first pause is between 0 and twice this, in milliseconds; each further one up to twice as long. Default 50. */
  base?: number;
  /** The longest pause for one address, in milliseconds. Default 2000. */
  cap?: number;
  /**
   * Requests that may be sent again for each request, so that clients do not multiply the load of a server that fails. All
   * calls of a client share it, whatever their `retries`: 5 at once (or this, if it is more), and one more in 10 s. A call
   * for which nothing is left is not sent again. `Infinity` is no budget; a server that refuses most is left alone all the
   * same (`Throttled`). Default 0.2.
   */
  budget?: number;
}

/** The codes for a failure of the server, not of the request. */
const FAILING = ["busy", "quota", "draining", "internal"];
/** Standard codes after which a request may have had an effect. */
const MAYBE = ["expired", "cancelled", "internal"];

/** Whether an answer says that the server cannot serve. */
export function isFailing(error: Error): boolean {
  return !(error instanceof Refusal) || FAILING.includes(error.code);
}

/** Whether sending again could help. */
export function isPassing(error: Error): boolean {
  return isFailing(error) || (error as Refusal).retry !== undefined;
}

/** Whether the request that failed so may have had an effect; `own` are the codes of the command. */
export function executedOf(error: Error, own: Call["errors"] = {}): Executed {
  if (error instanceof ConnectionLost) return error.executed;
  if (!(error instanceof Refusal)) return "maybe";
  const { code, executed } = error;
  return executed ?? (own[code]?.executed === "maybe" || MAYBE.includes(code) ? "maybe" : "no");
}

/** The longest that a server can make a client wait before it asks again, in ms. */
const MOST_HINT_MS = 3_600_000;

/** The pause that a server asks for, in milliseconds: an hour at most. */
export function hintOf(error: Error): number {
  const { retry = 0 } = error as Partial<Refusal>;
  return Math.min(retry, MOST_HINT_MS);
}

/**
 * A pause before the try after `failures`: anything up to `base` * 2^failures, at most `cap`, so that those who failed
 * together do not come back together (full jitter: M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog,
 * 2015).
 */
export function backoff(failures: number, base: number, cap: number, random: number): number {
  return random * Math.min(cap, base * 2 ** failures);
}

const MOST_TOKENS = 5;
const TOKENS_PER_MS = 1 / 10_000;

/**
 * A token bucket of retries: each request adds `share`, each retry takes one, so that clients of a server that fails
 * send little more than they do otherwise (RetryBudget of Finagle, which has 20 % and a floor; its floor of 10 a second
 * is too much where each of a thousand clients has it).
 */
export function retryBudget(share: number, clock: Clock): {
  earn(): void;
  spend(): boolean;
} {
  const most = Math.max(MOST_TOKENS, share);
  let tokens = most;
  let since = clock.now();
  const add = (more: number): number => tokens = Math.min(most, tokens + more);
  return {
    earn() {
      add(share);
    },
    spend() {
      const now = clock.now();
      const may = add((now - since) * TOKENS_PER_MS) >= 1;
      since = now;
      if (may) tokens--;
      return may;
    },
  };
}

const K = 2;
const MOST_REFUSED = 0.75;
const FEWEST = 10;
const FADE_MS = 120_000;

/**
 * Adaptive throttling (B. Beyer et al., "Site Reliability Engineering", O'Reilly 2016, "Handling Overload"): of the
 * requests of late the server accepted `accepts`; the share that is refused here is
 * max(0, (requests - K * accepts) / (requests + 1)), K = 2. It is at most 75 %, so that an end of the trouble is seen
 * (`MaxDropProbability` of Finagle). The share is kept by counting, not by lot: of four requests in a row one always
 * goes through. Requests count once their answer is known, for many are in flight at a time; fewer than 10 say nothing.
 * The counts fade with a time constant of two minutes, the length of the window in the book: of requests that
 * come evenly both hold as many.
 */
export function adaptiveThrottle(clock: Clock, random: () => number): {
  /** Whether to refuse a request, which then counts as one that was not accepted. */
  refuses(): boolean;
  /** Counts a request that was answered, or lost. */
  tally(accepted: boolean): void;
} {
  let requests = 0, accepts = 0;
  /** The refusals that are due, less those that were made; each client begins elsewhere. */
  let due = random();
  let countedAt = clock.now();
  const fade = (): void => {
    const now = clock.now();
    const kept = decay(now - countedAt, FADE_MS);
    countedAt = now;
    requests *= kept;
    accepts *= kept;
  };
  const tally = (accepted: boolean): void => {
    fade();
    requests++;
    if (accepted) accepts++;
  };
  return {
    refuses() {
      // Where enough was accepted, that it fades changes nothing.
      if (requests <= K * accepts) return false;
      fade();
      if (requests < FEWEST) return false;
      due += Math.min((requests - K * accepts) / (requests + 1), MOST_REFUSED);
      if (due < 1) return false;
      due--;
      tally(false);
      return true;
    },
    tally,
  };
}
