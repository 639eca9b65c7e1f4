/**
 * Spans and metrics for OpenTelemetry. Deno exports them where `OTEL_DENO=true` is set.
 *
 * @module
 */

export { type CallSpanOptions, type CallSpans, type EndedCall, traceCalls } from "./call_spans.ts";
export { type RequestSpanOptions, traceRequests } from "./request_spans.ts";
export { type TracedJob, type TraceJob, traceJobs } from "./job_spans.ts";
