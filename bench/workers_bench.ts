// Handlers that compute, in the event loop and in one and two workers: 16 requests at once, a PING behind them, and the
// cost of a request that only crosses to a worker and back.

import { connect } from "../client/mod.ts";
import { serve, type Server } from "../server/mod.ts";
import { handlers, protocol } from "./workers/digest.ts";

const AT_ONCE = 16;
const ROUNDS = 1000;

const module = new URL("./workers/digest.ts", import.meta.url);

async function start(size: number): Promise<Server> {
  const options = { port: 0 };
  return size === 0
    ? await serve(protocol, handlers, options)
    : await serve(protocol, {}, { ...options, workers: { module, size } });
}

for (const [name, size] of [["the loop", 0], ["1 worker", 1], ["2 workers", 2]] as const) {
  const server = await start(size);
  const client = await connect(protocol, server.address);
  const body = new Uint8Array(262_144);
  const baseline = size === 0;
  Deno.bench({
    name: `${AT_ONCE} digests on ${name}`,
    group: "digests",
    baseline,
    async fn() {
      await Promise.all(Array.from({ length: AT_ONCE }, () => client.DIGEST({ rounds: ROUNDS })));
    },
  });
  Deno.bench({
    name: `PING behind ${AT_ONCE} digests on ${name}`,
    group: "ping",
    baseline,
    async fn(b) {
      const digests = Array.from({ length: AT_ONCE }, () => client.DIGEST({ rounds: ROUNDS }));
      b.start();
      await client.PING();
      b.end();
      await Promise.all(digests);
    },
  });
  Deno.bench({
    name: `one round of one digest on ${name}`,
    group: "crossing",
    baseline,
    fn: async () => void await client.DIGEST({ rounds: 1 }),
  });
  Deno.bench({
    name: `a body of 256 KiB to ${name} and back`,
    group: "body",
    baseline,
    fn: async () => void await client.ECHO({ body }),
  });
}
