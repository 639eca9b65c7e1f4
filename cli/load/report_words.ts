// The words and rows that the text report and the HTML report have in common.

import { counted, digits, duration } from "../figures.ts";
import type { LatencyFigures } from "./histogram.ts";
import type { KindReport, LoadReport } from "./report.ts";

/** How the load was made. */
export function loadInWords(report: LoadReport): string {
  const { loop, rate, arrivals, connections, depth, tagged, threads } = report;
  const inFlight = loop === "open"
    ? `open loop, ${digits(rate!)} requests/s, ${arrivals}, at most ${depth} in flight on each of`
    : `closed loop, ${depth} in flight on each of`;
  const tags = tagged ? ", tagged" : "";
  return `${inFlight} ${counted(connections, "connection")}${tags}, ${counted(threads, "thread")}`;
}

/** How late an open loop sent its requests. */
export function sentLateBy({ behind: { p50, p99, most } }: LoadReport): string {
  return `p50 ${duration(p50)}  p99 ${duration(p99)}  most ${duration(most)} (part of the latency)`;
}

/** A figure of latencies, if there are any. */
export function latencyIn({ count }: LatencyFigures, figure: number): string {
  return count === 0 ? "-" : duration(figure);
}

/** The results of each kind of request, and of all together if there are several kinds. */
export function requestRows({ requests, ok, failed, latency }: LoadReport): readonly KindReport[] {
  if (requests.length < 2) return requests;
  return [...requests, { request: "all", ok, errors: failed, latency }];
}
