// A queue server that reports its usage: `waiting_server.ts FILE`, with `--v8-flags=--expose-gc`. It prints its address,
// then a line of JSON for each line that it reads; for `collect` after a garbage collection.

import { cpuUsage } from "node:process";
import { openQueue, queueProtocol, sqliteStore } from "@lineup/lineup/queue";
import { serve } from "@lineup/lineup/server";

/** The usage of a process. */
export interface Usage {
  /** Bytes of the heap; of live objects only after a garbage collection. */
  readonly heap: number;
  /** Bytes of resident memory. */
  readonly rss: number;
  /** Milliseconds of CPU time since the start. */
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
