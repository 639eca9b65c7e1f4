// Calls on a standard stream that another process has made non-blocking: the mode holds for all processes that share
// it.

import { sleep } from "./timer.ts";

const FIRST_PAUSE_MS = 1, LONGEST_PAUSE_MS = 50;

/**
 * Calls `attempt` until it does not fail with `WouldBlock`, with pauses that grow to 50 ms. `again` is false for the
 * first call. Rejects with other errors.
 */
export async function retryBlocked<T>(attempt: (again: boolean) => Promise<T>): Promise<T> {
  for (let pause = FIRST_PAUSE_MS, again = false;; pause = nextPause(pause), again = true) {
    try {
      return await attempt(again);
    } catch (error) {
      if (!isBlocked(error)) throw error;
      await sleep(pause);
    }
  }
}

/** As `retryBlocked`; the pauses stop the whole thread. */
export function retryBlockedSync<T>(attempt: (again: boolean) => T): T {
  for (let pause = FIRST_PAUSE_MS, again = false;; pause = nextPause(pause), again = true) {
    try {
      return attempt(again);
    } catch (error) {
      if (!isBlocked(error)) throw error;
      sleepSync(pause);
    }
  }
}

/** Stops the whole thread for `ms` milliseconds. */
export function sleepSync(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function isBlocked(error: unknown): boolean {
  return error instanceof Error && error.name === "WouldBlock";
}

function nextPause(pause: number): number {
  return Math.min(2 * pause, LONGEST_PAUSE_MS);
}
