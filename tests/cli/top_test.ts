import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { page } from "../../cli/top/page.ts";
import type { QueueState } from "../../cli/queues/queue_table.ts";
import { Reading, type Sample } from "../../cli/top/sample.ts";
import { serveQueue } from "./queue_here.ts";
import { lineup } from "./lineup_here.ts";
import { startLineup, startProcess } from "./lineup_process.ts";

const FIGURES: Readonly<Record<string, string | number>> = {
  "uptime-s": 93_784,
  "connections": 51,
  "connections-total": 2000,
  "requests-total": 1_000_000,
  "connections-dropped-total": 3,
  "connections-busy-total": 0,
  "received-bytes-total": 1 << 30,
  "errors-busy-total": 10,
  "seats": 1024,
  "seats-control": 205,
  "running": 12,
  "parked": 2,
  "waiting": 1234,
  "waiting-bytes": 65_536,
  "control-waiting": 0,
  "control-running": 1,
  "control-started-total": 7,
  "control-shed-total": 0,
  "control-quota-total": 0,
  "control-expired-total": 0,
  "control-wait-p50-ms": 0,
  "control-wait-p90-ms": 0.5,
  "control-wait-p99-ms": 12,
  "normal-waiting": 1234,
  "normal-running": 11,
  "normal-started-total": 500_000,
  "normal-shed-total": 40,
  "normal-quota-total": 0,
  "normal-expired-total": 0,
  "normal-wait-p50-ms": 1.5,
  "normal-wait-p90-ms": 20,
  "normal-wait-p99-ms": 2500,
  "heaviest-1": "acme class=normal waiting=1200 bytes=65000",
  "heaviest-2": "\x1b[31mevil class=normal waiting=34 bytes=536",
  "held-bytes": 36_434,
  "held-bytes-limit": 268_435_456,
  "loop-lag-ms": 0.705,
  "resident-bytes": 96_444_416,
  "queue-ready": 5000,
  "queue-commits-total": 100,
};

function sample(at: number, changes: Readonly<Record<string, string | number>> = {}): Sample {
  const all = Object.entries({ ...FIGURES, ...changes });
  return { at, figures: new Map(all.map(([name, value]) => [name, String(value)])) };
}

/** The rows of a page without the first one, which has the time. */
function rows(reading: Reading, columns = 80): string[] {
  return page(reading, "queue/1.0 at x", columns)
    .map((row) => row.map(({ text }) => text).join("").trimEnd());
}

Deno.test("nothing that a server sends reaches the terminal of lineup top as it is", () => {
  const evil = "\x1b]0;evil\x07\x9b2J\u202e\r\x00";
  const before = sample(1000);
  const later = sample(2000, {
    "heaviest-1": `k${evil} class=c${evil} waiting=1 bytes=2`,
    [`${evil}-wait-p50-ms`]: 1,
    [`errors-${evil}-total`]: 9,
    [`group${evil}-word${evil}`]: `text${evil}`,
    [`group-${evil}-total`]: 1,
    [`${evil}-bytes`]: 3,
  });
  const state = { queue: evil, ready: evil, oldest: evil, paused: true, weight: evil, takers: 0 };
  const queues = [{ delayed: 0, taken: 0, dead: 0, ...state } as unknown as QueueState];
  const lines = rows(new Reading({ ...later, queues }, before));
  assertStringIncludes(lines.join("\n"), "\\x1b]0;evil");
  // deno-lint-ignore no-control-regex
  for (const line of lines) assert(!/[\x00-\x1f\x7f-\x9f\u202e]/.test(line), JSON.stringify(line));
});

Deno.test("A page of lineup top shows the figures and their rates a second", () => {
  const later = sample(3000, {
    "uptime-s": 93_786,
    "requests-total": 1_024_691,
    "received-bytes-total": (1 << 30) + (3 << 20),
    "connections-total": 2003,
    "errors-busy-total": 60,
    "errors-quota-total": 1,
    "normal-started-total": 500_001,
    "normal-shed-total": 90,
    "queue-commits-total": 700,
  });
  const [first, ...rest] = rows(new Reading(later, sample(1000)));
  assertMatch(first, /^queue\/1\.0 at x, up 1d2h {3}\d\d:\d\d:\d\d$/);
  assertEquals(rest, [
    "",
    "Requests     12,346/s   1.50 MiB/s in   25/s busy   0.500/s quota",
    "Connections  51   1.50/s new",
    "Memory       35.6 KiB of 256 MiB held for clients   92.0 MiB resident",
    "             loop 0.705 ms late",
    "",
    "Line         12 of 1,024 seats taken   205 for control   2 parked",
    "             1,234 waiting   64.0 KiB",
    "",
    "class    waits  runs  started  shed  quota  late  p50 ms  p90 ms  p99 ms",
    "control      0     1      0/s   0/s    0/s   0/s       0   0.500      12",
    "normal   1,234    11  0.500/s  25/s    0/s   0/s    1.50      20   2,500",
    "",
    "flow          class   waiting     bytes",
    "acme          normal    1,200  63.5 KiB",
    "\\x1b[31mevil  normal       34     536 B",
    "",
    "Queue        ready 5,000   commits 300/s",
  ]);
});

Deno.test("A page shows errors in another style, and only where there are some", () => {
  const later = sample(2000, { "errors-busy-total": 11, "normal-shed-total": 41 });
  const bad = page(new Reading(later, sample(1000)), "x", 80).flat()
    .filter(({ style }) => style === "bad").map(({ text }) => text.trim());
  assertEquals(bad, ["1/s busy", "1/s"]);
});

Deno.test("There are no rates before the second reading, nor after a restart of the server", () => {
  const began = sample(2000, { "uptime-s": 1, "requests-total": 5 });
  for (const reading of [new Reading(sample(1000)), new Reading(began, sample(1000))]) {
    assertEquals(reading.seconds, undefined);
    assertEquals(rows(reading)[2], "Requests     -   - in");
  }
  // A total that fell without a restart makes no rate below 0.
  const fallen = sample(2000, { "requests-total": 5 });
  assertEquals(new Reading(fallen, sample(1000)).rate("requests"), undefined);
});

Deno.test("A page works for a server without figures, and for few columns", () => {
  const none = new Reading({ at: 1, figures: new Map() }, { at: 0, figures: new Map() });
  assertStringIncludes(rows(none).join("\n"), "Memory       - of - held for clients");
  const narrow = rows(new Reading(sample(2000), sample(1000)), 30);
  assert(narrow.includes("Connections  51   0/s new"), narrow.join("\n"));
});

Deno.test("lineup top prints its number of pages, or of lines of JSON", async () => {
  await using queue = await serveQueue();
  for (let i = 0; i < 3; i++) await queue.client.PUT({ queue: "mail", body: "x" });
  const pages = await lineup(["top", "--count", "2", "--interval", "100ms", queue.address]);
  assertEquals([pages.code, pages.err], [0, ""]);
  assertEquals(pages.out.match(/^queue\/1\.0 at tcp:\/\/127\.0\.0\.1:\d+, up /gm)?.length, 2);
  assertMatch(pages.out, /^Requests +[\d.]+\/s +/m);
  assertMatch(pages.out, /^normal +0 +0 +0\/s +/m);
  assertMatch(pages.out, /^queue +ready +oldest +delayed +taken +dead +takers +puts\/s +dones\/s/m);
  assertMatch(pages.out, /^mail +3 +[\d.]+m?s +0 +0 +0 +0 +0\.\d+ +0 +0$/m);

  const args = ["top", "--json", "--count", "2", "--interval", "100ms", queue.address];
  const { code, out } = await lineup(args);
  const [one, two, ...more] = out.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals([code, more], [0, []]);
  assertEquals([one.queues.length, one.queues[0].queue, one.queues[0].ready], [1, "mail", 3]);
  assertEquals(one.figures["normal-started-total"], 3);
  assert(two.figures["requests-total"] > one.figures["requests-total"]);
  assert(two.rates.requests > 0 && two.seconds > 0, JSON.stringify(two.rates));
  assertMatch(two.time, /^\d{4}-\d\d-\d\dT.*Z$/);
});

Deno.test("lineup top ends with 2 where the server goes away meanwhile", async () => {
  const server = await startLineup(["queue", "--port", "0", "--data", ":memory:"]);
  const address = `127.0.0.1:${server.port}`;
  await using process = startProcess(["top", "--interval", "100ms", address]);
  await process.see("Requests");
  await server[Symbol.asyncDispose]();
  assertEquals(await process.code, 2);
  assertMatch(await process.err, /^lineup: .*\n$/);
});
