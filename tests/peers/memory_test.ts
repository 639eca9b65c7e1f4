// Compares the memory that a queue counts with the memory that it takes. The many collections of garbage take the time.

import { assert } from "@std/assert";
import type { Found } from "../queue/cost/measured.ts";

// The bytes of a job's body among the recent bodies, which have a bound of their own (`RecentBodies`).
const RECENT = 260;
// The memory that all of them take once: pages of the table, code.
const ONCE = 500_000;

Deno.test("a queue counts roughly the real memory of each thing, before and after a restart", async () => {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--v8-flags=--expose-gc",
      new URL("../queue/cost/measured.ts", import.meta.url).pathname,
    ],
    stderr: "inherit",
  }).output();
  assert(success);
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  assert(lines.length > 15);
  for (const line of lines) {
    const { count, counted, taken, again }: Found = JSON.parse(line);
    assert(taken <= 1.2 * counted + RECENT + ONCE / count, line);
    if (again === undefined) continue;
    assert(again.taken <= 1.2 * again.counted + ONCE / count, line);
    assert(again.taken >= 0.4 * again.counted, line);
  }
});
