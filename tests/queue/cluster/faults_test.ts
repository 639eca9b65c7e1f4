import { assertMatch } from "@std/assert";
import { SEED, seededRandom } from "../../seeded_random.ts";
import { faultyCluster } from "./faulty_cluster.ts";
import type { NodeFaults } from "./simulated_node.ts";
import { Simulation } from "./simulation.ts";

/** The steps of a seed, and how many seeds there are at most. */
const STEPS = 10_000;
const SEEDS = 40;

/** The promise that is broken first, in words. Throws where none is. */
async function brokenBy(faults: NodeFaults): Promise<string> {
  for (let seed = SEED; seed < SEED + SEEDS; seed++) {
    try {
      await new Simulation(seededRandom(seed), faults).run(STEPS);
    } catch (error) {
      if (Deno.env.get("TELL")) console.log(seed, (error as Error).message);
      return (error as Error).message;
    }
  }
  throw new Error(`nothing was noticed in ${STEPS * SEEDS} steps`);
}

const inNode: readonly [string, NodeFaults, RegExp][] = [
  ["goes on with a new connection without raising its incarnation", { skipsRaise: true }, /./],
  ["loads a shard without asking who owns it", { skipsOwner: true }, /./],
  ["loads a shard in the transaction that takes it over", { loadsInTakeover: true }, /./],
];

const inMembership: readonly [string, file: string, piece: string, becomes: string, RegExp][] = [
  [
    "counts its time from the answer to a renewal",
    "cluster.ts",
    "this.#lease.renewed(sent)",
    "this.#lease.renewed(this.#lease.moment())",
    /./,
  ],
  [
    "asks only the monotonic clock",
    "node_lease.ts",
    " && wall - this.#sent.wall < this.#sureMs",
    "",
    /./,
  ],
  [
    "asks only the time of day",
    "node_lease.ts",
    "now - this.#sent.now < this.#sureMs && ",
    "",
    /./,
  ],
  [
    "uses all of its time, although clocks drift",
    "node_lease.ts",
    "SURE = 0.75",
    "SURE = 1",
    /./,
  ],
  [
    "gives a shard away before its last commit",
    "cluster.ts",
    "await this.#shards.close(shard);\n    if",
    "this.#shards.close(shard);\n    if",
    /./,
  ],
  [
    "joins again before its old shards are closed",
    "cluster.ts",
    "await lost;",
    "",
    /./,
  ],
  [
    "keeps a shard that it has lost",
    "owned_shards.ts",
    "life.isLost = true;\n      life.lost.resolve(error);\n      return this.close(shard);",
    "",
    /./,
  ],
  [
    "loads a shard twice",
    "cluster.ts",
    "if (!this.#shards.has(shard) && this.#mayBegin(shard))",
    "if (this.#shards.serving(shard) === undefined)",
    /./,
  ],
];

for (const [what, faults, broken] of inNode) {
  Deno.test(`the simulation finds a node that ${what}`, async () => {
    assertMatch(await brokenBy(faults), broken);
  });
}

for (const [what, file, piece, becomes, broken] of inMembership) {
  Deno.test(`the simulation finds a node that ${what}`, async () => {
    const Cluster = await faultyCluster(file, piece, becomes);
    assertMatch(await brokenBy({ Cluster }), broken);
  });
}
