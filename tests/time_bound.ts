// Bounds the time of every test, also of one that waits for ever or spins. Loaded by `deno test --preload`.

import { LONG } from "./seeded_random.ts";

/** The default bound of a test in ms: several times the longest test on two busy cores. */
const BOUND_MS = Number(Deno.env.get("LINEUP_TEST_BOUND_MS") ?? 180_000) * Math.max(1, LONG);

const { test } = Deno;

/** The definition of a test, with a bound of time, from arguments of `Deno.test`: a name, options and a function. */
export function boundedTest(args: readonly unknown[]): Deno.TestDefinition {
  const parts = args.map((each) => {
    if (typeof each === "string") return { name: each };
    return typeof each === "function" ? { name: each.name, fn: each } : each;
  });
  // The name of a function gives way to a name before it.
  return Object.assign({ timeout: BOUND_MS }, ...parts.toReversed());
}

const withBound = (...args: unknown[]): void => test(boundedTest(args));
Object.assign(Deno, { test: Object.assign(withBound, test) });
