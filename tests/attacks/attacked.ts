// The server under attack, in a process of its own: `deno run --v8-flags=--expose-gc attacked.ts MEMORY SPEED`. Its
// first line is its address. For each line that it reads, it collects its garbage and prints a report.

import { type Handlers, serve } from "@lineup/lineup/server";
import type { protocol as TestProtocol } from "../test_server.ts";
import { collectGarbage } from "../garbage.ts";
import { protocol } from "../test_server.ts";

/** The memory and the timers of the server. */
export interface Report {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
  /** The number of timers that are set. */
  readonly timers: number;
}

/** The bytes by which the memory grows before the garbage is collected. */
const GARBAGE = 4 << 20;

const never = new Promise<never>(() => {});

// Unlike the handlers of a TestServer, these keep no records of their own.
const handlers: Handlers<typeof TestProtocol> = {
  ECHO: ({ body }) => ({ body }),
  SAY: ({ word }) => ({ word }),
  HOLD: (_, { signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  WAIT: (_, { park }) => park(never),
  async *FLOW({ count = Infinity, size }) {
    for (let i = 0; i < count; i++) {
      yield { text: "x".repeat(size) };
      await null;
    }
    return { count };
  },
  FAIL: () => ({ sum: 0 }),
  SECRET: () => {},
};

async function main(memory: number, speed: number): Promise<void> {
  let timers = 0;
  // The clock runs SPEED times as fast: a time-out of a minute passes in seconds.
  const clock = {
    now: () => performance.timeOrigin + performance.now() * speed,
    after(delay: number, action: () => void): () => void {
      timers++;
      let set = true;
      const timer = setTimeout(() => {
        timers--;
        set = false;
        action();
      }, delay / speed);
      return () => {
        if (set) timers--;
        set = false;
        clearTimeout(timer);
      };
    },
  };
  const server = await serve(protocol, handlers, {
    // Each attacker names its address in a PROXY header.
    listen: [{ address: "127.0.0.1:0", proxyFrom: ["127.0.0.1"] }],
    memory,
    // A client may vanish with requests that are never answered.
    timeouts: { idle: 30_000 },
    clock,
    // A late event loop would close the gate, and attacks would not reach the server.
    pressure: { late: Infinity },
    log: () => {},
  });
  const { gc } = globalThis as unknown as { gc: () => void };
  // V8 may keep a hundred megabytes of dead buffers before it collects them. The test measures live memory only.
  let least = Infinity;
  const collecting = setInterval(() => {
    const { rss } = Deno.memoryUsage();
    least = Math.min(least, rss);
    if (rss < least + GARBAGE) return;
    gc();
    least = Deno.memoryUsage().rss;
  }, 5);
  console.log(server.address);
  for await (const _ of Deno.stdin.readable) {
    await collectGarbage();
    const { rss, heapUsed, external } = Deno.memoryUsage();
    console.log(JSON.stringify({ rss, heapUsed, external, timers } satisfies Report));
  }
  clearInterval(collecting);
  await server.shutdown();
}

if (import.meta.main) await main(Number(Deno.args[0]), Number(Deno.args[1]));
