// Readings of a server, one after the other.

import { asError } from "../client/errors.ts";

/** The least time that an answer has, in ms. */
const LEAST_TIMEOUT_MS = 10_000;

/** When readings are taken. */
export interface PollOptions {
  /** From one reading to the next, in ms. */
  readonly interval: number;
  /** Resolves after so many ms, or earlier to take the next reading at once. */
  readonly pause: (ms: number) => Promise<void>;
}

/** Waits for so many ms. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Readings without end. One that fails is an `Error`.
 *
 * @param take takes a reading in at most so many ms
 */
export async function* polled<R>(
  take: (within: number) => Promise<R>,
  { interval, pause }: PollOptions,
): AsyncGenerator<R | Error, never, void> {
  for (;;) {
    const began = performance.now();
    yield await take(Math.max(interval, LEAST_TIMEOUT_MS)).catch(asError);
    await pause(Math.max(0, began + interval - performance.now()));
  }
}
