import { seededRandom } from "../../seeded_random.ts";
import { faultyCluster } from "./faulty_cluster.ts";
import type { NodeFaults } from "./simulated_node.ts";
import { Simulation } from "./simulation.ts";

/** The steps of a seed, and how many seeds there are at most. */
const STEPS = 10_000;
const SEEDS = 40;

/** Looks for a promise that is broken, from a seed on that has found one before. */
async function find(faults: NodeFaults, from: number): Promise<void> {
  for (let seed = from; seed < from + SEEDS; seed++) {
    try {
      await new Simulation(seededRandom(seed), faults).run(STEPS);
    } catch {
      return;
    }
  }
  throw new Error(`nothing was noticed in ${STEPS * SEEDS} steps`);
}

const inNode: readonly [what: string, NodeFaults, seed: number][] = [
  ["goes on with a new connection without raising its incarnation", { skipsRaise: true }, 7],
  ["loads a shard in the transaction that takes it over", { loadsInTakeover: true }, 3],
];

const inMembership: readonly [
  what: string,
  file: string,
  piece: string,
  becomes: string,
  seed: number,
][] = [
  [
    "counts its time from the answer to a renewal",
    "membership.ts",
    "this.#lease.renewed(sent)",
    "this.#lease.renewed(this.#lease.moment())",
    29,
  ],
  [
    "asks only the monotonic clock",
    "node_lease.ts",
    " && wall - this.#sent.wall < this.#sureMs",
    "",
    3,
  ],
  [
    "asks only the time of day",
    "node_lease.ts",
    "now - this.#sent.now < this.#sureMs && ",
    "",
    26,
  ],
  ["uses all of its time, although clocks drift", "node_lease.ts", "SURE = 0.75", "SURE = 1", 24],
  [
    "gives a shard away before its last commit",
    "cluster.ts",
    "await this.#shards.close(shard);\n    //",
    "this.#shards.close(shard);\n    //",
    2,
  ],
  ["joins again before its old shards are closed", "cluster.ts", "await lost;", "", 2],
];

for (const [what, faults, seed] of inNode) {
  Deno.test(`the simulation finds a node that ${what}`, () => find(faults, seed));
}

for (const [what, file, piece, becomes, seed] of inMembership) {
  Deno.test(`the simulation finds a node that ${what}`, async () => {
    await find({ Cluster: await faultyCluster(file, piece, becomes) }, seed);
  });
}
