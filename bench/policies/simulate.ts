// One run of a simulated system.

import { exponential, SEED, seededRandom } from "../../tests/seeded_random.ts";
import { VirtualClock } from "../../testing/virtual_clock.ts";
import { DEADLINE, type System } from "./systems.ts";

/** The results of the jobs of one kind. */
export interface Outcome {
  /** How many arrived. */
  sent: number;
  /** How many were done before their deadline. */
  good: number;
  /** The times from arrival to end of the good ones, in milliseconds. */
  latencies: number[];
}

/** Offers `load` times the capacity, and `polite` times it by a polite client, for `ms` milliseconds. */
export function simulate(
  system: System,
  load: number,
  ms: number,
  polite = 0,
): { all: Outcome; polite: Outcome } {
  const random = seededRandom(SEED);
  const clock = new VirtualClock();
  const all: Outcome = { sent: 0, good: 0, latencies: [] };
  const few: Outcome = { sent: 0, good: 0, latencies: [] };
  const { arrive } = system(clock, random, (job) => {
    const latency = clock.now() - job.arrived;
    if (latency > DEADLINE) return;
    for (const outcome of job.polite ? [all, few] : [all]) {
      outcome.good++;
      outcome.latencies.push(latency);
    }
  });
  const end = clock.now() + ms;
  const source = (rate: number, isPolite: boolean) => {
    if (rate === 0) return;
    const gap = exponential(random, 1 / rate);
    if (clock.now() + gap >= end) return;
    clock.after(gap, () => {
      for (const outcome of isPolite ? [all, few] : [all]) outcome.sent++;
      arrive({ arrived: clock.now(), service: exponential(random, 1), polite: isPolite });
      source(rate, isPolite);
    });
  };
  source(load, false);
  source(polite, true);
  clock.advance(ms);
  return { all, polite: few };
}
