/**
 * A cache that speaks memcached's protocol, in text and in binary: the example of a dialect. `--memory` is in MiB.
 *
 *     deno run --allow-net examples/memcached.ts --port 11211 --memory 64
 *     printf 'set greeting 0 60 5\r\nhello\r\nget greeting\r\nquit\r\n' | nc 127.0.0.1 11211
 *
 * With `--identities FILE` (and `--allow-read`), each client must prove an identity with a token of `lineup token`.
 *
 * @module
 */

import { getHeapStatistics } from "node:v8";
import { identitiesFile, serve, type ServeOptions } from "@lineup/lineup/server";
import { readFlags, untilFinished } from "./listen.ts";
import { createCache } from "./memcached/cache.ts";
import { memcached } from "./memcached/dialect.ts";
import { protocol } from "./memcached/protocol.ts";

/** The options of a server of the cache. */
export const options: ServeOptions = {
  dialect: memcached,
  limits: { maxLine: 1 << 16, maxBody: 1 << 20, maxDiscard: 1 << 24 },
  // Clients keep connections for days, used or not, and a machine with many of them has many connections.
  timeouts: { handshake: Infinity, idle: Infinity },
  connections: { connectionsPerClient: 1024 },
};

/** The share of V8's heap that items may fill. The rest is for requests and for collecting garbage. */
const HEAP_SHARE = 0.6;

if (import.meta.main) {
  const { port, memory, identities } = readFlags({
    port: "11211",
    memory: "64",
    identities: "",
  });
  const most = Math.floor(HEAP_SHARE * getHeapStatistics().heap_size_limit / 2 ** 20);
  if (Number(memory) > most) {
    console.error(
      `--memory must be at most ${most}; deno run --v8-flags=--max-old-space-size=MIB gives more`,
    );
    Deno.exit(64);
  }
  const { handlers, figures } = createCache(Number(memory) * 2 ** 20);
  using known = identities === "" ? undefined : identitiesFile(identities);
  const own = { port: Number(port), stats: figures, signals: true, identities: known };
  await untilFinished("memcached", serve(protocol, handlers, { ...options, ...own }));
}
