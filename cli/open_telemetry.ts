// Spans of the commands, where OTEL_DENO asks for them.

import type { CallSpans, TraceJob } from "../admin/open_telemetry/mod.ts";
import type { Server } from "../server/mod.ts";
import { reason } from "./reason.ts";

/** Where Deno puts its exporters for @opentelemetry/api, if OTEL_DENO asks for them. To read that needs a permission. */
const EXPORTERS = Symbol.for("opentelemetry.js.api.1");

function isWanted(): boolean {
  const exporters = (globalThis as { [EXPORTERS]?: { readonly trace?: unknown } })[EXPORTERS];
  return exporters?.trace !== undefined;
}

/** Makes a span for each request of the server if that is wanted. */
export async function traceServer(server: Server, service?: string): Promise<void> {
  if (!isWanted()) return;
  const { traceRequests } = await import("../admin/open_telemetry/mod.ts");
  await explained(traceRequests(server, { service }));
}

/** Does a job within a span if that is wanted; else as it is, without a traceparent. */
export async function jobTracer(): Promise<TraceJob | undefined> {
  if (!isWanted()) return undefined;
  const { traceJobs } = await import("../admin/open_telemetry/mod.ts");
  return await explained(traceJobs());
}

/** The options of a client that make a span of each call, if that is wanted. */
export async function callSpans(service: string): Promise<CallSpans | undefined> {
  if (!isWanted()) return undefined;
  const { traceCalls } = await import("../admin/open_telemetry/mod.ts");
  return await explained(traceCalls({ service }));
}

async function explained<T>(loading: Promise<T>): Promise<T> {
  try {
    return await loading;
  } catch (error) {
    throw new Error(`OTEL_DENO needs npm:@opentelemetry/api: ${reason(error)}`, { cause: error });
  }
}
