// The queue behaves over several engines as it does over one: its tests run again.

import { useNodes } from "../../test_queue.ts";
import { openShardedNode } from "../../queue/cluster/local_shards.ts";

useNodes((options) => openShardedNode(options, 3));

/** Left out: `crowd`, `slices` and `sweeps` are about size; `model` and `simulation` bring their own engines. */
const files = [
  "engine/attempts",
  "engine/clocks",
  "engine/commands",
  "engine/endings",
  "engine/expiry",
  "engine/fairness",
  "engine/leases",
  "engine/limits",
  "engine/rates",
  "engine/read_only",
  "engine/results",
  "engine/schedules",
  "engine/takers",
  "engine/turns",
  "engine/unique",
  "protocol/protocol",
];
for (const file of files) await import(`../../queue/${file}_test.ts`);
