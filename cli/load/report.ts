// The report of a load, as plain data: what `--json` prints and the other reports are made of.

import type { LatencyFigures } from "./histogram.ts";

/** One interval of the run. */
export interface IntervalReport {
  /** Its end, in seconds since the measured time began; 0 or less in the warm-up. */
  readonly at: number;
  readonly seconds: number;
  readonly ok: number;
  readonly errors: number;
  /** Latencies in ms. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly most: number;
}

/** The results of one kind of request. */
export interface KindReport {
  readonly request: string;
  readonly ok: number;
  readonly errors: number;
  readonly latency: LatencyFigures;
}

/** How to make a run again: the command line, as a shell takes it, and the versions. */
export interface RunOrigin {
  readonly command: string;
  readonly versions: {
    readonly lineup: string;
    readonly deno: string;
    /** The name and version of the server's protocol. */
    readonly server: string;
    /** The operating system and the processor. */
    readonly system: string;
  };
}

/** The results of a run. Times are in ms, rates in requests a second. */
export interface LoadReport extends RunOrigin {
  readonly address: string;
  /** When the run began, in ISO 8601. */
  readonly started: string;
  readonly loop: "open" | "closed";
  /** The rate that was asked for; open loop only. */
  readonly rate?: number;
  readonly arrivals?: string;
  readonly connections: number;
  readonly depth: number;
  readonly tagged: boolean;
  readonly threads: number;
  /** The length of the measured time. */
  readonly seconds: number;
  readonly sent: number;
  readonly ok: number;
  readonly failed: number;
  /** Requests that were sent and never answered. */
  readonly unanswered: number;
  /** Requests that were due and never sent. */
  readonly unsent: number;
  readonly okRate: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** Latencies of OK replies, each counted from when its request was due. */
  readonly latency: LatencyFigures;
  /** How late requests were sent. */
  readonly behind: LatencyFigures;
  /** ERR replies by code. */
  readonly errors: Readonly<Record<string, number>>;
  /** Lost connections by reason. */
  readonly connectionsLost: Readonly<Record<string, number>>;
  readonly requests: readonly KindReport[];
  /** The number of latencies above the bound before and up to this one, in ms. */
  readonly histogram: readonly (readonly [upTo: number, count: number])[];
  readonly course: readonly IntervalReport[];
}
