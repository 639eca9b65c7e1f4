// What a load has shown, as a page that needs nothing else: no script, no network.

import { duration, percent, size, whole } from "../figures.ts";
import type { LatencyFigures } from "./histogram.ts";
import type { IntervalReport, LoadReport } from "./results.ts";
import { linearTicks, svgPlot } from "./svg_plot.ts";
import { kinds, lateness, loadInWords } from "./text_report.ts";

const STYLE = `
:root { color-scheme: light dark; --line: #8884; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 900px; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; }
td, th { padding: 0.2rem 1rem 0.2rem 0; text-align: left; border-bottom: 1px solid var(--line); }
td.n, th.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
svg { width: 100%; margin: 1rem 0; }
svg text { font: 12px system-ui, sans-serif; fill: currentColor; }
svg .title { font-weight: 600; font-size: 14px; }
svg .grid { stroke: var(--line); }
svg polyline { fill: none; stroke-width: 1.5; }
code { font-family: ui-monospace, monospace; }`;

const BLUE = "#3b82f6", GREEN = "#16a34a", ORANGE = "#ea8a0c", RED = "#dc2626";

/** The page. */
export function htmlReport(report: LoadReport): string {
  const { address, sent, ok, failed, unanswered, unsent, seconds, course } = report;
  const rows: [string, string][] = [
    ["load", loadInWords(report)],
    ["began", report.started],
    ["measured", `${seconds.toFixed(2)} s`],
    ["sent", whole(sent)],
    ["OK", `${whole(ok)} (${percent(ok, sent)}), ${whole(report.okRate)}/s`],
    ["ERR", `${whole(failed)} (${percent(failed, sent)})`],
    ["unanswered", whole(unanswered)],
    ["not sent", whole(unsent)],
    ...(report.loop === "open" ? [["sent late by", lateness(report)] as [string, string]] : []),
    ["bytes", `${size(report.bytesSent)} out, ${size(report.bytesReceived)} in`],
  ];
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Load on ${escape(address)}</title>
<style>${STYLE}</style>
<h1>Load on ${escape(address)}</h1>
${table([], rows)}
${throughput(course)}
${latencyOverTime(course)}
${latencyByPercentile(report.latency)}
<h2>Latency of OK replies</h2>
${
    table(
      ["request", "OK", "ERR", "p50", "p90", "p99", "p99.9", "p99.99", "most"],
      kinds(report).map(({ request, ok, errors, latency }) => {
        const { p50, p90, p99, p999, p9999, most } = latency;
        const figures = [p50, p90, p99, p999, p9999, most].map(duration);
        return [request, whole(ok), whole(errors), ...figures];
      }),
    )
  }
${counted("ERR replies", report.errors)}
${counted("Connections lost", report.connectionsLost)}
</html>
`;
}

function timeAxis(course: readonly IntervalReport[]) {
  const ticks = linearTicks(course.at(-1)?.at ?? 1);
  return { name: "seconds", show: (x: number): string => `${x}`, ticks };
}

function throughput(course: readonly IntervalReport[]): string {
  const rate = (figure: "ok" | "errors") =>
    course.map((moment) => [moment.at, moment[figure] / moment.seconds] as const);
  const lines = [{ name: "OK", colour: GREEN, points: rate("ok") }];
  if (course.some(({ errors }) => errors > 0)) {
    lines.push({ name: "ERR", colour: RED, points: rate("errors") });
  }
  const y = { name: "per s", isLog: false };
  return svgPlot({ title: "Throughput", lines, x: timeAxis(course), y });
}

function latencyOverTime(course: readonly IntervalReport[]): string {
  const answered = course.filter(({ ok }) => ok > 0);
  const line = (name: string, colour: string, figure: "p50" | "p99" | "p999" | "most") => ({
    name,
    colour,
    points: answered.map((moment) => [moment.at, moment[figure]] as const),
  });
  return svgPlot({
    title: "Latency over time",
    lines: [
      line("p50", GREEN, "p50"),
      line("p99", BLUE, "p99"),
      line("p99.9", ORANGE, "p999"),
      line("most", RED, "most"),
    ],
    x: timeAxis(course),
    y: { name: "ms", isLog: true },
  });
}

// The further right, the rarer: 90 %, 99 %, 99.9 % stand at the same distance from each other.
function latencyByPercentile(latency: LatencyFigures): string {
  if (latency.count === 0) return "";
  const rarity = (percent: number): number => -Math.log10(1 - percent / 100);
  const { p50, p75, p90, p99, p999, p9999 } = latency;
  const all = [[50, p50], [75, p75], [90, p90], [99, p99], [99.9, p999], [99.99, p9999]];
  const marks = [50, 90, 99, 99.9, 99.99];
  return svgPlot({
    title: "Latency by percentile",
    lines: [{
      name: "latency",
      colour: BLUE,
      points: all.map(([percent, ms]) => [rarity(percent), ms] as const),
    }],
    x: {
      name: "percentile",
      show: (x) => `p${marks.find((mark) => rarity(mark) === x)}`,
      ticks: marks.map(rarity),
    },
    y: { name: "ms", isLog: true },
  });
}

function counted(title: string, counts: Readonly<Record<string, number>>): string {
  const rows = Object.entries(counts).sort(([, a], [, b]) => b - a);
  if (rows.length === 0) return "";
  return `<h2>${title}</h2>\n` + table([], rows.map(([name, count]) => [name, whole(count)]));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[], cell: string): string =>
    `<tr>${
      cells.map((text, i) => `<${cell}${i > 0 ? ' class="n"' : ""}>${escape(text)}</${cell}>`).join(
        "",
      )
    }</tr>`;
  const lines = rows.map((cells) => row(cells, "td"));
  if (head.length > 0) lines.unshift(row(head, "th"));
  return `<table>\n${lines.join("\n")}\n</table>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

// What a server said of itself stands in the page too.
function escape(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character]);
}
