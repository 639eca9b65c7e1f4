/**
 * Tests of services: a server in memory with clients, sessions as text, the examples of a protocol as tests, and a
 * clock on which time passes only when a test says so.
 *
 * @example
 * ```ts
 * import { checkTranscript, serveInMemory } from "@lineup/lineup/testing";
 * import { assertEquals } from "@std/assert";
 *
 * const calc = {
 *   name: "calc",
 *   version: "1.0",
 *   summary: "A calculator on a line.",
 *   commands: {
 *     ADD: { summary: "Add two numbers.", args: { a: "number", b: "number" }, reply: { sum: "number" } },
 *   },
 * } as const;
 *
 * await using server = await serveInMemory(calc, { ADD: ({ a, b }) => ({ sum: a + b }) });
 * const client = await server.client();
 * assertEquals(await client.ADD({ a: 1, b: 2 }), { sum: 3 });
 * await checkTranscript(server, `
 *   > ADD 1 2
 *   < OK sum=3
 * `);
 * ```
 *
 * @module
 */

export { type MemoryServer, type MemoryServerOptions, serveInMemory } from "./memory_server.ts";
export { type ExampleOptions, testExamples } from "./examples.ts";
export {
  checkTranscript,
  TranscriptError,
  type TranscriptOptions,
  type TranscriptServer,
} from "./transcript.ts";
export { VirtualClock } from "./virtual_clock.ts";
export type { Clock } from "../scheduling/clock.ts";
export type { AnyClient, ByteStream, Client, ClientOptions } from "../client/mod.ts";
export type {
  EveryHandler,
  Handlers,
  LogEntry,
  ServeOptions,
  Service,
  SomeHandlers,
} from "../server/mod.ts";
