// The queue behaves on PostgreSQL as it does in memory: its tests run again.

import { postgresStore } from "@lineup/lineup/queue";
import { useStores } from "../../test_queue.ts";
import { BEHAVIOUR } from "../behaviour_files.ts";
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

/** They let virtual time pass without an answer to wait for, and here changes are stored in real time. */
const LEFT_OUT = ["engine/clocks", "engine/endings", "engine/schedules"];

for (const file of BEHAVIOUR) {
  if (!LEFT_OUT.includes(file)) await import(`../../queue/${file}_test.ts`);
}
