// A span for each call of a client.

import { formatTraceparent, KIND, markFailed, type OpenSpan, OpenTelemetry } from "./api.ts";
import { ATTRIBUTE, OPERATION, SYSTEM } from "./names.ts";

/** The options of the spans of calls. */
export interface CallSpanOptions {
  /** The name of the service, before the verb: `queue` makes `queue/PUT`. Default: none. */
  service?: string;
}

/** A call that has ended, as the option `onReply` of a client tells it. */
export interface EndedCall {
  /** The traceparent that went with it. */
  readonly trace: string | undefined;
  /** The address that answered last. */
  readonly address: string | undefined;
  /** The error of a call that failed. */
  readonly error: Error | undefined;
}

/** The options of a client that make its spans. */
export interface CallSpans {
  /** Starts the span of a call, below the active one. Returns its W3C traceparent, which goes with the request. */
  readonly trace: (verb: string) => string;
  /** Ends the span of a call. */
  readonly onReply: (call: EndedCall) => void;
}

/**
 * Makes the options of `connect` with which each call is a span, below the active span of the program: of the kind
 * `producer` for PUT of the queue, and `client` for other commands. The server's span and the job carry on its trace. A
 * call with a `trace` or an `onReply` of its own has none. Loads `@opentelemetry/api` from npm; rejects where that cannot
 * be had.
 *
 * @example
 * ```ts ignore
 * import { traceCalls } from "@lineup/lineup/opentelemetry";
 *
 * await using client = await connect(queueProtocol, address, await traceCalls({ service: "queue" }));
 * await client.PUT({ queue: "mail", body });
 * ```
 */
export async function traceCalls({ service }: CallSpanOptions = {}): Promise<CallSpans> {
  const telemetry = await OpenTelemetry.load();
  const open = new Map<string, OpenSpan>();
  return {
    trace(verb) {
      const method = service === undefined ? verb : `${service}/${verb}`;
      const operation = OPERATION[verb];
      const span = telemetry.startBelowActive(method, {
        kind: operation === "send" ? KIND.producer : KIND.client,
        attributes: {
          [ATTRIBUTE.rpcSystem]: SYSTEM,
          [ATTRIBUTE.rpcMethod]: method,
          ...operation !== undefined && {
            [ATTRIBUTE.messagingSystem]: SYSTEM,
            [ATTRIBUTE.operationName]: verb,
            [ATTRIBUTE.operationType]: operation,
          },
        },
      });
      const traceparent = formatTraceparent(span.spanContext());
      open.set(traceparent, span);
      return traceparent;
    },
    onReply({ trace, address, error }) {
      const span = open.get(trace ?? "");
      if (span === undefined) return;
      open.delete(trace!);
      if (address !== undefined) span.setAttribute(ATTRIBUTE.serverAddress, address);
      const { code } = (error ?? {}) as { code?: string };
      span.setAttribute(ATTRIBUTE.rpcStatus, error === undefined ? "ok" : code ?? error.name);
      if (error !== undefined) {
        span.setAttribute(ATTRIBUTE.errorType, code ?? error.name);
        markFailed(span, code ?? error.name);
      }
      span.end();
    },
  };
}
