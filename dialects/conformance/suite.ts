// The rules for every dialect.

import { proofCases } from "./proof_cases.ts";
import { serverCases } from "./server_cases.ts";
import { sessionCases } from "./session_cases.ts";
import type { DialectCase, DialectSubject } from "./subject.ts";

/**
 * The tests that every dialect must pass: input in any split, in one packet and byte by byte; overlong, wrong and
 * unfinished input; a refused connection; a drain; proofs of identities. Each case starts its own server and leaves nothing open.
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
  return [...sessionCases(subject), ...serverCases(subject), ...proofCases(subject)];
}
