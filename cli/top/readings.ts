// Readings of a server, one after the other.

import { asError } from "../../client/errors.ts";
import type { DynamicClient } from "../../client/mod.ts";
import { Reading, type Sample, takeSample } from "./sample.ts";

/** The least time that an answer to STATS has, in ms. */
const LEAST_TIMEOUT_MS = 10_000;

/** When readings are taken. */
export interface PollOptions {
  /** From one reading to the next, in ms. */
  readonly interval: number;
  /** Resolves after so many ms, or earlier to take the next reading at once. */
  readonly pause: (ms: number) => Promise<void>;
}

/** Readings without end, the first without rates. A reading that fails is an `Error`. */
export async function* readings(
  client: DynamicClient,
  { interval, pause }: PollOptions,
): AsyncGenerator<Reading | Error, never, void> {
  let before: Sample | undefined;
  for (;;) {
    const began = performance.now();
    try {
      const sample = await takeSample(client, Math.max(interval, LEAST_TIMEOUT_MS));
      yield new Reading(sample, before);
      before = sample;
    } catch (error) {
      yield asError(error);
    }
    await pause(Math.max(0, began + interval - performance.now()));
  }
}
