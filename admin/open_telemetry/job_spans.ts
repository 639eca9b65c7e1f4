// A span for each job that a worker does.

import { formatTraceparent, KIND, markFailed, OpenTelemetry, parseTraceparent } from "./api.ts";
import { ATTRIBUTE, SYSTEM } from "./names.ts";

/** A job as TAKE gave it. */
export interface TracedJob {
  /** Its number. */
  readonly id: number;
  /** The queue that it is from. */
  readonly queue: string;
  /** Its key, if it has one. */
  readonly key?: string;
  /** How often it was taken. */
  readonly attempt: number;
  /** The W3C traceparent of its PUT, if that had one. */
  readonly trace?: string;
  /** The job itself. */
  readonly body: Uint8Array;
}

/** Does a job within a span: calls `act` with the W3C traceparent of the span. */
export type TraceJob = <T>(
  job: TracedJob,
  act: (traceparent: string) => T | Promise<T>,
) => Promise<T>;

/**
 * Makes a span `process QUEUE` for each job that a worker does, with a link to the span of its PUT, by the semantic
 * conventions of OpenTelemetry. The job has a trace of its own: it may be done hours later, and again. Loads
 * `@opentelemetry/api` from npm; rejects where that cannot be had.
 *
 * @example
 * ```ts ignore
 * import { traceJobs } from "@lineup/lineup/opentelemetry";
 *
 * const traced = await traceJobs();
 * work(client, "mail", (job, context) => traced(job, () => send(job, context)));
 * ```
 */
export async function traceJobs(): Promise<TraceJob> {
  const telemetry = await OpenTelemetry.load();
  return async (job, act) => {
    const { id, queue, key, attempt, trace, body } = job;
    const put = parseTraceparent(trace);
    const span = telemetry.start(`process ${queue}`, {
      kind: KIND.consumer,
      links: put === undefined ? [] : [{ context: put }],
      attributes: {
        [ATTRIBUTE.messagingSystem]: SYSTEM,
        [ATTRIBUTE.operationName]: "process",
        [ATTRIBUTE.operationType]: "process",
        [ATTRIBUTE.destination]: queue,
        [ATTRIBUTE.messageId]: String(id),
        [ATTRIBUTE.bodySize]: body.length,
        [ATTRIBUTE.jobAttempt]: attempt,
        ...key !== undefined && { [ATTRIBUTE.jobKey]: key },
      },
    });
    try {
      return await act(formatTraceparent(span.spanContext()));
    } catch (error) {
      const { name, message } = error as Error;
      span.setAttribute(ATTRIBUTE.errorType, name ?? "unknown");
      markFailed(span, message);
      throw error;
    } finally {
      span.end();
    }
  };
}
