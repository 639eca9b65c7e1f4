import { LONG, SEED, seededRandom } from "../../seeded_random.ts";
import { Simulation, type Tally } from "./simulation.ts";

// LINEUP_LONG=1000 makes it 100 million steps.
const STEPS = 100_000;
// The steps of a seed. A short life makes a failing seed easy to examine.
const A_SEED = 20_000;
// The steps between two lines of progress in a long run.
const TELL = 10_000_000;

Deno.test(`WorkQueue keeps its promises for ${STEPS * LONG} steps of clients, disks and processes that fail`, async () => {
  const total: Partial<Tally> = {};
  for (let seed = SEED; seed < SEED + STEPS * LONG / A_SEED; seed++) {
    const simulation = new Simulation(seededRandom(seed));
    try {
      await simulation.run(A_SEED);
    } catch (error) {
      throw new Error(`failed with LINEUP_SEED=${seed}`, { cause: error });
    }
    for (const [name, count] of Object.entries(simulation.tally) as [keyof Tally, number][]) {
      total[name] = (total[name] ?? 0) + count;
    }
    const steps = (seed + 1 - SEED) * A_SEED;
    if (steps % TELL === 0) console.error(`${steps / TELL} of ${STEPS * LONG / TELL} parts done`);
  }
  for (const [name, count] of Object.entries(total)) {
    if (count < LONG * 40) throw new Error(`there were ${count} of ${name}: too few`);
  }
});
