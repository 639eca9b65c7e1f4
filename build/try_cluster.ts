// Starts PostgreSQL in a temporary folder and three nodes of a queue on this machine, and tells what to try.
//
//     deno task cluster

import { startCluster } from "../tests/peers/postgres/cluster.ts";
import { startNodes } from "../tests/peers/postgres/nodes.ts";

/** So many lines of a node's log are shown when it ends. */
const LOG_LINES = 20;

let isOver = false;
await using cluster = await startCluster();
await using nodes = await startNodes(cluster, 3);
console.log(`PostgreSQL listens on port ${cluster.port}; three nodes share one queue:`);
for (const [at, address] of nodes.addresses.entries()) {
  const [, port] = address.split(":");
  nodes.running[at].finished().then(({ code, err }) => {
    if (isOver) return;
    const log = err.trimEnd().split("\n").slice(-LOG_LINES).join("\n  ");
    console.log(`\n${address} has ended with the code ${code}. The end of its log:\n  ${log}`);
  });
  console.log(`  telnet 127.0.0.1 ${port}    process ${nodes.running[at].pid}`);
}
const [first] = nodes.running;
console.log(`
Try:
  PUT mail hello        at one of them
  TAKE mail             at another
  NODES                 tells who owns how many shards
  kill -9 ${first.pid}          its queues are served by the others five seconds later
  kill ${first.pid}             instead: it gives them away first, and nobody notices

Ctrl-C ends all of them and removes the folder.`);
await new Promise<void>((resolve) => Deno.addSignalListener("SIGINT", resolve));
isOver = true;
