// The report of a load for a terminal.

import { columns } from "../columns.ts";
import { digits, duration, percent, size, whole } from "../figures.ts";
import { fit } from "../text_width.ts";
import { latencyIn, loadInWords, requestRows, sentLateBy } from "./report_words.ts";
import type { LoadReport } from "./report.ts";

const LONGEST_BAR = 40, SHORTEST_BAR = 8;
/** The columns to the left of a bar. */
const BESIDE_BAR = 20;

/** The report as text. The bars of the histogram use the room that a terminal of `width` columns has. */
export function textReport(report: LoadReport, width = 80): string {
  const longestBar = Math.max(SHORTEST_BAR, Math.min(LONGEST_BAR, width - BESIDE_BAR));
  const blocks = [
    columns(summary(report)),
    latencies(report),
    report.requests.length > 1 ? requests(report) : [],
    countedNames("ERR replies", report.errors, report.sent),
    countedNames("connections lost", report.connectionsLost),
    histogram(report, longestBar),
  ];
  return blocks.filter((lines) => lines.length > 0).map((lines) => lines.join("\n") + "\n")
    .join("\n");
}

function summary(report: LoadReport): string[][] {
  const { sent, ok, failed, unanswered, unsent, seconds } = report;
  const rows = [
    ["load", loadInWords(report)],
    ["measured", `${seconds.toFixed(2)} s`],
    ["sent", whole(sent)],
    ["OK", `${whole(ok)}  ${percent(ok, sent)}  ${digits(report.okRate)}/s`],
  ];
  if (failed > 0) rows.push(["ERR", `${whole(failed)}  ${percent(failed, sent)}`]);
  if (unanswered > 0) {
    rows.push(["unanswered", `${whole(unanswered)}  ${percent(unanswered, sent)}`]);
  }
  if (unsent > 0) {
    rows.push(["not sent", `${whole(unsent)}  due, but too many were in flight already`]);
  }
  if (report.loop === "open") rows.push(["sent late by", sentLateBy(report)]);
  rows.push(["bytes", `${size(report.bytesSent)} out, ${size(report.bytesReceived)} in`]);
  return rows;
}

function latencies({ latency, loop }: LoadReport): string[] {
  if (latency.count === 0) return [];
  const { least, mean, deviation, p50, p75, p90, p95, p99, p999, p9999, most } = latency;
  const since = loop === "open" ? "when it was due" : "when it was sent";
  return [
    `latency of OK replies, from ${since}`,
    ...columns([
      ["  least", duration(least), "  p50", duration(p50), "  p99", duration(p99)],
      ["  mean", duration(mean), "  p75", duration(p75), "  p99.9", duration(p999)],
      ["  deviation", duration(deviation), "  p90", duration(p90), "  p99.99", duration(p9999)],
      ["  most", duration(most), "  p95", duration(p95)],
    ]),
  ];
}

function requests(report: LoadReport): string[] {
  return columns([
    ["request", "OK", "ERR", "p50", "p95", "p99", "p99.9", "most"],
    ...requestRows(report).map(({ request, ok, errors, latency }) => [
      fit(request, 40),
      whole(ok),
      whole(errors),
      ...[latency.p50, latency.p95, latency.p99, latency.p999, latency.most]
        .map((figure) => latencyIn(latency, figure)),
    ]),
  ]);
}

/** Names and their counts, the largest first, each with its share of `all`. */
function countedNames(
  title: string,
  counts: Readonly<Record<string, number>>,
  all?: number,
): string[] {
  const rows = Object.entries(counts).sort(([, a], [, b]) => b - a);
  if (rows.length === 0) return [];
  return [
    title,
    ...columns(rows.map(([name, count]) => [
      `  ${name}`,
      whole(count),
      ...(all === undefined ? [] : [percent(count, all)]),
    ])),
  ];
}

function histogram({ histogram, ok }: LoadReport, longestBar: number): string[] {
  if (histogram.length === 0) return [];
  const most = Math.max(...histogram.map(([, count]) => count));
  return [
    "latency up to",
    ...columns(histogram.map(([upTo, count]) => [
      `  ${bound(upTo)}`,
      percent(count, ok),
      bar(longestBar * count / most),
    ])),
  ];
}

/** A bound of the histogram: 1, 2 or 5 of a power of ten. */
function bound(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1000)} µs`;
  return ms < 1000 ? `${ms} ms` : `${ms / 1000} s`;
}

/** A bar in eighths of a character, so that a small share is visible. */
function bar(length: number): string {
  const eighths = Math.ceil(length * 8);
  const rest = eighths % 8;
  return "█".repeat(eighths >> 3) + (rest > 0 ? String.fromCharCode(0x2590 - rest) : "");
}
