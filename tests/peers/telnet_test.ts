import { assertEquals, assertStringIncludes } from "@std/assert";
import { startLineup } from "../cli/lineup_process.ts";
import { run } from "./program.ts";

const SCRIPT = new URL("./telnet.exp", import.meta.url).pathname;

Deno.test("telnet shows HELP, puts, takes, cancels with Ctrl-C, and shows later answers", async () => {
  await using server = await startLineup(["queue", "--port", "0", "--data", ":memory:"]);
  const { code, out } = await run("expect", [SCRIPT, String(server.port)], { needs: ["telnet"] });
  assertStringIncludes(out, "ALL SEEN");
  assertEquals(code, 0);
});
