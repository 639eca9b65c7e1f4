// What a load has shown, for a terminal.

import { digits, duration, percent, size, whole } from "../figures.ts";
import type { KindReport, LoadReport } from "./results.ts";

const LONGEST_BAR = 40, SHORTEST_BAR = 8;
// What stands before a bar.
const BESIDE_BAR = 20;

/** Lines with their ends; the bars of the histogram are as long as `width` columns leave room for. */
export function textReport(report: LoadReport, width = 80): string {
  const longest = Math.max(SHORTEST_BAR, Math.min(LONGEST_BAR, width - BESIDE_BAR));
  const blocks = [
    columns(summary(report)),
    latencies(report),
    report.requests.length > 1 ? requests(report) : [],
    counted("ERR replies", report.errors, report.sent),
    counted("connections lost", report.connectionsLost),
    histogram(report, longest),
  ];
  return blocks.filter((lines) => lines.length > 0).map((lines) => lines.join("\n") + "\n")
    .join("\n");
}

/** How the load was made, in words. */
export function loadInWords(report: LoadReport): string {
  const { loop, rate, arrivals, connections, depth, tagged, threads } = report;
  const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
  const how = loop === "open"
    ? `open loop, ${digits(rate!)} requests/s, ${arrivals}, at most ${depth} in flight on each of`
    : `closed loop, ${depth} in flight on each of`;
  return `${how} ${many(connections, "connection")}${tagged ? ", tagged" : ""}, ${
    many(threads, "thread")
  }`;
}

function summary(report: LoadReport): string[][] {
  const { sent, ok, failed, unanswered, unsent, seconds } = report;
  const rows = [
    ["load", loadInWords(report)],
    ["measured", `${seconds.toFixed(2)} s`],
    ["sent", whole(sent)],
    ["OK", `${whole(ok)}  ${percent(ok, sent)}  ${digitsOrWhole(report.okRate)}/s`],
  ];
  if (failed > 0) rows.push(["ERR", `${whole(failed)}  ${percent(failed, sent)}`]);
  if (unanswered > 0) {
    rows.push(["unanswered", `${whole(unanswered)}  ${percent(unanswered, sent)}`]);
  }
  if (unsent > 0) {
    rows.push(["not sent", `${whole(unsent)}  due, but too many were in flight already`]);
  }
  if (report.loop === "open") {
    rows.push(["sent late by", lateness(report)]);
  }
  rows.push(["bytes", `${size(report.bytesSent)} out, ${size(report.bytesReceived)} in`]);
  return rows;
}

/** How late requests of an open loop were sent, in words. */
export function lateness({ behind: { p50, p99, most } }: LoadReport): string {
  return `p50 ${duration(p50)}  p99 ${duration(p99)}  most ${duration(most)} (part of the latency)`;
}

function digitsOrWhole(rate: number): string {
  return rate < 100 ? digits(rate) : whole(rate);
}

function latencies({ latency, loop }: LoadReport): string[] {
  if (latency.count === 0) return [];
  const { least, mean, deviation, p50, p75, p90, p99, p999, p9999, most } = latency;
  const since = loop === "open" ? "when it was due" : "when it was sent";
  return [
    `latency of OK replies, from ${since}`,
    ...columns([
      ["  least", duration(least), "  p50", duration(p50), "  p99", duration(p99)],
      ["  mean", duration(mean), "  p75", duration(p75), "  p99.9", duration(p999)],
      ["  deviation", duration(deviation), "  p90", duration(p90), "  p99.99", duration(p9999)],
      ["  most", duration(most)],
    ]),
  ];
}

/** The figures of each kind of request, and of all together where there are several. */
export function kinds({ requests, ok, failed, latency }: LoadReport): readonly KindReport[] {
  if (requests.length < 2) return requests;
  return [...requests, { request: "all", ok, errors: failed, latency }];
}

function requests(report: LoadReport): string[] {
  return columns([
    ["request", "OK", "ERR", "p50", "p99", "p99.9", "most"],
    ...kinds(report).map(({ request, ok, errors, latency: { p50, p99, p999, most } }) => [
      request.length > 40 ? request.slice(0, 39) + "…" : request,
      whole(ok),
      whole(errors),
      ...[p50, p99, p999, most].map(duration),
    ]),
  ]);
}

function counted(
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

function histogram({ histogram, ok }: LoadReport, longest: number): string[] {
  if (histogram.length === 0) return [];
  const most = Math.max(...histogram.map(([, count]) => count));
  return [
    "latency up to",
    ...columns(histogram.map(([upTo, count]) => [
      `  ${
        upTo < 1 ? `${Math.round(upTo * 1000)} µs` : upTo < 1000 ? `${upTo} ms` : `${upTo / 1000} s`
      }`,
      percent(count, ok),
      bar(longest * count / most),
    ])),
  ];
}

// Eighths of a character, so that a small share is still seen.
function bar(length: number): string {
  const eighths = Math.ceil(length * 8);
  const rest = eighths % 8;
  return "█".repeat(eighths >> 3) + (rest > 0 ? String.fromCharCode(0x2590 - rest) : "");
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => widths[i] = Math.max(widths[i] ?? 0, cell.length));
  }
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i])).join("  ").trimEnd());
}
