// A program: a queue server for tests that kill it, `serve_place.ts FILE` or `serve_place.ts URL` of a database. It prints its
// address.

import { openCluster, openQueue, queueProtocol, sqliteStore } from "@lineup/lineup/queue";
import { serve } from "@lineup/lineup/server";

/** How long after a kill the next server may take over, in ms. */
const TAKEOVER = 1000;

const [place] = Deno.args;
const queue = place.startsWith("postgres:")
  ? await openCluster(place, { takeover: TAKEOVER })
  : await openQueue({ store: await sqliteStore(place) });
const server = await serve(queueProtocol, queue.handlers, {
  port: 0,
  signals: true,
  stats: queue.stats,
});
console.log(server.address);
await server.finished;
await queue.close();
