// What every dialect must do, whatever it speaks.

import { serverCases } from "./server_cases.ts";
import { sessionCases } from "./session_cases.ts";
import type { DialectCase, DialectSubject } from "./subject.ts";

/**
 * The tests that every dialect must pass: its input in any split, in one packet and byte by byte; what is too long, wrong
 * or unfinished; a refused connection; a drain. Each case serves the dialect anew and leaves nothing open.
 *
 * @example
 * ```ts
 * import { dialectCases, type DialectSubject } from "@lineup/lineup/dialects";
 *
 * function testDialect(subject: DialectSubject): void {
 *   for (const { name, run } of dialectCases(subject)) Deno.test(name, run);
 * }
 * ```
 */
export function dialectCases(subject: DialectSubject): readonly DialectCase[] {
  return [...sessionCases(subject), ...serverCases(subject)];
}
