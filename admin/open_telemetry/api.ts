// The part of @opentelemetry/api that we use. The package is loaded only where traces are wanted, and named by a text that
// Deno does not see before: nobody else has to fetch it.

import config from "../../deno.json" with { type: "json" };

const PACKAGE = "npm:@opentelemetry/api@^1.9.0";

/** The values of attributes. */
export type SpanAttributes = Readonly<Record<string, string | number>>;

/** The identity of a span. */
export interface SpanIdentity {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  readonly isRemote?: boolean;
}

/** A span that is not ended yet. */
export interface OpenSpan {
  spanContext(): SpanIdentity;
  setStatus(status: { readonly code: number; readonly message?: string }): unknown;
  setAttribute(name: string, value: string | number): unknown;
  /** Ends it now, or at a time in ms since the Unix epoch. */
  end(time?: number): void;
}

/** The kinds of spans, by the numbers of the API. */
export const KIND = { server: 1, client: 2, producer: 3, consumer: 4 } as const;
const ERROR_STATUS = 2;

/** The options of a span. */
export interface SpanStart {
  readonly kind: number;
  readonly attributes: SpanAttributes;
  /** In ms since the Unix epoch. Default: now. */
  readonly startTime?: number;
  readonly links?: readonly { readonly context: SpanIdentity }[];
}

interface Api {
  readonly ROOT_CONTEXT: unknown;
  readonly context: { active(): unknown };
  readonly trace: {
    getTracer(name: string, version: string): {
      startSpan(name: string, options: SpanStart, parent: unknown): OpenSpan;
    };
    setSpanContext(context: unknown, span: SpanIdentity): unknown;
  };
  readonly metrics: {
    getMeter(name: string, version: string): {
      createHistogram(name: string, options: {
        readonly unit: string;
        readonly description: string;
        readonly advice: { readonly explicitBucketBoundaries: readonly number[] };
      }): DurationRecorder;
    };
  };
}

/** A histogram. */
export interface DurationRecorder {
  record(seconds: number, attributes: SpanAttributes): void;
}

/** Makes spans and metrics. */
export class OpenTelemetry {
  readonly #api: Api;

  private constructor(api: Api) {
    this.#api = api;
  }

  /** Loads the API. Rejects where it cannot be fetched. */
  static async load(): Promise<OpenTelemetry> {
    return new OpenTelemetry(await import(PACKAGE));
  }

  /** Starts a span: below that of a traceparent, or as the first of a trace. */
  start(name: string, options: SpanStart, parent?: string): OpenSpan {
    const { trace, ROOT_CONTEXT } = this.#api;
    const remote = parseTraceparent(parent);
    const context = remote === undefined
      ? ROOT_CONTEXT
      : trace.setSpanContext(ROOT_CONTEXT, remote);
    return trace.getTracer(config.name, config.version).startSpan(name, options, context);
  }

  /** Starts a span: below the active one of the program, or as the first of a trace. */
  startBelowActive(name: string, options: SpanStart): OpenSpan {
    const { trace, context } = this.#api;
    return trace.getTracer(config.name, config.version).startSpan(name, options, context.active());
  }

  /** A histogram of durations, in seconds. */
  histogram(name: string, description: string, bounds: readonly number[]): DurationRecorder {
    return this.#api.metrics.getMeter(config.name, config.version).createHistogram(name, {
      unit: "s",
      description,
      advice: { explicitBucketBoundaries: bounds },
    });
  }
}

/** Marks a span as failed. */
export function markFailed(span: OpenSpan, message?: string): void {
  span.setStatus({ code: ERROR_STATUS, message });
}

/** The span that a W3C traceparent names; `undefined` for none, and for text that is none. */
export function parseTraceparent(text: string | undefined): SpanIdentity | undefined {
  const [, version, traceId, spanId, flags] =
    /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(text ?? "") ?? [];
  if (version === undefined || version === "ff") return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, traceFlags: parseInt(flags, 16), isRemote: true };
}

/** The W3C traceparent of a span. */
export function formatTraceparent({ traceId, spanId, traceFlags }: SpanIdentity): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, "0")}`;
}
