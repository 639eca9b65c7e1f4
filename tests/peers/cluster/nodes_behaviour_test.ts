// The queue behaves over three nodes as it does on one: its tests run again.

import { useNodes } from "../../test_queue.ts";
import { openNodes } from "../../queue/cluster/nodes.ts";

useNodes((options) => openNodes(options, 3));

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
