// The telemetry of a server, as its user sees it.

import type { ServerFigures } from "./figures.ts";
import type { TelemetrySubscriber } from "./telemetry_subscriber.ts";

/** The telemetry of a server. */
export interface ServerTelemetry {
  /**
   * Tells `subscriber` of each event from now on, until the function returned is called. While nobody subscribes to
   * requests, they cost nothing more.
   *
   * @example The slowest request of each command
   * ```ts
   * import { serve } from "@lineup/lineup/server";
   * import { connect } from "@lineup/lineup/client";
   * import type { Protocol } from "@lineup/lineup/protocol";
   * import { assert, assertEquals } from "@std/assert";
   *
   * const echo = {
   *   name: "echo",
   *   version: "1.0",
   *   summary: "Says it again.",
   *   commands: { SAY: { summary: "Say it.", args: { word: "word" }, reply: { word: "word" } } },
   * } as const satisfies Protocol;
   *
   * await using server = await serve(echo, { SAY: ({ word }) => ({ word }) }, { port: 0 });
   * const slowest = new Map<string, number>();
   * server.telemetry.subscribe({
   *   requestFinished({ verb, startedAt }, code, now) {
   *     if (code !== undefined || startedAt === 0) return;
   *     slowest.set(verb, Math.max(slowest.get(verb) ?? 0, now - startedAt));
   *   },
   * });
   * await using client = await connect(echo, server.address);
   * await client.SAY({ word: "hi" });
   * assert(slowest.get("SAY")! >= 0);
   * assertEquals(server.telemetry.figures().counters.connections, 1);
   * ```
   */
  subscribe(subscriber: TelemetrySubscriber): () => void;
  /** The present figures: counts, what waits and runs, memory. Nothing is scanned for them. */
  figures(): ServerFigures;
}
