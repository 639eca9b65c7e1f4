// The figures of STATS, each with its unit in its name.

import type { Service } from "./service.ts";

/** Every figure of a server by name. */
export function* figures(
  server: Service,
): Generator<readonly [name: string, value: string | number]> {
  const { counters, dispatcher } = server;
  yield ["uptime-s", Math.floor((server.clock.now() - server.started) / 1000)];
  yield ["connections", server.connections.size];
  yield ["connections-total", counters.connections];
  yield ["requests-total", counters.requests];
  yield ["running", dispatcher.running];
  yield ["waiting", dispatcher.waiting];
  yield ["received-bytes-total", counters.received];
  for (const [code, count] of [...counters.errors].sort()) yield [`errors-${code}-total`, count];
  yield ["resident-bytes", Deno.memoryUsage().rss];
  yield* server.moreStats();
}
