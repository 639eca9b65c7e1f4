// The figures of STATS, each with its unit in its name.

import type { SchedulerStatistics } from "../scheduling/statistics.ts";
import type { ServerCore } from "./server_core.ts";

type Figure = readonly [name: string, value: string | number];

/** Every figure of a server by name. */
export function* figures(server: ServerCore): Generator<Figure> {
  const { counters, scheduler, workers } = server;
  yield ["uptime-s", Math.floor((server.clock.now() - server.started) / 1000)];
  yield ["connections", server.connections.size];
  yield ["connections-total", counters.connections];
  yield ["requests-total", counters.requests];
  yield ["connections-dropped-total", counters.dropped];
  for (const code of ["busy", "quota"] as const) {
    const refused = server.gate.refused[code] + server.reservedGate.refused[code];
    yield [`connections-${code}-total`, refused];
  }
  yield ["connections-held-back-total", counters.heldBack];
  yield ["connections-paused-total", server.rests.pauses];
  yield ["connections-unopened-total", counters.unopened];
  yield ["messages-too-long-total", counters.longMessages];
  yield ["received-bytes-total", counters.received];
  for (const [code, count] of [...counters.errors].sort()) yield [`errors-${code}-total`, count];
  yield* lineup("", scheduler.statistics());
  if (workers !== undefined) yield* lineup("workers-", workers.scheduler.statistics());
  yield ["held-bytes", server.pressure.held];
  yield ["held-bytes-limit", server.pressure.memory];
  yield ["loop-lag-ms", round(server.pressure.lag)];
  yield ["resident-bytes", Deno.memoryUsage().rss];
  yield* server.moreStats();
}

function* lineup(
  prefix: string,
  { classes, seats, waiting, heaviest }: SchedulerStatistics,
): Generator<Figure> {
  const sum = (figure: "running" | "parked"): number =>
    classes.reduce((sum, each) => sum + each[figure], 0);
  yield [`${prefix}seats`, seats.limit];
  yield [`${prefix}seats-control`, seats.reserved];
  yield [`${prefix}running`, sum("running")];
  yield [`${prefix}parked`, sum("parked")];
  yield [`${prefix}waiting`, waiting.count];
  yield [`${prefix}waiting-bytes`, waiting.bytes];
  for (const { name, ...each } of classes) {
    // A class that nobody has used is not worth nine lines.
    if (each.started + each.shed + each.quota + each.expired + each.waiting === 0) continue;
    yield [`${prefix}${name}-waiting`, each.waiting];
    yield [`${prefix}${name}-running`, each.running];
    yield [`${prefix}${name}-started-total`, each.started];
    yield [`${prefix}${name}-shed-total`, each.shed];
    yield [`${prefix}${name}-quota-total`, each.quota];
    yield [`${prefix}${name}-expired-total`, each.expired];
    for (const p of ["p50", "p90", "p99"] as const) {
      yield [`${prefix}${name}-wait-${p}-ms`, round(each.wait[p])];
    }
  }
  for (const [index, flow] of heaviest.entries()) {
    const { class: name, key, waiting, bytes } = flow;
    const text = `${key} class=${name} waiting=${waiting} bytes=${bytes}`;
    yield [`${prefix}heaviest-${index + 1}`, text];
  }
}

function round(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
