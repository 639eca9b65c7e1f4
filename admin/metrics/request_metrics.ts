// The metrics of requests: a subscriber that counts. It allocates nothing per request.

import { DurationBuckets } from "../../scheduling/duration_buckets.ts";
import type {
  ObservedRequest,
  RefusedInput,
  TelemetrySubscriber,
} from "../../server/telemetry_subscriber.ts";
import type { Metric, MetricSample } from "../../server/metric.ts";

/** The label of input that names no command of the server. */
const OTHER = "_other";

/** The requests of one command. */
class CommandRecord {
  ok = 0;
  readonly failed = new Map<string, number>();
  readonly run = new DurationBuckets();

  count(code: string): void {
    this.failed.set(code, (this.failed.get(code) ?? 0) + 1);
  }
}

/** Counts the requests of servers. */
export class RequestMetrics implements TelemetrySubscriber {
  readonly #commands = new Map<string, CommandRecord>();
  readonly #waits = new Map<string, DurationBuckets>();

  #command(verb: string): CommandRecord {
    let record = this.#commands.get(verb);
    if (record === undefined) this.#commands.set(verb, record = new CommandRecord());
    return record;
  }

  requestFinished(request: ObservedRequest, code: string | undefined, now: number): void {
    const record = this.#command(request.verb);
    if (code === undefined) record.ok++;
    else record.count(code);
    const { startedAt } = request;
    if (startedAt === 0) return;
    record.run.record(now - startedAt);
    const name = request.class;
    let waits = this.#waits.get(name);
    if (waits === undefined) this.#waits.set(name, waits = new DurationBuckets());
    waits.record(startedAt - request.arrivedAt);
  }

  inputRefused({ verb, code }: RefusedInput): void {
    this.#command(verb ?? OTHER).count(code);
  }

  /** The metrics. The commands and codes of the protocols bound their labels. */
  *metrics(): Generator<Metric> {
    yield {
      name: "lineup_requests",
      type: "counter",
      help: "Requests that were answered, by command and by code: ok, or that of the failure.",
      samples: this.#counts(),
    };
    yield {
      name: "lineup_request_wait_seconds",
      type: "histogram",
      help: "How long answered requests had waited for a seat, by class.",
      samples: this.#waits.entries().map(([name, buckets]) => ({
        labels: { class: name },
        buckets,
      })),
    };
    yield {
      name: "lineup_request_run_seconds",
      type: "histogram",
      help:
        "How long requests took from the start of their handler to their answer, with the time for which they waited for an event.",
      samples: this.#commands.entries().filter(([command]) => command !== OTHER).map((
        [command, { run }],
      ) => ({ labels: { command }, buckets: run })),
    };
  }

  *#counts(): Generator<MetricSample> {
    for (const [command, { ok, failed }] of this.#commands) {
      if (command !== OTHER) yield { labels: { command, code: "ok" }, value: ok };
      for (const [code, value] of failed) yield { labels: { command, code }, value };
    }
  }
}
