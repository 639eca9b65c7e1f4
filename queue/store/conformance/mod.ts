/**
 * The tests of every store of a queue: run them against a store of your own.
 *
 * @example With the tests of Deno
 * ```ts ignore
 * import { testStore } from "@lineup/lineup/queue/conformance";
 * import { memoryStore } from "@lineup/lineup/queue";
 *
 * testStore(
 *   (name, run) => Deno.test(`my store ${name}`, run),
 *   (use) => use({ open: () => Promise.resolve(memoryStore()), lasts: false }),
 * );
 * ```
 *
 * @module
 */

import type { StoreOpener } from "./case.ts";
import { jobCases } from "./job_cases.ts";
import { queueCases } from "./queue_cases.ts";

export type { StoreOpener } from "./case.ts";

/**
 * Registers the tests of a store: each rejects with an `AssertionError` where the store does not do what a queue needs.
 *
 * @param test registers a test, such as `Deno.test` or `test` of `node:test`
 * @param withStore calls `use` with a store that is empty, and removes what that leaves behind once `use` has ended
 *
 * @example Without a program for tests
 * ```ts
 * import { memoryStore } from "@lineup/lineup/queue";
 * import { testStore } from "@lineup/lineup/queue/conformance";
 * import { assertEquals } from "@std/assert";
 *
 * const passed: string[] = [];
 * const tests: (() => Promise<void>)[] = [];
 * testStore(
 *   (name, run) => tests.push(() => run().then(() => void passed.push(name))),
 *   (use) => use({ open: () => Promise.resolve(memoryStore()), lasts: false }),
 * );
 * for (const run of tests) await run();
 * assertEquals(passed.length, tests.length);
 * assertEquals(passed.includes("keeps every field and every byte"), true);
 * ```
 */
export function testStore(
  test: (name: string, run: () => Promise<void>) => void,
  withStore: (use: (opener: StoreOpener) => Promise<void>) => Promise<void>,
): void {
  for (const { name, run } of [...queueCases, ...jobCases]) {
    test(name, () => withStore(async (opener) => run(await opener.open(), opener)));
  }
}
