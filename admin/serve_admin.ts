// The admin port of a server: HTTP for health, figures and a page, and a WebSocket for the protocol itself.
//
// It reads HTTP with the parts of the WebSocket listener: they bound the head, the time and the number of connections,
// and accept again after file descriptors had run out. Deno.serve bounds none of them, and cannot stop reading a
// WebSocket, so that a client could fill the memory.

import { setImmediate } from "node:timers";
import config from "../deno.json" with { type: "json" };
import { AcceptQueue } from "../net/accept_queue.ts";
import { systemClock } from "../net/clock.ts";
import { type HttpAnswer, refusing } from "../net/http_answer.ts";
import type { RequestHead } from "../net/http_head.ts";
import { type HostAddress, listen, type Listener, parseAddress } from "../net/mod.ts";
import { PendingHandshakes } from "../net/pending_handshakes.ts";
import { type ByteStream, writeAll } from "../net/stream.ts";
import { LONGEST_MESSAGE } from "../net/web_socket.ts";
import { CLOSE } from "../net/web_socket_frames.ts";
import { answerTo, asksForWebSocket } from "../net/web_socket_handshake.ts";
import { ServedWebSocket } from "../net/web_socket_stream.ts";
import type { Clock } from "../scheduling/clock.ts";
import { acceptAll } from "../server/connection/accept.ts";
import { EventLog } from "../server/event_log.ts";
import { type LogEntry, logToConsole } from "../server/log.ts";
import type { Metric } from "../server/metric.ts";
import type { AdminOptions, AdminServer } from "./admin_options.ts";
import type { Server } from "../server/mod.ts";
import { readOrigin } from "../server/served_address.ts";
import { Telemetry } from "../server/telemetry.ts";
import { statsOf } from "../server/stats.ts";
import { refuseWithout } from "./access.ts";
import { formatAdminAddress, parseAdminAddress, requireLocal } from "./address.ts";
import { liveness, readiness } from "./health.ts";
import { type HeadAndRest, type RequestHandlers, serveRequests } from "./http_requests.ts";
import { FigureHistory } from "./page/history.ts";
import { historyRoute } from "./page/history_route.ts";
import { Page } from "./page/page.ts";
import { type AdminRoute, answerBy, assetRoute, pathOf } from "./routes.ts";
import { metricsRoute } from "./metrics/route.ts";
import { RequestMetrics } from "./metrics/request_metrics.ts";
import { processMetrics, serverMetrics } from "./metrics/server_metrics.ts";
import { refuseForeign } from "./same_site.ts";

/** The path of the WebSocket of the protocol. */
const WEB_SOCKET_PATH = "/lineup";
/** The time in ms for a request and its answer. */
const EXCHANGE_MS = 10_000;
/** The most connections that wait for a request or an answer. One more closes the one that has waited longest. */
const MOST_EXCHANGES = 256;
/**
 * Opens an admin port for a server. It answers `/healthz` (200: the process lives), `/readyz` (200, or 503 with the
 * reason while the server starts, drains, or `unready` tells one), `/metrics` (Prometheus and OpenMetrics), the page and
 * the files of `assets`, and at `/lineup` it opens WebSockets, which are connections of the server like all others.
 *
 * The port may open before the server does: give the promise of the server. It stays open while the server drains, until
 * it is closed. Rejects with `AddressError` for an address that is none, or that other machines can reach, and with
 * Deno's errors (`AddrInUse`) where it cannot listen.
 *
 * @example
 * ```ts
 * import { serveAdmin } from "@lineup/lineup/admin";
 * import { serve } from "@lineup/lineup/server";
 * import type { Protocol } from "@lineup/lineup/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const echo = {
 *   name: "echo",
 *   version: "1.0",
 *   summary: "Says it again.",
 *   commands: { SAY: { summary: "Say it.", args: { word: "word" }, reply: { word: "word" } } },
 * } as const satisfies Protocol;
 *
 * await using server = await serve(echo, { SAY: ({ word }) => ({ word }) }, { port: 0 });
 * await using admin = await serveAdmin(server, { address: "127.0.0.1:0" });
 * const response = await fetch(`${admin.address}/readyz`);
 * assertEquals([response.status, await response.text()], [200, "ready\n"]);
 * ```
 */
export async function serveAdmin(
  server: Server | PromiseLike<Server>,
  options: AdminOptions = {},
): Promise<AdminServer> {
  const { address = "127.0.0.1:5464", clock = systemClock, log = logToConsole } = options;
  const place = parseAdminAddress(address);
  if (!options.insecure) requireLocal(place);
  const port = new AdminPort(server, { ...options, clock, log }, place);
  return await port.open();
}

class AdminPort {
  readonly #options: AdminOptions & { readonly clock: Clock; readonly log: (e: LogEntry) => void };
  readonly #place: HostAddress;
  readonly #origins: readonly string[];
  readonly #routes: ReadonlyMap<string, AdminRoute>;
  readonly #exchanges: PendingHandshakes;
  /** The open WebSockets that the server has not accepted yet. */
  readonly #webSockets = new AcceptQueue();
  readonly #requests = new RequestMetrics();
  readonly #startedAt: number;
  readonly #page: Page | undefined;
  #server: Server | undefined = undefined;
  #history: FigureHistory | undefined = undefined;

  constructor(
    server: Server | PromiseLike<Server>,
    options: AdminOptions & { clock: Clock; log: (entry: LogEntry) => void },
    place: HostAddress,
  ) {
    this.#options = options;
    this.#startedAt = options.clock.now();
    this.#place = place;
    this.#origins = (options.origins ?? []).map(readOrigin);
    const routes: AdminRoute[] = [
      liveness,
      readiness(() => this.#unready()),
      metricsRoute(() => this.#metrics()),
      ...options.page === undefined ? [] : [historyRoute(() => this.#history)],
      ...Array.from(options.assets ?? [], assetRoute),
    ];
    this.#routes = new Map(routes.map((route) => [route.path, route]));
    this.#page = options.page && new Page();
    this.#exchanges = new PendingHandshakes({
      openingTime: EXCHANGE_MS,
      maxOpening: MOST_EXCHANGES,
      after: (ms, action) => options.clock.after(ms, action),
    });
    this.#join(server);
  }

  /** Hands the WebSockets to the server, once it is there. */
  async #join(starting: Server | PromiseLike<Server>): Promise<void> {
    let server: Server;
    try {
      server = await starting;
    } catch {
      // The caller hears of it from the same promise.
      return;
    }
    this.#server = server;
    server.telemetry.subscribe(this.#requests);
    this.#record(server);
    server.listen({
      address: `ws${formatAdminAddress(this.#place).slice("http".length)}${WEB_SOCKET_PATH}`,
      accept: () => this.#webSockets.accept(),
      close: () => this.#webSockets.close(),
    });
  }

  /** Records the figures of the server for the page. */
  #record({ telemetry }: Server): void {
    const { clock, page } = this.#options;
    if (page === undefined) return;
    const { stats = () => [], queues } = page;
    const figures = () => statsOf(telemetry.figures(), stats());
    this.#history = new FigureHistory({ clock, figures, queues });
  }

  #unready(): string | undefined {
    if (this.#server === undefined) return "starting";
    const { state } = this.#server;
    return state === "serving" ? this.#options.unready?.() : state;
  }

  *#metrics(): Generator<Metric> {
    yield {
      name: "lineup_ready",
      type: "gauge",
      help: "Whether the server takes requests, as /readyz tells.",
      samples: [{ value: this.#unready() === undefined ? 1 : 0 }],
    };
    yield* processMetrics(config.version, this.#startedAt);
    if (this.#server === undefined) return;
    yield* this.#requests.metrics();
    yield* serverMetrics(this.#server.telemetry.figures());
    yield* this.#options.metrics?.() ?? [];
  }

  async open(): Promise<AdminServer> {
    const { clock, log } = this.#options;
    const telemetry = new Telemetry();
    telemetry.subscribe({ event: new EventLog(clock, log).write });
    const handlers: RequestHandlers = {
      answer: (head, peer) => this.#answer(head, peer, telemetry),
      asksForAll: (head) => pathOf(head) === WEB_SOCKET_PATH,
      takeOver: (stream, request) => this.#upgrade(stream, request),
    };
    const listener = await this.#listen();
    const { port } = parseAddress(listener.address) as HostAddress;
    const accepting = acceptAll(listener, {
      clock,
      telemetry,
      turn: () => new Promise((resolve) => void setImmediate(resolve)),
      take: (stream) => void serveRequests(stream, this.#exchanges, handlers),
    });
    const close = async (): Promise<void> => {
      listener.close();
      this.#history?.close();
      this.#exchanges.close();
      this.#webSockets.close();
      await accepting;
    };
    return {
      address: formatAdminAddress({ ...this.#place, port }),
      observe: ({ telemetry }) => void telemetry.subscribe(this.#requests),
      close,
      [Symbol.asyncDispose]: close,
    };
  }

  async #listen(): Promise<Listener> {
    try {
      return await listen(this.#place);
    } catch (error) {
      if (error instanceof Error) {
        error.message = `cannot listen at ${formatAdminAddress(this.#place)}: ${error.message}`;
      }
      throw error;
    }
  }

  async #answer(head: RequestHead, client: string, telemetry: Telemetry): Promise<HttpAnswer> {
    const { hostname } = this.#place;
    const refusal = refuseForeign(head, hostname, this.#origins) ??
      this.#refuseUnknown(head, client, telemetry);
    if (refusal !== undefined) return refusal;
    try {
      return await answerBy(this.#routes, head, this.#page);
    } catch (error) {
      const { log } = this.#options;
      log({ level: "error", message: "admin request failed", path: pathOf(head), error });
      return refusing("500 Internal Server Error", "The server failed; its log tells more.");
    }
  }

  /** The refusal of a request that needs a role, and whose token gives it none. */
  #refuseUnknown(
    head: RequestHead,
    client: string,
    telemetry: Telemetry,
  ): HttpAnswer | undefined {
    const path = pathOf(head);
    const roles = this.#routes.get(path)?.roles;
    const server = this.#server;
    // While the server starts, there is nothing to tell yet.
    if (roles === undefined || server === undefined) return undefined;
    const refusal = refuseWithout(roles, head, (role, token) => server.hasRole(role, token));
    if (refusal === undefined) return undefined;
    const code = refusal.status.startsWith("401") ? "unauthenticated" : "forbidden";
    const why = String(refusal.body).trimEnd();
    telemetry.tell({ kind: "access-refused", client, identity: undefined, verb: path, code, why });
    return refusal;
  }

  /** Opens a WebSocket on a connection and hands it to the server. Resolves with the reason why not, or with nothing. */
  async #upgrade(
    stream: ByteStream,
    { head, rest }: HeadAndRest,
  ): Promise<HttpAnswer | undefined> {
    const answer = this.#refuseWebSocket(head) ?? answerTo(head);
    if (typeof answer !== "string") return answer;
    await writeAll(stream, new TextEncoder().encode(answer));
    // False: it took too long, and is closed.
    if (!this.#exchanges.end(stream)) return undefined;
    this.#webSockets.push(
      new ServedWebSocket(stream, rest, {
        maxMessage: LONGEST_MESSAGE,
        onLongMessage: () => {},
        endCode: () => this.#webSockets.closed ? CLOSE.goingAway : CLOSE.normal,
      }),
    );
  }

  #refuseWebSocket(head: RequestHead): HttpAnswer | undefined {
    const refusal = refuseForeign(head, this.#place.hostname, this.#origins);
    if (refusal !== undefined) return refusal;
    if (!asksForWebSocket(head)) {
      return refusing("426 Upgrade Required", "This path is for WebSockets.", [
        "upgrade: websocket",
      ]);
    }
    if (this.#server?.state === "serving") return undefined;
    return refusing("503 Service Unavailable", `The server is ${this.#unready()}.`);
  }
}
