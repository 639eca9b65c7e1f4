/**
 * A protocol served: connections, requests in flight, replies, drain.
 *
 * @module
 */

export {
  type Servable,
  serve,
  type ServedFirst,
  type ServedSecond,
  type Server,
  type ServerState,
} from "./serve.ts";
export type { ServerTelemetry } from "./server_telemetry.ts";
export type { SchedulerFigures, ServerFigures } from "./figures.ts";
export type { ReloadOutcome } from "./reloads.ts";
export type { ServerEvent } from "./server_event.ts";
export type {
  BucketCounts,
  CounterMetric,
  GaugeMetric,
  HistogramMetric,
  Metric,
  MetricLabels,
  MetricParts,
  MetricSample,
} from "./metric.ts";
export type { Counters } from "./telemetry.ts";
export type { ObservedRequest, RefusedInput, TelemetrySubscriber } from "./telemetry_subscriber.ts";
export type {
  ProxiedAddress,
  ReservedAddress,
  ServeOptions,
  WebSocketOptions,
} from "./serve_options.ts";
export type { ConnectionBounds } from "./admission/connection_bounds.ts";
export type { ConnectionLimits } from "./admission/connection_limits.ts";
export type { Timeouts } from "./connection/timeouts.ts";
export type { PressureMarks } from "./admission/pressure.ts";
export type { Reloadable } from "./reloads.ts";
export type { TlsFiles } from "./tls_files.ts";
export type { HeldWork, ServiceOptions } from "./options.ts";
export type { Rates } from "./admission/client_rates.ts";
export type { Reconfiguration } from "./reconfiguration.ts";
export type { WorkerOptions } from "./workers/pool.ts";
export { PUBLIC_RATES, type RateLimiterOptions } from "../scheduling/rate_limiter.ts";
export type { ClassOptions, SchedulingLimits } from "../scheduling/scheduler_options.ts";
export { type MakeService, type Service, service, type ServiceParts } from "./service.ts";
export type {
  ClientCertificate,
  Credential,
  Grants,
  Identities,
  Identity,
  NoCredential,
} from "./identity/identity.ts";
export {
  type IdentitiesFile,
  identitiesFile,
  type IdentitiesFileOptions,
} from "./identity/identities_file.ts";
export { hashOfToken, newToken } from "./identity/token.ts";
export { inWorker } from "./request/in_worker.ts";
export type {
  AddedBy,
  AddedIn,
  AnyAround,
  Around,
  ContextBehind,
  Fitting,
  InOrder,
  Next,
  Passed,
  StateIn,
} from "./request/around.ts";
export type {
  ConnectedClient,
  Context,
  EveryHandler,
  Handler,
  Handlers,
  ItemSource,
  NoOtherHandler,
  Result,
  SomeHandlers,
} from "./request/handlers.ts";
export { instant } from "./request/handlers.ts";
export { type LogEntry, logJsonToConsole, type LogLevel, logToConsole, logWritten } from "./log.ts";
export { systemClock } from "../net/clock.ts";
export type { Clock } from "../scheduling/clock.ts";
export { type Listener, listenMemory, type MemoryListener, type TlsIdentity } from "../net/mod.ts";
export { Refusal, type RefusalOptions } from "../protocol/errors.ts";
