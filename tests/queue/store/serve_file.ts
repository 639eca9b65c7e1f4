// A program: a queue server for tests that kill it, `serve_file.ts FILE`. It prints its address.

import { openQueue, queueProtocol, sqliteStore } from "@lineup/lineup/queue";
import { serve } from "@lineup/lineup/server";

const queue = await openQueue({ store: await sqliteStore(Deno.args[0]) });
const server = await serve(queueProtocol, queue.handlers, {
  port: 0,
  signals: true,
  stats: queue.stats,
});
console.log(server.address);
await server.finished;
await queue.close();
