import { LONG, SEED, seededRandom } from "../seeded_random.ts";
import { type Tally, WorkSimulation } from "./work_simulation.ts";

const SEEDS = 6;
const STEPS = 400;

Deno.test(`work keeps its promises in ${SEEDS * LONG} lives of handlers, connections and servers that fail`, async () => {
  const total: Partial<Tally> = {};
  for (let seed = SEED; seed < SEED + SEEDS * LONG; seed++) {
    const simulation = new WorkSimulation(seededRandom(seed));
    try {
      await simulation.run(STEPS);
    } catch (error) {
      throw new Error(`failed with LINEUP_SEED=${seed}`, { cause: error });
    }
    for (const [name, count] of Object.entries(simulation.tally) as [keyof Tally, number][]) {
      total[name] = (total[name] ?? 0) + count;
    }
  }
  for (const [name, count] of Object.entries(total)) {
    if (count < 2 * SEEDS * LONG) throw new Error(`there were ${count} of ${name}: too few`);
  }
});
