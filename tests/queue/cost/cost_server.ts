// Runs `lineup` and reports its memory: `deno run --v8-flags=--expose-gc cost_server.ts queue ...`. For each line on
// standard input, it collects its garbage and writes a line of JSON. It ends with standard input: a test that is killed
// leaves no server behind.

import { main } from "../../../cli/main.ts";
import { collectGarbage } from "../../garbage.ts";

/** The memory of a server in bytes. */
export interface CostReport {
  /** The heap, and buffers beside it. */
  readonly heap: number;
  readonly rss: number;
}

async function tell(): Promise<void> {
  for await (const _ of Deno.stdin.readable) {
    await collectGarbage();
    const { heapUsed, external, rss } = Deno.memoryUsage();
    console.log(JSON.stringify({ heap: heapUsed + external, rss } satisfies CostReport));
  }
  Deno.exit();
}

if (import.meta.main) {
  tell();
  Deno.exit(await main(Deno.args));
}
