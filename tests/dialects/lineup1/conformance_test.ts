// Runs the cases of `lineup check` against our own server.

import { assertEquals } from "@std/assert";
import { conformanceChecks } from "../../../cli/check/checks.ts";
import { exchange } from "../../../cli/check/exchange.ts";
import { systemClock } from "../../../net/clock.ts";
import { type ByteStream, connectStream, parseAddress } from "../../../net/mod.ts";
import { compile, conformanceCases } from "@lineup/lineup/protocol";
import { countFinals, matches } from "../../../dialects/lineup1/conformance/mod.ts";
import { protocol, TestServer } from "../../test_server.ts";

const TIMEOUT = 10_000;
const { commands } = compile(protocol);

async function failures(connect: () => Promise<ByteStream>): Promise<unknown[]> {
  const failed: unknown[] = [];
  const skipped = new Set<string>();
  const target = { connect, slow: "WAIT never" };
  for (const each of conformanceChecks) {
    const outcome = await exchange(target, each, { timeout: TIMEOUT, commands });
    if (outcome.skipped) skipped.add(each.level);
    if (outcome.why !== undefined) failed.push({ name: each.name, ...outcome });
  }
  // A server that shuts down is another one's test.
  assertEquals(skipped, new Set(["events"]));
  return failed;
}

Deno.test("serve conforms to Lineup/1 over memory, with different limits", async () => {
  for (const limits of [{}, { maxLine: 300, maxBody: 6 }]) {
    await using testServer = await TestServer.open({ limits, clock: systemClock });
    const connect = () => Promise.resolve(testServer.listener.connect());
    assertEquals(await failures(connect), []);
  }
});

Deno.test("serve conforms to Lineup/1 over TCP", async () => {
  await using testServer = await TestServer.open({
    listen: ["127.0.0.1:0"],
    clock: systemClock,
  });
  const address = parseAddress(testServer.server.address);
  assertEquals(await failures(() => connectStream(address)), []);
});

Deno.test("conformanceCases have names of their own", () => {
  const names = conformanceCases.map(({ name }) => name);
  assertEquals(new Set(names).size, names.length);
});

Deno.test("patterns match any text at …, and count final lines, except in bodies", () => {
  assertEquals(matches("OK a\nERR b", "OK …"), true);
  assertEquals(matches("OK (a)", "OK (a)"), true);
  assertEquals(matches("OK aa", "OK a"), false);
  assertEquals(matches("x OK", "OK"), false);
  const counts: Record<string, number> = {
    "": 0,
    "OK": 1,
    "* 1\n#a OK x\nERR gone …": 2,
    "OK {3}\nOK\n\nOK": 2,
    "OK {5}\nOK 😀": 1,
    "OK {…}\n…": 1,
    "OK {…}\n…\nOK": 2,
    "OKAY": 0,
    "…OK count=…": 1,
    "…#a ERR gone …\n…": 1,
  };
  for (const [pattern, count] of Object.entries(counts)) {
    assertEquals(countFinals(pattern), count, JSON.stringify(pattern));
  }
});
