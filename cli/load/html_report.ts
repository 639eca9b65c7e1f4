// The report of a load as a web page that needs no script and no network.

import { escape } from "@std/html/entities";
import { digits, percent, size, whole } from "../figures.ts";
import type { LatencyFigures } from "./histogram.ts";
import { latencyIn, loadInWords, requestRows, sentLateBy } from "./report_words.ts";
import type { IntervalReport, LoadReport } from "./report.ts";
import {
  type Axis,
  drawPlot,
  linearTicks,
  logTicks,
  type Plot,
  type Series,
  svg,
} from "./svg_plot.ts";

/** On a page narrower than this, tables and plots have another form. */
const NARROW = 640;

const STYLE = `
:root { color-scheme: light dark; --line: #8884; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 900px; margin: 2rem auto; padding: 0 1rem; }
h1 { overflow-wrap: anywhere; }
table { border-collapse: collapse; margin: 1rem 0; }
td, th { padding: 0.2rem 1rem 0.2rem 0; text-align: left; border-bottom: 1px solid var(--line); }
td { overflow-wrap: anywhere; }
td.n, th.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
table.facts td:first-child { white-space: nowrap; vertical-align: top; }
svg { width: 100%; margin: 1rem 0; }
svg.narrow { display: none; }
@media (max-width: ${NARROW}px) {
  svg.wide { display: none; }
  svg.narrow { display: block; }
  table.wide, table.wide tbody, table.wide tr, table.wide td { display: block; }
  table.wide th { display: none; }
  table.wide tr { margin-bottom: 1rem; }
  table.wide td.n { display: flex; justify-content: space-between; }
  table.wide td.n::before { content: attr(data-name); }
}
@media print { :root { color-scheme: light; } }`;

/** The image of a plot: its size, and the area between the axes. */
const FORMS = {
  wide: { width: 860, height: 310, area: { left: 70, right: 760, top: 34, bottom: 256 } },
  narrow: {
    width: 480,
    height: 330,
    area: { left: 64, right: 446, top: 34, bottom: 246, legendBelow: true },
  },
} as const;
const BLUE = "#3b82f6", GREEN = "#16a34a", ORANGE = "#ea8a0c", RED = "#dc2626";

/** The page. Text of the server is escaped. */
export function htmlReport(report: LoadReport): string {
  const { address, sent, ok, failed, unanswered, unsent, seconds, course } = report;
  const { command, versions } = report;
  const rows: [string, string][] = [
    ["command", command],
    ["versions", `lineup ${versions.lineup}, deno ${versions.deno}, ${versions.system}`],
    ["server", `${versions.server} at ${address}`],
    ["load", loadInWords(report)],
    ["began", report.started],
    ["measured", `${seconds.toFixed(2)} s`],
    ["sent", whole(sent)],
    ["OK", `${whole(ok)} (${percent(ok, sent)}), ${whole(report.okRate)}/s`],
    ["ERR", `${whole(failed)} (${percent(failed, sent)})`],
    ["unanswered", whole(unanswered)],
    ["not sent", whole(unsent)],
    ...(report.loop === "open" ? [["sent late by", sentLateBy(report)] as [string, string]] : []),
    ["bytes", `${size(report.bytesSent)} out, ${size(report.bytesReceived)} in`],
  ];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Load on ${escape(address)}</title>
<style>${STYLE}</style>
<h1>Load on ${escape(address)}</h1>
${facts(rows)}
${throughput(course)}
${latencyOverTime(course)}
${latencyByPercentile(report.latency)}
<h2>Latency of OK replies</h2>
${
    table(
      ["request", "OK", "ERR", "p50", "p90", "p95", "p99", "p99.9", "p99.99", "most"],
      requestRows(report).map(({ request, ok, errors, latency }) => {
        const { p50, p90, p95, p99, p999, p9999, most } = latency;
        const figures = [p50, p90, p95, p99, p999, p9999, most]
          .map((figure) => latencyIn(latency, figure));
        return [request, whole(ok), whole(errors), ...figures];
      }),
    )
  }
${counted("ERR replies", report.errors)}
${counted("Connections lost", report.connectionsLost)}
</html>
`;
}

function throughput(course: readonly IntervalReport[]): string {
  const rate = (figure: "ok" | "errors") =>
    course.map((interval) => [interval.at, interval[figure] / interval.seconds] as const);
  const series = [{ name: "OK", colour: GREEN, points: rate("ok") }];
  if (course.some(({ errors }) => errors > 0)) {
    series.push({ name: "ERR", colour: RED, points: rate("errors") });
  }
  return image(series, (most) => ({
    title: "Throughput",
    series,
    x: timeAxis(course),
    y: { name: "per s", ticks: linearTicks(most), format: digits },
  }));
}

function latencyOverTime(course: readonly IntervalReport[]): string {
  const answered = course.filter(({ ok }) => ok > 0);
  const line = (name: string, colour: string, figure: "p50" | "p99" | "p999" | "most") => ({
    name,
    colour,
    points: answered.map((interval) => [interval.at, interval[figure]] as const),
  });
  const series = [
    line("p50", GREEN, "p50"),
    line("p99", BLUE, "p99"),
    line("p99.9", ORANGE, "p999"),
    line("most", RED, "most"),
  ];
  return image(series, (most, least) => ({
    title: "Latency over time",
    series,
    x: timeAxis(course),
    y: latencyAxis(least, most),
  }));
}

/** On this x axis 90 %, 99 % and 99.9 % are equally far from each other. */
function latencyByPercentile(latency: LatencyFigures): string {
  const { p50, p75, p90, p95, p99, p999, p9999 } = latency;
  const all = [
    ...[[50, p50], [75, p75], [90, p90], [95, p95]],
    ...[[99, p99], [99.9, p999], [99.99, p9999]],
  ];
  const rarity = (percent: number): number => -Math.log10(1 - percent / 100);
  const ticks = [50, 90, 99, 99.9, 99.99];
  const series = [{
    name: "latency",
    colour: BLUE,
    points: all.map(([percent, ms]) => [rarity(percent), ms] as const),
  }];
  return image(series, (most, least) => ({
    title: "Latency by percentile",
    series,
    x: {
      name: "percentile",
      ticks: ticks.map(rarity),
      format: (x) => `p${ticks.find((percent) => rarity(percent) === x)}`,
    },
    y: latencyAxis(least, most),
  }));
}

/** The images of a plot, for wide and narrow pages, or nothing if its series hold no value above 0. */
function image(
  series: readonly Series[],
  plot: (most: number, least: number) => Plot,
): string {
  const values = series.flatMap(({ points }) => points.map(([, y]) => y)).filter((y) => y > 0);
  if (values.length === 0) return "";
  const drawn = plot(Math.max(...values), Math.min(...values));
  return Object.entries(FORMS).map(([name, { area, ...size }]) =>
    svg(drawn.title, { ...size, className: name }, drawPlot(drawn, area))
  ).join("\n");
}

function timeAxis(course: readonly IntervalReport[]): Axis {
  return { name: "seconds", ticks: linearTicks(course.at(-1)?.at ?? 1), format: String };
}

function latencyAxis(least: number, most: number): Axis {
  return { name: "ms", ticks: logTicks(least, most), format: String, isLog: true };
}

function counted(title: string, counts: Readonly<Record<string, number>>): string {
  const rows = Object.entries(counts).sort(([, a], [, b]) => b - a);
  if (rows.length === 0) return "";
  return `<h2>${title}</h2>\n` + table([], rows.map(([name, count]) => [name, whole(count)]));
}

/** A table of numbers by the name before them. On a narrow page each number stands behind the name of its column. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cell = (tag: "th" | "td", text: string, at: number): string => {
    const name = tag === "td" && head.length > 0 ? ` data-name="${escape(head[at])}"` : "";
    return `<${tag}${at > 0 ? ` class="n"${name}` : ""}>${escape(text)}</${tag}>`;
  };
  const line = (tag: "th" | "td", cells: readonly string[]): string =>
    `<tr>${cells.map((text, at) => cell(tag, text, at)).join("")}</tr>`;
  const lines = [
    ...(head.length > 0 ? [line("th", head)] : []),
    ...rows.map((cells) => line("td", cells)),
  ];
  return `<table${head.length > 0 ? ' class="wide"' : ""}>\n${lines.join("\n")}\n</table>`;
}

/** A table of texts by the name before them. */
function facts(rows: readonly (readonly [name: string, text: string])[]): string {
  const lines = rows.map(([name, text]) =>
    `<tr><td>${escape(name)}</td><td>${escape(text)}</td></tr>`
  );
  return `<table class="facts">\n${lines.join("\n")}\n</table>`;
}
