// Runs all attacks at once on a server in a process of its own, and measures its memory during and after them.

import { assert, assertEquals } from "@std/assert";
import { LONG } from "../seeded_random.ts";
import { Attacked } from "../attacks/attacked_process.ts";
import { type Attack, attacks } from "../attacks/attacks.ts";
import { holdsElsewhere } from "../elsewhere.ts";
import { strikeAll } from "../attacks/strike.ts";

const MEMORY = 128 << 20;
// What dies between two looks of the server at its garbage, on a busy machine.
const GARBAGE = 16 << 20;
const ROUNDS = Math.min(3, LONG);

// Unfinished bodies, together larger than the memory of the server.
const hoard: Attack = {
  name: "bodies that never end",
  connections: 250,
  sent: `ECHO {1000000}\n${"x".repeat(999_000)}`,
  stays: 50,
  answer: /^/,
  ends: true,
};

// Ordinary requests before the measurement: they grow the heap to its usual size, and create everything that is created
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
  name: "as many ordinary clients as there are attackers",
  connections: hostile.reduce((sum, { connections = 1 }) => sum + connections, 0),
  sent: "SAY hello\n",
  stays: 10,
  answer: /^/,
  ends: false,
};

Deno.test("all attacks at once: memory stays within its bound, and nothing is left behind", async () => {
  await using server = await Attacked.start(MEMORY);
  for (let time = 0; time < ORDINARY_ROUNDS; time++) await strikeAll(server, ordinary);
  // The first attack makes the allocator and the tables of the runtime as large as they get. The growth after it is the
  // cost of attacks in the long run.
  await strikeAll(server, hostile);
  const before = await server.idle();
  await server.forgetPeak();
  await strikeAll(server, [clients]);
  const base = await server.peak() ?? before.rss;
  await server.forgetPeak();
  for (let round = 0; round < ROUNDS; round++) await strikeAll(server, hostile);
  const peak = await server.peak();
  let after = await server.idle();
  // V8 gives pages back after a while, and after minutes on a busy machine: only the long test waits for that.
  if (LONG > 1) {
    await holdsElsewhere(async () => {
      after = await server.idle();
      return after.rss <= 1.2 * before.rss;
    }, () => `the pages are given back: ${JSON.stringify({ before, base, peak, after })}`);
  }
  const shown = JSON.stringify({ before, base, peak, after });
  // The bound is the configured memory and a fifth, above the peak for as many ordinary clients.
  assert((peak ?? 0) <= base + 1.2 * MEMORY + GARBAGE, shown);
  assert(after.heapUsed + after.external <= 1.2 * (before.heapUsed + before.external), shown);
  // The one timer that may be left is the server's next round over its clients.
  assert(after.timers <= 1, shown);
  assertEquals(after.fds, before.fds, "file descriptors");
  assertEquals(after.figures, before.figures);
});
