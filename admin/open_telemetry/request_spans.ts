// A span and a measurement for each request of a server.

import { DurationBuckets } from "../../scheduling/duration_buckets.ts";
import type { Server } from "../../server/mod.ts";
import type { ObservedRequest } from "../../server/telemetry_subscriber.ts";
import { KIND, markFailed, OpenTelemetry } from "./api.ts";
import { ATTRIBUTE, CALL_DURATION, OPERATION, SYSTEM } from "./names.ts";

/** The options of spans. */
export interface RequestSpanOptions {
  /** The name of the service, before the verb: `queue` makes `queue/PUT`. Default: none. */
  service?: string;
}

/**
 * Makes a span for each request of a server, below the span of its `trace=`, and the metric `rpc.server.call.duration`,
 * by the semantic conventions of OpenTelemetry. Deno exports them where `OTEL_DENO=true` is set. Loads
 * `@opentelemetry/api` from npm; rejects where that cannot be had. The function returned ends it.
 */
export async function traceRequests(
  server: Server,
  { service }: RequestSpanOptions = {},
): Promise<() => void> {
  const telemetry = await OpenTelemetry.load();
  const { name, description } = CALL_DURATION;
  const durations = telemetry.histogram(name, description, new DurationBuckets().bounds);

  function requestFinished(request: ObservedRequest, code: string | undefined, now: number): void {
    const { verb, arrivedAt, startedAt } = request;
    const method = service === undefined ? verb : `${service}/${verb}`;
    const outcome = {
      [ATTRIBUTE.rpcSystem]: SYSTEM,
      [ATTRIBUTE.rpcMethod]: method,
      [ATTRIBUTE.rpcStatus]: code ?? "ok",
      ...code !== undefined && { [ATTRIBUTE.errorType]: code },
    };
    durations.record((now - arrivedAt) / 1000, outcome);
    const operation = OPERATION[verb];
    const span = telemetry.start(method, {
      kind: KIND.server,
      startTime: arrivedAt,
      attributes: {
        ...outcome,
        [ATTRIBUTE.clientAddress]: request.peer,
        [ATTRIBUTE.requestClass]: request.class,
        ...startedAt > 0 && { [ATTRIBUTE.requestWait]: (startedAt - arrivedAt) / 1000 },
        ...operation !== undefined && {
          [ATTRIBUTE.messagingSystem]: SYSTEM,
          [ATTRIBUTE.operationName]: verb,
          [ATTRIBUTE.operationType]: operation,
        },
      },
    }, request.trace);
    if (code !== undefined) markFailed(span, code);
    span.end(now);
  }

  return server.telemetry.subscribe({ requestFinished });
}
