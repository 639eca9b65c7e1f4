// Metrics as text, in the two formats that Prometheus reads.

import type { BucketCounts, Metric, MetricLabels } from "../../server/metric.ts";

/** A format of the text. */
export interface ExpositionFormat {
  /** The media type, with its version. */
  readonly type: string;
  /** Whether it is OpenMetrics. */
  readonly isOpen: boolean;
}

/** The format of Prometheus, which every scraper reads. */
export const PROMETHEUS_TEXT: ExpositionFormat = {
  type: "text/plain; version=0.0.4; charset=utf-8",
  isOpen: false,
};

/** OpenMetrics 1.0. */
export const OPEN_METRICS: ExpositionFormat = {
  type: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  isOpen: true,
};

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** The text of metrics. Throws `TypeError` for a name that is none, or that two metrics have. */
export function writeMetrics(metrics: Iterable<Metric>, { isOpen }: ExpositionFormat): string {
  const lines: string[] = [];
  const names = new Set<string>();
  for (const metric of metrics) {
    const { name, type, help } = metric;
    if (!NAME.test(name) || name.endsWith("_total")) {
      throw new TypeError(`a metric cannot have the name ${name}`);
    }
    if (names.has(name)) throw new TypeError(`two metrics have the name ${name}`);
    names.add(name);
    // The type of a counter has the name of its samples in the older format, and that of the metric in OpenMetrics.
    const total = `${name}_total`;
    const family = type === "counter" && !isOpen ? total : name;
    lines.push(`# HELP ${family} ${escapeHelp(help, isOpen)}`, `# TYPE ${family} ${type}`);
    if (metric.type === "histogram") {
      for (const { labels = {}, buckets } of metric.samples) {
        lines.push(...histogramLines(name, labels, buckets, isOpen));
      }
      continue;
    }
    const sample = type === "counter" ? total : name;
    for (const { labels = {}, value } of metric.samples) {
      lines.push(`${sample}${labelText(labels)} ${numberText(value)}`);
    }
  }
  if (isOpen) lines.push("# EOF");
  return lines.join("\n") + "\n";
}

function* histogramLines(
  name: string,
  labels: MetricLabels,
  { bounds, counts, sum }: BucketCounts,
  isOpen: boolean,
): Generator<string> {
  let count = 0;
  for (let i = 0; i <= bounds.length; i++) {
    count += counts[i];
    const le = i === bounds.length ? "+Inf" : boundText(bounds[i], isOpen);
    yield `${name}_bucket${labelText({ ...labels, le })} ${count}`;
  }
  yield `${name}_sum${labelText(labels)} ${numberText(sum)}`;
  yield `${name}_count${labelText(labels)} ${count}`;
}

/** OpenMetrics writes a bound as a float always. */
function boundText(bound: number, isOpen: boolean): string {
  return isOpen && Number.isInteger(bound) ? `${bound}.0` : String(bound);
}

function numberText(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}

function labelText(labels: MetricLabels): string {
  const words = Object.entries(labels).map(([name, value]) => {
    if (!LABEL.test(name)) throw new TypeError(`a label cannot have the name ${name}`);
    return `${name}="${escapeLabel(value)}"`;
  });
  return words.length === 0 ? "" : `{${words.join(",")}}`;
}

/** Values may come from clients: the name of a queue must not begin another line, or another label. */
function escapeLabel(value: string): string {
  return value.toWellFormed().replaceAll("\\", "\\\\").replaceAll("\n", "\\n")
    .replaceAll('"', '\\"');
}

function escapeHelp(help: string, isOpen: boolean): string {
  const text = help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  return isOpen ? text.replaceAll('"', '\\"') : text;
}

/** The format that an `Accept` header asks for. Without a wish, the one that every scraper reads. */
export function negotiate(accept: string | undefined): ExpositionFormat {
  let best = PROMETHEUS_TEXT;
  let bestWeight = 0;
  for (const range of accept?.split(",") ?? []) {
    const [type, ...parameters] = range.split(";").map((each) => each.trim().toLowerCase());
    const values = new Map(parameters.map((each) => {
      const [name, value = ""] = each.split("=");
      return [name.trim(), value.trim().replaceAll('"', "")] as const;
    }));
    const weight = Number(values.get("q") ?? 1);
    const format = formatOf(type, values.get("version"));
    if (format === undefined || !(weight > bestWeight)) continue;
    best = format;
    bestWeight = weight;
  }
  return best;
}

function formatOf(type: string, version: string | undefined): ExpositionFormat | undefined {
  if (type === "application/openmetrics-text") {
    return version === undefined || version === "1.0.0" ? OPEN_METRICS : undefined;
  }
  const isText = type === "text/plain" && (version === undefined || version === "0.0.4");
  return isText || type === "text/*" || type === "*/*" ? PROMETHEUS_TEXT : undefined;
}
