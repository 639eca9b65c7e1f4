// Whether a call that failed is sent again, and when.

import type { Clock } from "../scheduling/clock.ts";
import { Refusal } from "../protocol/errors.ts";
import type { PendingCall } from "./call.ts";
import { ConnectionLost } from "./errors.ts";
import {
  adaptiveThrottle,
  backoff,
  executedOf,
  hintOf,
  isFailing,
  isPassing,
  retryBudget,
  type RetryOptions,
} from "./retry.ts";

/** The decisions about the calls of one client. */
export interface RetryPolicy {
  /** Whether a call may be sent once more, by the number of its attempts. */
  hasMore(call: PendingCall): boolean;
  /** Counts a new call; false where it is refused here, because the server refuses most. */
  admits(): boolean;
  /** Counts an attempt by its outcome. */
  tally(error: Error | undefined): void;
  /** The pause before the next attempt in ms; `undefined` for no further attempt. */
  pauseFor(call: PendingCall, error: Error): number | undefined;
}

/** Whether a server refuses requests because it shuts down: it is gone soon, so nothing multiplies its load. */
function isLeaving(error: Error | undefined): boolean {
  return error instanceof Refusal && error.code === "draining";
}

/** The policy of a client. */
export function createRetryPolicy(
  { attempts, base, cap, budget: share }: Required<RetryOptions>,
  clock: Clock,
  random: () => number,
): RetryPolicy {
  const budget = retryBudget(share, clock);
  const throttle = adaptiveThrottle(clock, random);
  const hasMore = ({ tries, retries = attempts - 1 }: PendingCall): boolean => tries <= retries;
  return {
    hasMore,
    admits() {
      if (throttle.refuses()) return false;
      budget.earn();
      return true;
    },
    tally(error) {
      // It says nothing of the server that takes over.
      if (isLeaving(error)) return;
      throttle.tally(!error || !isFailing(error));
    },
    pauseFor(call, error) {
      if (call.unrepeatable || !hasMore(call)) return undefined;
      const executed = executedOf(error, call.call.errors);
      if (!isPassing(error) || (executed !== "no" && !call.call.idempotent)) return undefined;
      const isLost = error instanceof ConnectionLost && executed === "no";
      const ms = isLost ? 0 : hintOf(error) + backoff(call.tries, base, cap, random());
      if (clock.now() + ms >= call.deadline) return undefined;
      // A request that was never written costs the server nothing; those of one broken connection cost little.
      const isFree = isLost || isLeaving(error) ||
        (!(error instanceof Refusal) && call.triedOn!.failures < 2);
      if (!isFree && (!budget.spend() || throttle.refuses())) return undefined;
      return ms;
    },
  };
}
