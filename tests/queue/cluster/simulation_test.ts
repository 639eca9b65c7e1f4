import { LONG, SEED, seededRandom } from "../../seeded_random.ts";
import { Simulation } from "./simulation.ts";

// LINEUP_LONG=250 makes it 10 million steps.
const STEPS = 40_000;
// The steps of a seed. A short life makes a failing seed easy to examine.
const A_SEED = 20_000;

Deno.test(`Cluster keeps its promises for ${STEPS * LONG} steps of nodes, connections and a database that fail`, async () => {
  const total: Record<string, number> = {};
  for (let seed = SEED; seed < SEED + STEPS * LONG / A_SEED; seed++) {
    const simulation = new Simulation(seededRandom(seed));
    try {
      await simulation.run(A_SEED);
    } catch (error) {
      throw new Error(`failed with LINEUP_SEED=${seed}`, { cause: error });
    }
    for (const counts of [simulation.history.tally, simulation.faults]) {
      for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
    }
  }
  for (const [name, count] of Object.entries(total)) {
    if (count < LONG * 3) throw new Error(`there were ${count} of ${name}: too few`);
  }
});
