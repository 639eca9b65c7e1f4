// A change of many jobs is made in slices: no turn of the event loop handles all of them.

import { memoryStore, type Store } from "@lineup/lineup/queue";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { setImmediate } from "node:timers";
import { type TestQueue, testQueue } from "../../test_queue.ts";
import { job, put } from "../../../queue/store/conformance/samples.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";

/** The most jobs of a slice. */
const SLICE = 500;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function filled(
  count: number,
  of: (at: number) => Partial<Parameters<typeof job>[1]>,
): Promise<Store> {
  const store = memoryStore();
  await store.commit(Array.from({ length: count }, (_, at) => put(job(at + 1, of(at)))));
  return store;
}

/** The largest change of a figure in one turn of the event loop, until it is `end`, and the number of turns. */
async function most(
  queue: TestQueue,
  name: string,
  end: number,
): Promise<[most: number, turns: number]> {
  let largest = 0;
  for (let turns = 0, before = Number(queue.figure(name)); turns < 20_000; turns++) {
    if (before === end) return [largest, turns];
    await turn();
    const now = Number(queue.figure(name));
    largest = Math.max(largest, Math.abs(now - before));
    before = now;
  }
  throw new Error(`${name} is ${queue.figure(name)}, not ${end}`);
}

Deno.test("PURGEs of one client or of many do one slice a turn together", async () => {
  const count = 10_000;
  await using queue = await testQueue({ store: await filled(count, () => ({})) });
  const sessions = [await queue.session(), await queue.session(), await queue.session()];
  const purge = Array(100).fill("PURGE mail\n").map((line, at) => `#${at} ${line}`).join("");
  for (const session of sessions) await session.send(purge);
  const [largest, turns] = await most(queue, "queue-ready", 0);
  assert(largest <= SLICE, `${largest} in a turn`);
  assert(turns >= count / SLICE - 2, `${turns} turns`);
});

Deno.test("PURGEs take turns by client, for any number of one client's PURGEs", async () => {
  const store = await filled(32_000, (at) => ({ queue: at < 30_000 ? "large" : "small" }));
  await using queue = await testQueue({ store });
  const [greedy, modest] = [await queue.session(), await queue.session()];
  const purge = (at: number): string => `#${at} PURGE large state=ready\n`;
  await greedy.send(Array.from({ length: 200 }, (_, at) => purge(at)).join(""));
  for (let turns = 0; turns < 10; turns++) await turn();
  let done = false;
  const reply = modest.ask("PURGE small").finally(() => done = true);
  let turns = 0;
  while (!done && turns < 1_000) {
    await turn();
    turns++;
  }
  // Five slices take every other turn, and the client is read behind many others.
  assert(turns < 100, `${turns} turns`);
  assertEquals(await reply, "OK count=2000");
  greedy.close();
});

Deno.test("many delays, or leases, that end at once are handled a slice a turn", async () => {
  const now = Date.parse("2020-01-01T00:00:00Z");
  const over = now + 60_000;
  for (const state of ["delayed", "taken"] as const) {
    const times = state === "delayed"
      ? { readyAt: over }
      : { endsAt: over, attempt: 1, attempts: 5 };
    const store = await filled(5_000, () => ({ ...times, enqueuedAt: now, state }));
    await using queue = await testQueue({ store });
    queue.clock.advance(60_000);
    assertEquals(queue.figure("queue-ready"), SLICE, state);
    const [largest] = await most(queue, "queue-ready", 5_000);
    assertEquals(largest, SLICE, state);
  }
});

Deno.test("a TAKE drops a slice of expired jobs, and a waiting TAKE gets a job behind them", async () => {
  const now = Date.parse("2020-01-01T00:00:00Z");
  const store = await filled(5_000, (at) => ({
    enqueuedAt: now,
    readyAt: now + at / 10_000,
    expiresAt: at < 4_999 ? now + 1_000 : 0,
  }));
  await using queue = await testQueue({ store });
  const session = await queue.session();
  // Time has passed without a timer.
  queue.clock.now = () => now + 2_000;
  const before = Number(queue.figure("queue-expired-total"));
  assertEquals(await session.ask("TAKE mail"), "OK count=0");
  assertEquals(Number(queue.figure("queue-expired-total")) - before, SLICE);
  assertMatch(await session.ask("TAKE mail wait=1m"), /^\* id=5000 /);
});

Deno.test("RESUME serves the takers of a queue a slice a turn, each in its turn", async () => {
  await using queue = await testQueue({ store: await filled(3_000, () => ({})) });
  const other = await queue.session();
  await other.ask("PAUSE mail");
  const takes = Array.from({ length: 30 }, (_, at) => `#${at} TAKE mail wait=1m max=10\n`);
  for (let i = 0; i < 10; i++) await (await queue.session()).send(takes.join(""));
  await most(queue, "queue-takers", 300);
  const resumed = other.ask("RESUME mail");
  const [largest] = await most(queue, "queue-taken", 3_000);
  assert(largest <= SLICE, `${largest} in a turn`);
  assertEquals(await resumed, "OK");
});

Deno.test("the jobs of a lost connection go back a slice a turn", async () => {
  await using queue = await testQueue({ store: await filled(3_000, () => ({ attempts: 5 })) });
  const session = await queue.session();
  for (let i = 0; i < 30; i++) await session.ask("TAKE mail max=100 hold=connection");
  assertEquals(queue.figure("queue-taken"), 3_000);
  session.close();
  const [largest] = await most(queue, "queue-taken", 0);
  assertEquals(largest, SLICE);
});

Deno.test("PURGEs of one client that wait for each other hold no seats, and do not begin", async () => {
  const count = 40_000;
  await using queue = await testQueue({ store: await filled(count, () => ({})) });
  const other = await queue.session();
  const greedy = await Promise.all(Array.from({ length: 5 }, () => queue.session()));
  const lines = Array.from({ length: 250 }, (_, at) => `#${at} PURGE mail state=ready\n`);
  for (const session of greedy) await session.send(lines.join(""));
  const running = async (): Promise<[number, number]> => {
    const stats = await other.ask("STATS");
    const [, runs] = /^\* running (\d+)$/m.exec(stats)!;
    const [, parked] = /^\* parked (\d+)$/m.exec(stats)!;
    return [Number(runs), Number(parked)];
  };
  let most = 0;
  for (let turns = 0; turns < 20; turns++) {
    assertMatch(await other.ask("PUT other x"), /^OK id=/);
    const [runs, parked] = await running();
    assert(runs <= 10, `${runs} run, ${parked} are parked`);
    most = Math.max(most, parked);
  }
  assert(most > 300, `${most} were parked`);
  assert(Number(queue.figure("queue-ready")) > 0);
});

Deno.test("a PURGE that is cancelled while it waits for another removes no job, and the next has its turn", async () => {
  await using queue = await testQueue({
    store: await filled(20_000, (at) => ({ queue: at % 2 === 0 ? "a" : "b" })),
  });
  const session = await queue.session();
  await session.send("#1 PURGE a\n#2 PURGE b\n#3 PURGE a\nCANCEL 2\n");
  const replies = [];
  for (let i = 0; i < 4; i++) replies.push(await session.reply());
  assertMatch(
    replies.sort().join("\n"),
    /#1 OK count=10000\n#2 ERR cancelled .*\n#3 OK count=0\nOK/,
  );
  assertEquals(queue.figure("queue-ready"), 10_000);
  assertEquals(await session.ask("PURGE b"), "OK count=10000");
});

Deno.test("PURGE, REVIVE and LIST visit no job where the queue has none that matches", async () => {
  await using queue = await testQueue({
    store: await filled(20_000, (at) => at === 999 ? { state: "dead" } : {}),
  });
  const session = await queue.session();
  const turnsOf = async (request: string): Promise<[string, number]> => {
    let reply: string | undefined;
    session.ask(request).then((text) => reply = text);
    for (let turns = 0; turns < 5_000; turns++) {
      if (reply !== undefined) return [reply, turns];
      await turn();
    }
    throw new Error(`no reply to ${request}`);
  };
  const least = async (request: string, expected: RegExp, most: number): Promise<void> => {
    const [reply, turns] = await turnsOf(request);
    assertMatch(reply, expected);
    assert(turns <= most, `${request}: ${turns} turns`);
  };
  await least("LIST mail state=dead", /^\* id=1000 .*\nOK count=1$/, 5);
  await least("LIST mail state=delayed", /^OK count=0$/, 5);
  await least("LIST mail key=none", /^OK count=0$/, 5);
  await least("PURGE mail key=none", /^OK count=0$/, 5);
  await least("PURGE mail state=delayed", /^OK count=0$/, 5);
  await least("REVIVE mail", /^OK count=1$/, 30);
  await least("REVIVE mail", /^OK count=0$/, 5);
});

Deno.test("a slice ends early where its jobs take long", async () => {
  await using queue = await testQueue({ store: await filled(10_000, () => ({})) });
  const session = await queue.session();
  const { clock } = queue;
  const start = clock.now();
  // Each look at the clock takes a millisecond.
  let looks = 0;
  clock.now = () => start + looks++;
  const purged = session.ask("PURGE mail");
  const [largest] = await most(queue, "queue-ready", 0);
  assert(largest <= 50, `${largest} in a turn`);
  assertEquals(await purged, "OK count=10000");
});

Deno.test("a slice of jobs that are due at once ends early where they take long", async () => {
  const now = Date.parse("2020-01-01T00:00:00Z");
  const due = now + 60_000;
  for (const figure of ["queue-ready", "queue-expired-total"]) {
    const isDelayed = figure === "queue-ready";
    const state = isDelayed ? "delayed" : "ready";
    const [readyAt, expiresAt] = isDelayed ? [due, 0] : [now, due];
    const store = await filled(5_000, (at) => ({ state, readyAt, expiresAt, key: `k${at}` }));
    await using queue = await testQueue({ store });
    const { clock } = queue;
    let looks = 0;
    const start = due;
    // Each call of the clock takes a millisecond.
    clock.advance(59_999);
    clock.now = () => start + looks++;
    clock.step();
    const [largest] = await most(queue, figure, 5_000);
    assert(largest <= 50, `${figure}: ${largest} in a turn`);
  }
});

Deno.test("LIST of many jobs leaves room for the requests of others between two slices", async () => {
  await using queue = await testQueue({
    store: await filled(9_000, (at) => ({ key: at === 8_999 ? "last" : "other" })),
  });
  const [lister, other] = [await queue.session(), await queue.session()];
  let listed = false;
  const list = lister.ask("LIST mail key=last").finally(() => listed = true);
  let asked = 0;
  while (!listed) {
    assertMatch(await other.ask("PUT other x"), /^OK id=/);
    asked++;
    await turn();
  }
  assertMatch(await list, /^\* id=9000 .*\nOK count=1$/);
  assert(asked >= 5, `${asked} requests meanwhile`);
});

/** A clock of a machine that is so slow that each call of the clock takes a millisecond. */
class SlowClock extends VirtualClock {
  #late = 0;

  override now(): number {
    return super.now() + this.#late++;
  }
}

Deno.test("a TAKE gets all jobs that it asks for, also on a slow machine", async () => {
  await using queue = await testQueue({
    store: await filled(100, () => ({})),
    clock: new SlowClock(),
  });
  const session = await queue.session();
  assertMatch(await session.ask("TAKE mail max=60"), /OK count=60$/);
});
