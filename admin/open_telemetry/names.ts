// The names of the semantic conventions of OpenTelemetry that we use, each in one place: they still change.
// https://opentelemetry.io/docs/specs/semconv/rpc/ and /messaging/

/** The value of `rpc.system.name` and `messaging.system`. */
export const SYSTEM = "lineup";

/** The attributes. */
export const ATTRIBUTE = {
  rpcSystem: "rpc.system.name",
  rpcMethod: "rpc.method",
  rpcStatus: "rpc.response.status_code",
  errorType: "error.type",
  clientAddress: "client.address",
  serverAddress: "server.address",
  messagingSystem: "messaging.system",
  operationName: "messaging.operation.name",
  operationType: "messaging.operation.type",
  destination: "messaging.destination.name",
  messageId: "messaging.message.id",
  bodySize: "messaging.message.body.size",
  requestClass: "lineup.request.class",
  requestWait: "lineup.request.wait",
  jobKey: "lineup.job.key",
  jobAttempt: "lineup.job.attempt",
} as const;

/** The metric of requests. */
export const CALL_DURATION = {
  name: "rpc.server.call.duration",
  description: "Measures the duration of an incoming call.",
} as const;

/** The type of operation of each command of the queue, among those of messaging. */
export const OPERATION: Readonly<Record<string, "send" | "receive" | "settle">> = {
  PUT: "send",
  TAKE: "receive",
  DONE: "settle",
  FAIL: "settle",
  RELEASE: "settle",
};
