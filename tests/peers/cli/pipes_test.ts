import { assertEquals } from "@std/assert";
import { startLineup, startProcess } from "../../cli/lineup_process.ts";

const CALC = new URL("../../../examples/calc.ts", import.meta.url).pathname;

Deno.test("lineup ends with 141 and without a message where nobody reads its output", async () => {
  await using server = await startLineup(["serve", CALC, "--port", "0"]);
  const address = `127.0.0.1:${server.port}`;
  for (
    const args of [
      ["--help"],
      ["call", "--help"],
      ["--version"],
      ["spec", address],
      ["check", address],
      ["call", address, "HELP"],
      ["call", address, "COUNT", "1", "1000000000"],
      ["load", "--quiet", "--requests", "10", address, "PING"],
      ["top", "--interval", "100ms", address],
    ]
  ) {
    await using process = startProcess(args);
    await process.stopReading();
    assertEquals([await process.code, await process.err], [141, ""], args.join(" "));
  }
});
