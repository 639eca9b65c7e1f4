// The queue server as `lineup queue` runs it, which tells on request what it uses: `waiting_server.ts FILE`, with
// `--v8-flags=--expose-gc`. Says where it listens, then a line of JSON for each line that it reads; for `collect` behind a
// garbage collection.

import { cpuUsage } from "node:process";
import { openQueue, queueProtocol, sqliteStore } from "@lineup/lineup/queue";
import { serve } from "@lineup/lineup/server";

/** What a server uses. */
export interface Usage {
  /** Bytes of objects: of live ones, behind a garbage collection. */
  readonly heap: number;
  /** Bytes of the process. */
  readonly rss: number;
  /** Milliseconds of CPU so far. */
  readonly cpu: number;
}

const [path] = Deno.args;
const store = path === ":memory:" ? undefined : await sqliteStore(path);
const queue = await openQueue({ store });
const server = await serve(queueProtocol, queue.handlers, { port: 0, stats: queue.stats });
console.log(server.address);

const { gc } = globalThis as unknown as { gc(): void };
for await (const line of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  for (let i = 0; i < 3 && line === "collect\n"; i++) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { heapUsed, rss } = Deno.memoryUsage();
  const { user, system } = cpuUsage();
  const usage: Usage = { heap: heapUsed, rss, cpu: (user + system) / 1000 };
  console.log(JSON.stringify(usage));
}
