// Modules that export several services.

import { assert, assertEquals } from "@std/assert";
import { lineup } from "./lineup_here.ts";
import { startLineup } from "./lineup_process.ts";
import { RawClient } from "../raw_client.ts";

const SEVERAL = new URL("./several_services.ts", import.meta.url).pathname;

Deno.test("lineup serve serves several services of a module", async () => {
  await using server = await startLineup(["serve", SEVERAL, "--port", "0"]);
  using wire = await RawClient.open(`127.0.0.1:${server.port}`);
  assertEquals(await wire.ask("ADD 1 2 3"), "OK total=6");
  assertEquals(await wire.ask("NEXT"), "OK n=1");
  await wire.ask("HELLO lineup/1 protocol=calc/1.0");
  assertEquals(await wire.ask("ADD 1 2"), "OK sum=3");
});

Deno.test("lineup serve refuses workers for several services", async () => {
  const { code, err } = await lineup(["serve", SEVERAL, "--workers", "2"]);
  assertEquals(code, 64);
  assert(err.includes(`--workers needs a module with one service; ${SEVERAL} has several.`), err);
});

Deno.test("lineup spec describes all protocols of a module, in their first versions", async () => {
  const { code, out } = await lineup(["spec", SEVERAL, "--format", "markdown"]);
  assertEquals(code, 0);
  assert(/^# calc 2\.0$[^]*^## ADD$[^]*^# tally 1\.0$[^]*^## NEXT$/m.test(out), out);
});

Deno.test("lineup check checks a module with several services", async () => {
  const { code, out } = await lineup(["check", "--only", "example of", SEVERAL]);
  assertEquals([code, out.trimEnd().split("\n").at(-1)], [0, "2 ok, 0 failed"], out);
});
