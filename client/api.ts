// The client's interface, but for the two functions that need the sockets of a platform.

export type {
  AnyClient,
  CallOptions,
  Client,
  ClientOptions,
  DynamicClient,
  Method,
} from "./client.ts";
export type { Connect } from "./connect.ts";
export type { CallLimits, ReplyInfo, RetryInfo } from "./call_options.ts";
export type { ClientEvent, PoolOptions } from "./pool_options.ts";
export type { RetryOptions } from "./retry.ts";
export type { Greeting } from "./greeting.ts";
export type { Clock } from "../scheduling/clock.ts";
export type { OpenSession, SessionOptions, TokenSource } from "./open_session.ts";
export type { Resolve } from "./look_up.ts";
export type { Dial } from "./platform/platform.ts";
export type { FrameReceiver, Outgoing, Sent, Session, SessionLimits } from "./session.ts";
export { work } from "./work.ts";
export {
  type JobQueue,
  type JobQueueClient,
  type PayloadInput,
  type PayloadJob,
  type PayloadOutput,
  type PutOptions,
  queue,
} from "./queue.ts";
export type { JobContext, JobHandler, Worker, WorkOptions } from "./work_options.ts";
export {
  JobFailure,
  type JobFailureOptions,
  LeaseLost,
  type TakenItem,
  type TakenJob,
  type TakenJobs,
  type WorkClient,
  type WorkCounts,
  type WorkEvent,
} from "./jobs.ts";
export type { Items } from "./items.ts";
export { ConnectionLost, DeadlineExceeded, ProtocolError, Throttled } from "./errors.ts";
export { Refusal, type RefusalOptions } from "../protocol/errors.ts";
export { BadValue } from "../protocol/values.ts";
export {
  type Address,
  AddressError,
  formatAddress,
  type HostAddress,
  parseAddress,
  type UnixAddress,
  type WebSocketAddress,
} from "../net/address.ts";
export type { ClientTls } from "../net/dial_options.ts";
export type { PeerCertificate } from "../net/peer_certificate.ts";
export type { ByteStream } from "../net/stream.ts";
