// The figures of a server, each with its unit in its name.

import type { SchedulerStatistics } from "../scheduling/statistics.ts";
import type { ServerFigures } from "./figures.ts";

type Figure = readonly [name: string, value: string | number];

/** Every figure of a server by name, and `more` behind them. */
export function* statsOf(
  { counters, ...figures }: ServerFigures,
  more: Iterable<Figure>,
): Generator<Figure> {
  yield ["uptime-s", Math.floor(figures.uptime / 1000)];
  yield ["connections", figures.connections];
  yield ["connections-total", counters.connections];
  yield ["requests-total", counters.requests];
  yield ["connections-dropped-total", counters.dropped];
  for (const code of ["busy", "quota"] as const) {
    yield [`connections-${code}-total`, counters.connectionsRefused[code]];
  }
  yield ["connections-held-back-total", counters.heldBack];
  yield ["connections-paused-total", counters.paused];
  yield ["connections-unopened-total", counters.unopened];
  yield ["messages-too-long-total", counters.longMessages];
  yield ["received-bytes-total", counters.received];
  if (counters.authenticated + counters.unauthenticated > 0) {
    yield ["authenticated-total", counters.authenticated];
    yield ["authentication-failed-total", counters.unauthenticated];
  }
  for (const [code, count] of [...counters.errors].sort()) yield [`errors-${code}-total`, count];
  for (const { prefix, ...each } of figures.schedulers) yield* schedulerStats(prefix, each);
  yield ["held-bytes", figures.heldBytes];
  yield ["held-bytes-limit", figures.heldBytesLimit];
  yield ["loop-lag-ms", round(figures.loopLag)];
  yield ["resident-bytes", Deno.memoryUsage().rss];
  yield* more;
}

function* schedulerStats(
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
    // A class without requests is not worth nine lines.
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
