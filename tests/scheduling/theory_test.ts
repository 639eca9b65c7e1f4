import { assert, assertAlmostEquals } from "@std/assert";
import { fixedSeats } from "../../scheduling/mod.ts";
import { exponential, LONG, withSeed } from "../seeded_random.ts";
import { mean, Simulation, UNBOUNDED } from "./simulation.ts";

/** Mean waits of k servers with a service time of 1 ms and a load of 0.7. */
const QUEUES = [
  {
    name: "M/M/1",
    seats: 1,
    service: (random: () => number) => exponential(random, 1),
    wait: 0.7 / 0.3,
  },
  { name: "M/D/1", seats: 1, service: () => 1, wait: 0.7 / (2 * 0.3) },
  {
    name: "M/M/4",
    seats: 4,
    service: (random: () => number) => exponential(random, 1),
    wait: erlangC(4, 2.8) / (4 - 2.8),
  },
];

/** The probability that a request waits for one of k seats, with an offered load of a. */
function erlangC(k: number, a: number): number {
  let term = 1;
  let sum = 0;
  for (let n = 0; n < k; n++) {
    sum += term;
    term *= a / (n + 1);
  }
  const all = term * k / (k - a);
  return all / (sum + all);
}

const CLASSES = ["interactive", "normal", "bulk", "background"];

for (const { name, seats, service, wait } of QUEUES) {
  Deno.test(`Scheduler makes ${name} wait as long as theory says, and obeys Little's law`, () => {
    withSeed((random) => {
      const simulation = new Simulation(random, { ...UNBOUNDED, seats: fixedSeats(seats) });
      const flows = 20;
      for (let i = 0; i < flows; i++) {
        simulation.source({
          key: `flow ${i}`,
          class: CLASSES[i % 4],
          rate: 0.7 * seats / flows,
          service,
        });
      }
      // LINEUP_LONG=4 makes it more than a million requests, and the tolerance 3 %.
      const duration = 400_000 * LONG / seats;
      let inside = 0;
      const every = 25;
      const sample = () => {
        const { classes } = simulation.scheduler.statistics(0);
        for (const { waiting, running } of classes) inside += waiting + running;
        simulation.clock.after(every, sample);
      };
      simulation.clock.after(every, sample);
      simulation.run(duration);

      const { sources } = simulation;
      const measured = mean(sources.flatMap((source) => source.waits));
      assertAlmostEquals(measured, wait, (LONG < 4 ? 0.05 : 0.03) * wait);
      const sent = sources.reduce((sum, source) => sum + source.sent, 0);
      const used = sources.reduce((sum, source) => sum + source.used, 0);
      const inSystem = inside / (duration / every);
      const law = (sent / duration) * (measured + used / sent);
      assert(Math.abs(inSystem / law - 1) < 0.02, `L = ${inSystem}, lambda W = ${law}`);
    });
  });
}
