// The original and the example, each on a port of this machine.

import { serve } from "@lineup/lineup/server";
import { createCache } from "../../../examples/memcached/cache.ts";
import { protocol } from "../../../examples/memcached/protocol.ts";
import { options } from "../../../examples/memcached.ts";
import { connectStream, parseAddress } from "../../../net/mod.ts";
import { RawClient } from "../../raw_client.ts";
import { find } from "../program.ts";

/** A server of memcached's protocol. */
export interface CacheServer extends AsyncDisposable {
  readonly port: number;
  connect(): Promise<RawClient>;
}

const TRIES = 200;

/** Starts the original, with one thread. */
export async function startOriginal(): Promise<CacheServer> {
  await find("memcached");
  const port = freePort();
  const args = ["-l", "127.0.0.1", "-p", String(port), "-U", "0", "-t", "1"];
  const user = Deno.uid() === 0 ? ["-u", "nobody"] : [];
  const child = new Deno.Command("memcached", { args: [...args, ...user], stderr: "null" }).spawn();
  for (let tries = 1;; tries++) {
    try {
      (await connect(port)).close();
      break;
    } catch (error) {
      if (tries === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return {
    port,
    connect: () => connect(port),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.status;
    },
  };
}

/** Serves the example. */
export async function startExample(): Promise<CacheServer> {
  const { handlers, figures } = createCache(64 << 20);
  const server = await serve(protocol, handlers, {
    ...options,
    port: 0,
    stats: figures,
    log: () => {},
  });
  const { port } = parseAddress(server.address) as { port: number };
  return {
    port,
    connect: () => connect(port),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function connect(port: number): Promise<RawClient> {
  return new RawClient(await connectStream(parseAddress(`tcp://127.0.0.1:${port}`)));
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}
