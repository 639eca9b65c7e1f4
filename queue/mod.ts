/**
 * A durable work queue that telnet can drive: its protocol, its handlers and its stores.
 *
 * @example
 * ```ts
 * import { memoryStore, openQueue, queueProtocol } from "@lineup/lineup/queue";
 * import { serve } from "@lineup/lineup/server";
 * import { assertEquals } from "@std/assert";
 *
 * await using queue = await openQueue({ store: memoryStore() });
 * await using server = await serve(queueProtocol, queue.handlers, { port: 0, stats: queue.stats });
 * assertEquals(server.addresses.length, 1);
 * ```
 *
 * @module
 */

export { queueProtocol } from "./protocol/protocol.ts";
export type { MetricsOptions } from "./metrics.ts";
export { openQueue } from "./open.ts";
export {
  type ClusterOptions,
  type NodeLinkOptions,
  type OpenCluster,
  openCluster,
} from "./open_cluster.ts";
export type { NodeCall, NodeLink, SentCall } from "./cluster/node_link.ts";
export type { OpenQueue } from "./open_queue.ts";
export type { QueueOptions, QueueReconfiguration } from "./queue_options.ts";
export { createHandlers } from "./handlers/handlers.ts";
export { beanstalkd } from "./beanstalkd/dialect.ts";
export { beanstalkdProtocol } from "./beanstalkd/protocol.ts";
export { createBeanstalkdHandlers } from "./beanstalkd/handlers.ts";
export type { BeanstalkdHandlers, BeanstalkdOptions } from "./beanstalkd/options.ts";
export type { JobScope, JobWithBody, RankedEngine, ScopeCounts } from "./engine/ranked_engine.ts";
export type { Right } from "./rights.ts";
export { type KeyChoice, Patterns } from "./patterns.ts";
export type { JobHistory } from "./index/job_page.ts";
export type { QueueHandlers } from "./handlers/queue_handlers.ts";
export type {
  AttemptFailure,
  BlockReason,
  Claim,
  DeliveredJob,
  Engine,
  FailedCounts,
  FoundJob,
  FoundSchedule,
  JobDetails,
  JobFilter,
  JobList,
  KeySummary,
  LimitChange,
  ListFilter,
  NewSchedule,
  PutResult,
  QueueDetails,
  QueueFilter,
  QueueSummary,
  ScheduleDetails,
  TakeRequest,
} from "./engine/engine.ts";
export type { Caller, QueueClient } from "./engine/caller.ts";
export type { Counts } from "./index/queue.ts";
export type { CountedEvent } from "./index/event_rates.ts";
export type { NewJob } from "./store/job_values.ts";
export type { JobOptions, JobProgress, JobState, StoredJob } from "./store/job_fields.ts";
export type {
  Change,
  Inbox,
  InboxJob,
  Moment,
  Ownership,
  QueueLimits,
  Room,
  Schedule,
  Store,
  StoredSchedule,
} from "./store/store.ts";
export { StoreFull, StoreLost, StoreUnreachable } from "./store/store.ts";
export { memoryStore } from "./store/memory_store.ts";
export { checkPostgres } from "./store/postgres/check.ts";
export { exportPostgres } from "./store/postgres/export.ts";
export { importPostgres } from "./store/postgres/import.ts";
export { type PostgresOptions, postgresStore } from "./store/postgres/postgres_store.ts";
export { checkSqliteFile, type FileCheck } from "./store/sqlite/check.ts";
export { isSqliteFileInUse } from "./store/sqlite/in_use.ts";
export { exportSqliteFile } from "./store/sqlite/export.ts";
export { importSqliteFile } from "./store/sqlite/import.ts";
export type { Imported, ImportOptions } from "./store/import_lines.ts";
export { type SqliteOptions, sqliteStore } from "./store/sqlite/sqlite_store.ts";
