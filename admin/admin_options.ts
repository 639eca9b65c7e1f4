// The options of an admin port, and the port as its user sees it.

import type { Clock } from "../scheduling/clock.ts";
import type { LogEntry } from "../server/log.ts";
import type { Metric } from "../server/metric.ts";
import type { Server } from "../server/mod.ts";
import type { PageOptions } from "./page/page.ts";
import type { AdminAsset } from "./routes.ts";

/** The options of an admin port; each has a default. */
export interface AdminOptions {
  /** `HOST:PORT`, or a port on 127.0.0.1; port 0 takes a free one. Default `127.0.0.1:5464`. */
  address?: string;
  /** Whether to listen where other machines can connect. Default false: `serveAdmin` rejects. */
  insecure?: boolean;
  /**
   * Names by which pages and programs reach it beside its IP address, as origins (`https://admin.example.org`), or `*`
   * for any. Default: none.
   */
  origins?: readonly string[];
  /** Tells why the server should get no requests now, for `/readyz`, such as a store that fails. Default: always ready. */
  unready?: () => string | undefined;
  /** Further metrics for `/metrics`, such as `OpenQueue.metrics`. Called for each request. Default: none. */
  metrics?: () => Iterable<Metric>;
  /** Serves a page for people at `/`, with the figures of the last two hours. Default: no page. */
  page?: PageOptions;
  /** Further files. Default: none. */
  assets?: Iterable<AdminAsset>;
  /** Time. Default: this machine's. */
  clock?: Clock;
  /** The destination of log entries. Default: standard error. */
  log?: (entry: LogEntry) => void;
}

/** An open admin port. `await using` closes it. */
export interface AdminServer extends AsyncDisposable {
  /** Where it listens: `http://127.0.0.1:5464`. */
  readonly address: string;
  /** Counts the requests of a further server of this process in the metrics too. */
  observe(server: Server): void;
  /** Stops listening and closes the connections that wait for an answer. WebSockets stay open until the server ends them. */
  close(): Promise<void>;
}
