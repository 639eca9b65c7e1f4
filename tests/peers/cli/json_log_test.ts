// `--log-format json`: each line of standard error is an object, also where a server cannot start.

import { assertEquals, assertMatch } from "@std/assert";
import { lineupProcess } from "../../cli/lineup_process.ts";

Deno.test("a server that cannot start says why as a line of JSON", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const words = ["--log-format", "json", "--port", String(taken.addr.port)];
  const ports = await lineupProcess(["queue", "--data", ":memory:", ...words], {
    env: { LINEUP_PROT: "1" },
  });
  const data = await lineupProcess(["queue", "--data", "/nowhere/jobs.db", ...words]);
  for (const [{ code, out, err }, why] of [[ports, /in use/], [data, /nowhere/]] as const) {
    assertEquals([code, out], [1, ""]);
    const entries = err.trimEnd().split("\n").map((line) => JSON.parse(line));
    const { level, message, why: told } = entries.at(-1);
    assertEquals([level, message], ["error", "lineup ends"]);
    assertMatch(told, why);
  }
  assertMatch(ports.err, /There is no variable LINEUP_PROT/);
});
