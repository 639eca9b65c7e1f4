/**
 * Keys with strings and lists, for clients of Redis: its protocol (RESP2, RESP3, and lines for people) as a dialect.
 *
 *     deno run --allow-net examples/redis.ts
 *     redis-cli SET greeting hello EX 60
 *     printf 'GET greeting\r\n' | nc -N 127.0.0.1 6379
 *
 * With `--identities FILE` (and `--allow-read`), each client must say AUTH with a token of `lineup token`.
 *
 * @module
 */

import { CLASSES } from "@lineup/lineup/scheduling";
import { identitiesFile, serve, type ServeOptions } from "@lineup/lineup/server";
import { readFlags, untilFinished } from "./listen.ts";
import { redis } from "./redis/dialect.ts";
import { redisService } from "./redis/handlers.ts";
import { protocol } from "./redis/protocol.ts";

/** The most memory of keys and values, in bytes. */
const MOST_BYTES = 256 << 20;
/** The longest wait of a request for its turn, in ms. */
const PATIENCE = 30_000;

/** The options of a server. */
export const options: ServeOptions = {
  dialect: redis,
  limits: { maxLine: 1 << 16, maxBody: 1 << 20 },
  // Clients of Redis take an error for an answer, and do not ask again: under load, a request waits.
  classes: CLASSES.map((each) => ({ ...each, target: Infinity, patience: PATIENCE })),
  // They keep connections for days, used or not, and a machine with many of them has many connections.
  timeouts: { handshake: Infinity, idle: Infinity },
  connections: { connectionsPerClient: 1024 },
};

if (import.meta.main) {
  const { port, identities } = readFlags({ port: "6379", identities: "" });
  const { handlers, stats } = redisService(MOST_BYTES);
  using known = identities === "" ? undefined : identitiesFile(identities);
  const server = serve(protocol, handlers, {
    ...options,
    port: Number(port),
    identities: known,
    stats,
    signals: true,
  });
  await untilFinished("redis", server);
}
