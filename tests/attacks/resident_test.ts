// All attacks at once on a server that is a process: what it holds meanwhile, and what is left of it afterwards.

import { assert, assertEquals } from "@std/assert";
import { LONG } from "../seeded_random.ts";
import { Attacked } from "./attacked_process.ts";
import { type Attack, attacks } from "./attacks.ts";
import { strikeAll } from "./strike.ts";

const MEMORY = 128 << 20;
const MOST_LOOKS = 50;
const ROUNDS = Math.min(3, LONG);

// More bodies than the memory of the server holds, none of which ends.
const hoard: Attack = {
  name: "bodies that never end",
  connections: 250,
  sent: `ECHO {1000000}\n${"x".repeat(999_000)}`,
  stays: 50,
  answer: /^/,
  ends: true,
};

// What a server does in ordinary times: its heap grows to a size, which takes it a few rounds, and some things are made
// once.
const ORDINARY_ROUNDS = 3;
const ordinary: readonly Attack[] = [
  { name: "streams", connections: 50, sent: "FLOW 1000 1000\nQUIT\n", stays: 10 },
  {
    name: "bodies",
    connections: 50,
    sent: `ECHO {100000}\n${"x".repeat(100_000)}\nQUIT\n`,
    stays: 10,
  },
  { name: "requests", connections: 50, sent: `${"SAY hello\n".repeat(200)}QUIT\n`, stays: 10 },
].map((each) => ({ ...each, answer: /^/, ends: true }));

const hostile = [...attacks, hoard];
const clients: Attack = {
  name: "as many clients as there are attackers, who ask and stay",
  connections: hostile.reduce((sum, { connections = 1 }) => sum + connections, 0),
  sent: "SAY hello\n",
  stays: 10,
  answer: /^/,
  ends: false,
};

Deno.test("all attacks at once: memory stays within its bound, and nothing is left behind", async () => {
  await using server = await Attacked.start(MEMORY);
  for (let time = 0; time < ORDINARY_ROUNDS; time++) await strikeAll(server, ordinary);
  // The first attack makes the allocator and the tables of the runtime as large as they get. What later ones add is
  // what they would cost a server in the long run.
  await strikeAll(server, hostile);
  const before = await server.rest();
  await server.forgetPeak();
  await strikeAll(server, [clients]);
  const base = await server.peak() ?? before.rss;
  await server.forgetPeak();
  for (let round = 0; round < ROUNDS; round++) await strikeAll(server, hostile);
  const peak = await server.peak();
  let after = await server.rest();
  // V8 gives pages back by and by, on a machine that has other things to do later.
  for (let looks = 1; looks < MOST_LOOKS && after.rss > 1.2 * before.rss; looks++) {
    after = await server.rest();
  }
  const shown = JSON.stringify({ before, base, peak, after });
  // The configured total and a fifth, on top of what the process takes for as many clients that do no harm.
  assert((peak ?? 0) <= base + 1.2 * MEMORY, shown);
  assert(after.rss <= 1.2 * before.rss, shown);
  assert(after.heapUsed + after.external <= 1.2 * (before.heapUsed + before.external), shown);
  // The next round of the server, which finds that nobody is there.
  assert(after.timers <= 1, shown);
  assertEquals(after.fds, before.fds, "file descriptors");
  assertEquals(after.figures, before.figures);
});
