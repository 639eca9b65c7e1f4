/**
 * Lineup, a toolkit for line-based text protocols: describe one as data, serve it with `serve`, call it with
 * `connect`. Anyone can use the server with telnet or netcat.
 *
 * @example
 * ```ts
 * import { connect, type Protocol, serve } from "@lineup/lineup";
 * import { assertEquals } from "@std/assert";
 *
 * const calc = {
 *   name: "calc",
 *   version: "1.0",
 *   summary: "A calculator on a line.",
 *   commands: {
 *     ADD: { summary: "Add two numbers.", args: { a: "number", b: "number" }, reply: { sum: "number" } },
 *   },
 * } as const satisfies Protocol;
 *
 * await using server = await serve(calc, { ADD: ({ a, b }) => ({ sum: a + b }) }, { port: 0 });
 * await using client = await connect(calc, server.address);
 * assertEquals(await client.ADD({ a: 1, b: 2 }), { sum: 3 });
 * ```
 *
 * @module
 */

export * from "./protocol/mod.ts";
export { type LogEntry, serve, type ServeOptions, type Server } from "./server/mod.ts";
export type { Context, Handler, Handlers, ItemSource, Result } from "./server/mod.ts";
export {
  inWorker,
  type MakeService,
  type Service,
  service,
  type ServiceParts,
} from "./server/mod.ts";
export type {
  AddedBy,
  AddedIn,
  AnyAround,
  Around,
  ContextBehind,
  Fitting,
  InOrder,
} from "./server/mod.ts";
export type { ConnectedClient, Next, Passed, StateIn } from "./server/mod.ts";
export { type CallOptions, type Client, connect } from "./client/mod.ts";
export type { Clock } from "./scheduling/clock.ts";
export { ConnectionLost, type Items, ProtocolError, type SessionOptions } from "./client/mod.ts";
export { JobFailure, LeaseLost, queue, work } from "./client/mod.ts";
export type {
  JobContext,
  JobHandler,
  TakenItem,
  TakenJob,
  Worker,
  WorkEvent,
} from "./client/mod.ts";
export type { JobFailureOptions, TakenJobs, WorkClient, WorkCounts } from "./client/mod.ts";
export type {
  JobQueue,
  JobQueueClient,
  PayloadInput,
  PayloadJob,
  PayloadOutput,
  PutOptions,
  WorkOptions,
} from "./client/mod.ts";
