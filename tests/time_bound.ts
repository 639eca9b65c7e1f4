// Bounds the time of every test, also of one that waits for ever or spins. Loaded by `deno test --preload`.

import { LONG } from "./seeded_random.ts";

/** The default bound of a test in ms: several times the longest test on two busy cores. */
const BOUND_MS = Number(Deno.env.get("LINEUP_TEST_BOUND_MS") ?? 180_000) * Math.max(1, LONG);

const { test } = Deno;

/** The arguments of `Deno.test` with a bound of time: a definition, or a name or options before a function. */
function bounded(args: unknown[]): unknown[] {
  const options = args.findIndex((each) => typeof each === "object");
  if (options < 0) {
    return args.toSpliced(typeof args[0] === "string" ? 1 : 0, 0, { timeout: BOUND_MS });
  }
  return args.with(options, { timeout: BOUND_MS, ...args[options] as object });
}

const withBound = (...args: unknown[]): void =>
  (test as (...args: unknown[]) => void)(...bounded(args));
Object.assign(Deno, { test: Object.assign(withBound, test) });
