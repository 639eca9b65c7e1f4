// The queue behaves on PostgreSQL as it does in memory: its tests run again.

import { postgresStore } from "@lineup/lineup/queue";
import { useStores } from "../../test_queue.ts";
import { type Cluster, startCluster, UNSAFE } from "./cluster.ts";

let cluster: Cluster;
let queues = 0;
Deno.test.beforeAll(async () => {
  cluster = await startCluster(UNSAFE);
});
Deno.test.afterAll(async () => await cluster[Symbol.asyncDispose]());
useStores(async () => {
  const store = await postgresStore(cluster.url(), { schema: `queue_${++queues}` });
  // A look at the inbox every two seconds is a timer that these tests do not know.
  return { ...store, inbox: undefined };
});

/**
 * Left out: `clocks`, `schedules` and `endings` let virtual time pass without an answer to wait for, and here changes are
 * stored in real time; `crowd`, `slices` and `sweeps` are about size; `model` and `simulation` bring their own stores.
 */
const files = [
  "engine/attempts",
  "engine/commands",
  "engine/expiry",
  "engine/fairness",
  "engine/leases",
  "engine/limits",
  "engine/rates",
  "engine/read_only",
  "engine/results",
  "engine/takers",
  "engine/turns",
  "engine/unique",
  "protocol/protocol",
];
for (const file of files) await import(`../../queue/${file}_test.ts`);
