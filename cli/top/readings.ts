// Reading after reading of a server, at the pace that was asked for.

import type { DynamicClient } from "../../client/mod.ts";
import { asError } from "../../client/errors.ts";
import { Reading, type Sample, takeSample } from "./sample.ts";

/** How long an answer may take at least, in ms. */
const PATIENCE_MS = 10_000;

/** How readings follow each other. */
export interface PollOptions {
  /** From one to the next, in ms. */
  readonly interval: number;
  /** Resolves after so many ms, or before where somebody does not want to wait. */
  readonly pause: (ms: number) => Promise<void>;
}

/** A reading, the first without rates, or why there is none this time; without end. */
export async function* readings(
  client: DynamicClient,
  { interval, pause }: PollOptions,
): AsyncGenerator<Reading | Error, never, void> {
  let before: Sample | undefined;
  for (;;) {
    const began = performance.now();
    try {
      const sample = await takeSample(client, Math.max(interval, PATIENCE_MS));
      yield new Reading(sample, before);
      before = sample;
    } catch (error) {
      yield asError(error);
    }
    await pause(Math.max(0, began + interval - performance.now()));
  }
}
