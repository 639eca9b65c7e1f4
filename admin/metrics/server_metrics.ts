// The metrics of a server and of its process, from figures that exist anyway.

import process from "node:process";
import type { SchedulerStatistics } from "../../scheduling/statistics.ts";
import type { ServerFigures } from "../../server/figures.ts";
import type { Metric, MetricSample } from "../../server/metric.ts";

/** The metrics of a server. */
export function* serverMetrics(figures: ServerFigures): Generator<Metric> {
  const { counters, schedulers } = figures;
  yield gauge("lineup_connections", "Open connections.", figures.connections);
  yield counter(
    "lineup_connections_served",
    "Connections that were served.",
    counters.connections,
  );
  yield {
    name: "lineup_connections_refused",
    type: "counter",
    help:
      "Connections that were refused: too many in all or too much load (busy), too many of one client (quota).",
    samples: Object.entries(counters.connectionsRefused).map(([reason, value]) => ({
      labels: { reason },
      value,
    })),
  };
  yield counter(
    "lineup_connections_dropped",
    "Connections that were closed because their clients did not read, vanished, or held most.",
    counters.dropped,
  );
  yield counter(
    "lineup_connections_unopened",
    "Connections whose handshake did not come in time, or gave way to others.",
    counters.unopened,
  );
  yield counter("lineup_received_bytes", "Bytes that clients sent.", counters.received);
  yield byClass(
    schedulers,
    "lineup_requests_waiting",
    "Requests that wait for a seat.",
    ({ waiting }) => waiting,
  );
  yield byClass(
    schedulers,
    "lineup_requests_running",
    "Requests that have a seat.",
    ({ running }) => running,
  );
  yield byClass(
    schedulers,
    "lineup_requests_parked",
    "Requests that wait for an event without a seat.",
    ({ parked }) => parked,
  );
  yield {
    name: "lineup_requests_refused",
    type: "counter",
    help: "Requests that the scheduler refused, by class and reason: busy, quota, expired.",
    samples: refusals(schedulers),
  };
  yield bySchedulers(schedulers, "lineup_seats", "Seats.", ({ seats }) => seats.limit);
  yield bySchedulers(
    schedulers,
    "lineup_seats_taken",
    "Seats that are taken.",
    ({ seats }) => seats.taken,
  );
  yield gauge("lineup_held_bytes", "Memory that is held for clients.", figures.heldBytes);
  yield gauge(
    "lineup_held_limit_bytes",
    "Memory that may be held for clients.",
    figures.heldBytesLimit,
  );
  yield gauge(
    "lineup_event_loop_lag_seconds",
    "The recent lateness of the event loop.",
    figures.loopLag / 1000,
  );
}

/** The metrics of this process, with the names that Prometheus gives to those of all programs. */
export function* processMetrics(version: string, startedAt: number): Generator<Metric> {
  const { rss, heapUsed } = Deno.memoryUsage();
  const { user, system } = process.cpuUsage();
  yield {
    name: "lineup_build_info",
    type: "gauge",
    help: "The versions of Lineup and of Deno; always 1.",
    samples: [{ labels: { version, deno: Deno.version.deno }, value: 1 }],
  };
  yield counter("process_cpu_seconds", "User and system time.", (user + system) / 1e6);
  yield gauge("process_resident_memory_bytes", "Memory of the process.", rss);
  yield gauge("process_start_time_seconds", "The start, since the Unix epoch.", startedAt / 1000);
  yield gauge("lineup_heap_used_bytes", "Memory of JavaScript objects.", heapUsed);
}

function gauge(name: string, help: string, value: number): Metric {
  return { name, type: "gauge", help, samples: [{ value }] };
}

function counter(name: string, help: string, value: number): Metric {
  return { name, type: "counter", help, samples: [{ value }] };
}

type Schedulers = ServerFigures["schedulers"];

/** The requests of workers are in a scheduler of their own. */
function placeOf(prefix: string): string {
  return prefix === "" ? "loop" : "workers";
}

function byClass(
  schedulers: Schedulers,
  name: string,
  help: string,
  value: (each: SchedulerStatistics["classes"][number]) => number,
): Metric {
  const samples: MetricSample[] = schedulers.flatMap(({ prefix, classes }) =>
    classes.map((each) => ({
      labels: { class: each.name, place: placeOf(prefix) },
      value: value(each),
    }))
  );
  return { name, type: "gauge", help, samples };
}

function bySchedulers(
  schedulers: Schedulers,
  name: string,
  help: string,
  value: (each: SchedulerStatistics) => number,
): Metric {
  const samples = schedulers.map((each) => ({
    labels: { place: placeOf(each.prefix) },
    value: value(each),
  }));
  return { name, type: "gauge", help, samples };
}

function refusals(schedulers: Schedulers): MetricSample[] {
  return schedulers.flatMap(({ prefix, classes }) =>
    classes.flatMap(({ name, shed, quota, expired }) =>
      Object.entries({ busy: shed, quota, expired }).map(([reason, value]) => ({
        labels: { class: name, place: placeOf(prefix), reason },
        value,
      }))
    )
  );
}
