import { assertEquals, assertStringIncludes } from "@std/assert";
import { MAIN, startLineup } from "../cli/lineup_process.ts";
import { openPane } from "./tmux.ts";

Deno.test("lineup top in tmux: the page changes, resizes, outlives its server, and restores the screen", async () => {
  const data = ["--data", ":memory:"];
  const first = await startLineup(["queue", "--port", "0", ...data]);
  const address = `127.0.0.1:${first.port}`;
  const args = ["run", "--quiet", "--allow-all", MAIN, "top", "--interval", "200ms", address];
  await using pane = await openPane([Deno.execPath(), ...args], { columns: 100 });
  await pane.see(/Requests +[\d.]+\/s/);
  await pane.see(`queue/1.0 at ${address}, up`);
  const whole = await pane.see("every 0.2s; q quits, space updates at once");
  assertStringIncludes(whole, "Queue        queues 0   delayed 0   ready 0");

  await pane.resize(40, 10);
  await pane.see(/… \d+ more rows in a taller term/);
  await pane.resize(100, 30);
  await pane.see("Queue        queues 0");

  await first[Symbol.asyncDispose]();
  await pane.see(/no figures: .* Trying again\./);
  await using _ = await startLineup(["queue", "--port", String(first.port), ...data]);
  await pane.see("every 0.2s; q quits");

  await pane.press("q");
  // The page was on the alternate screen.
  assertEquals(await pane.see("exit 0"), "exit 0");
});
