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

export { queueProtocol } from "./protocol.ts";
export { type OpenQueue, openQueue, type QueueOptions } from "./open.ts";
export type { QueueHandlers } from "./handlers.ts";
export type {
  Change,
  Moment,
  Progress,
  Room,
  Rules,
  Schedule,
  State,
  Store,
  StoredJob,
  StoredSchedule,
  Terms,
} from "./store.ts";
export { StoreFull } from "./store.ts";
export { memoryStore } from "./memory_store.ts";
export { type Checked, checkSqliteFile } from "./sqlite_check.ts";
export {
  exportSqliteFile,
  type Imported,
  type ImportOptions,
  importSqliteFile,
} from "./sqlite_transfer.ts";
export { type SqliteOptions, sqliteStore } from "./sqlite_store.ts";
