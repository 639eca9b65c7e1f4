/**
 * Wire protocols of a server: the interface, its parts, Lineup/1, and the tests of a dialect. A dialect is pure: no I/O, no clock.
 *
 * @example
 * ```ts
 * import { DEFAULT_LIMITS, lineup1 } from "@lineup/lineup/dialects";
 * import { assertEquals } from "@std/assert";
 *
 * const compiled = lineup1.compile({ name: "none", version: "1.0", summary: "No commands of its own.", commands: {} });
 * const session = lineup1.open("memory", { compiled, limits: DEFAULT_LIMITS });
 * session.push(new TextEncoder().encode("#1 PI"));
 * assertEquals([session.next(), session.midRequest], [undefined, true]);
 * session.push(new TextEncoder().encode("NG\n"));
 * const request = session.next();
 * assertEquals(request?.kind === "request" && [request.verb, request.correlation], ["PING", "1"]);
 * ```
 *
 * @module
 */

export * from "./dialect.ts";
export { LineInput, type LineUnit } from "./line_input.ts";
export { dialectCases } from "./conformance/suite.ts";
export type {
  DialectCase,
  DialectServeOptions,
  DialectSubject,
  ProofSamples,
  ServedDialect,
  WireSample,
} from "./conformance/subject.ts";
export { lineDialect } from "./lines/line_dialect.ts";
export type { CommandForm, LineDialectSpec, Multiline } from "./lines/spec.ts";
export { lineup1 } from "./lineup1/lineup1.ts";
