import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { memoryStore, type Store } from "@lineup/lineup/queue";
import { testQueue } from "../../test_queue.ts";

const HELLO = "* id=1 queue=mail attempt=1 lease=60s {5}\nhello\nOK count=1";

/** The one timer of the server, for its connections. */
const SERVER_TIMERS = 1;

Deno.test("TAKE wait= is answered by a PUT", async () => {
  await using queue = await testQueue();
  const taker = await queue.session();
  const putter = await queue.session();
  await taker.send("TAKE mail wait=1h\n");
  await queue.clock.elapse(60_000);
  await putter.ask("PUT mail hello");
  assertEquals(await taker.reply(), HELLO);
});

Deno.test("TAKE wait= is answered by a later PUT on the same connection", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  await session.send("TAKE mail wait=1h\nPUT mail hello\n");
  assertEquals(await session.reply(), HELLO);
  assertEquals(await session.reply(), "OK id=1");
});

Deno.test("TAKE wait= is answered when its time is over, and leaves no trace", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  await session.send("TAKE mail other wait=5s\n");
  await queue.clock.elapse(4999);
  assertEquals(queue.figure("queue-takers"), 1);
  await queue.clock.elapse(1);
  assertEquals(await session.reply(), "OK count=0");
  assertEquals(queue.figure("queue-takers"), 0);
  assertEquals(queue.figure("queue-queues"), 0);
  assertEquals(queue.clock.pending, SERVER_TIMERS);
});

Deno.test("TAKE wait= is answered by the end of a lease and by a FAIL", async () => {
  await using queue = await testQueue();
  const first = await queue.session();
  const second = await queue.session();
  await first.ask("PUT mail hello");
  await first.ask("TAKE mail lease=3s");
  await second.send("TAKE mail wait=1m\n");
  await queue.clock.elapse(3000);
  assertStringIncludes(await second.reply(), "* id=1 queue=mail attempt=2");
  await first.send("TAKE mail wait=1m\n");
  assertEquals(await second.ask("FAIL 1"), "OK state=ready");
  assertStringIncludes(await first.reply(), "* id=1 queue=mail attempt=3");
});

Deno.test("PUT wakes exactly one taker, in the order in which they came", async () => {
  await using queue = await testQueue();
  const takers = await Promise.all(Array.from({ length: 20 }, () => queue.session()));
  for (const taker of takers) {
    await taker.send("TAKE mail news wait=1h\n");
    // A TAKE that is passed on to another node takes a few turns more.
    for (let turns = 0; turns < 4; turns++) await queue.clock.elapse(0);
  }
  const putter = await queue.session();
  for (const [index, taker] of takers.entries()) {
    await putter.ask(index % 2 === 0 ? "PUT mail hello" : "PUT news hello");
    assertStringIncludes(await taker.reply(), `* id=${index + 1} `);
    assertEquals(queue.figure("queue-takers"), 19 - index);
  }
});

/** The TAKEs of a client. */
const EACH = 20;

Deno.test("PUT wakes exactly one of 2,000 takers, which wait on one timer", async () => {
  await using queue = await testQueue();
  const putter = await queue.session();
  const takers = await Promise.all(Array.from({ length: 100 }, () => queue.session()));
  const pending = queue.clock.pending;
  for (const [index, taker] of takers.entries()) {
    const lines = Array.from({ length: EACH }, (_, at) => `#t${index}-${at} TAKE mail wait=1h\n`);
    await taker.send(lines.join(""));
    await queue.clock.elapse(0);
  }
  assertEquals(queue.figure("queue-takers"), 100 * EACH);
  assertEquals(queue.clock.pending, pending + 1);
  for (let n = 0; n < 2.5 * EACH; n++) {
    assertEquals(await putter.ask("PUT mail hello"), `OK id=${n + 1}`);
    assertEquals(queue.figure("queue-takers"), 100 * EACH - 1 - n);
    const reply = await takers[Math.floor(n / EACH)].reply();
    const tag = `#t${Math.floor(n / EACH)}-${n % EACH}`;
    assertEquals(
      reply,
      `${tag} ${HELLO.replace("id=1", `id=${n + 1}`).replace("OK", `${tag} OK`)}`,
    );
  }
});

Deno.test("a TAKE wait= that is cancelled, expires or loses its connection leaves no trace", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  const gone = await queue.session();
  await session.send("#a TAKE mail wait=1h\n#b TAKE mail news wait=1h within=5s\n");
  await gone.send("#c TAKE mail wait=1h\n");
  await queue.clock.elapse(1);
  assertEquals(queue.figure("queue-takers"), 3);
  assertMatch(await session.ask("CANCEL a"), /^#a ERR cancelled/);
  assertEquals(await session.reply(), "OK");
  // The server checks deadlines in ticks of 16 ms.
  await queue.clock.elapse(5016);
  assertMatch(await session.reply(), /^#b ERR expired/);
  // Only a write distinguishes a lost connection from one whose client has ended its side.
  const sent = gone.send("PING\n");
  gone.close();
  await sent;
  await queue.clock.elapse(1);
  assertEquals(queue.figure("queue-takers"), 0);
  assertEquals(queue.figure("queue-queues"), 0);
  assertEquals(await session.ask("PUT mail hello"), "OK id=1");
  assertEquals(await session.ask("TAKE mail"), HELLO);
});

Deno.test("TAKE gives a job back to its place, uncounted, when it is cancelled as the job comes", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  await session.send("#a TAKE mail wait=1h\nPUT mail hello\nPUT mail world\nCANCEL a\n");
  const replies = [];
  for (let i = 0; i < 4; i++) replies.push(await session.reply());
  assertMatch(replies.find((reply) => reply.startsWith("#a"))!, /^#a ERR cancelled/);
  assertEquals(await session.ask("TAKE mail"), HELLO);
});

/** A store in memory whose commits wait while the test holds it. */
function heldUp(): { store: Store; hold(): void; go(): void } {
  const memory = memoryStore();
  let held: PromiseWithResolvers<void> | undefined = undefined;
  return {
    store: {
      ...memory,
      async commit(changes) {
        await held?.promise;
        await memory.commit(changes);
      },
    },
    hold: () => held = Promise.withResolvers(),
    go: () => held?.resolve(),
  };
}

Deno.test("PUT wakes one of many takers, and the next one where the first is cancelled as it wakes", async () => {
  await using queue = await testQueue();
  const takers = await Promise.all(Array.from({ length: 5 }, () => queue.session()));
  for (const taker of takers) {
    await taker.send("#t TAKE mail wait=1h\n");
    await queue.clock.elapse(0);
  }
  await takers[0].send("PUT mail hello\n#c CANCEL t\n");
  const replies = [];
  for (let i = 0; i < 3; i++) replies.push(await takers[0].reply());
  assertMatch(replies.find((reply) => reply.startsWith("#t"))!, /^#t ERR cancelled/);
  assertEquals(await takers[1].reply(), HELLO.replaceAll(/^(?=\*|OK)/gm, "#t "));
  await queue.clock.elapse(1);
  assertEquals(queue.figure("queue-takers"), 3);
});

Deno.test("PUT wakes one of many takers, and the next one where the first vanishes before the job is stored as taken", async () => {
  const { store, hold, go } = heldUp();
  await using queue = await testQueue({ store });
  const takers = await Promise.all(Array.from({ length: 5 }, () => queue.session()));
  for (const taker of takers) {
    await taker.send("#t TAKE mail wait=1h\n");
    await queue.clock.elapse(0);
  }
  hold();
  const putter = await queue.session();
  const put = putter.ask("PUT mail hello");
  await queue.clock.elapse(1);
  assertEquals(queue.figure("queue-takers"), 4);
  for (const taker of takers.slice(0, 2)) {
    // A write tells the server that the connection is lost.
    const sent = taker.send("PING\n");
    taker.close();
    await sent;
  }
  await queue.clock.elapse(1);
  // The first taker gave the job back, and the second is removed from the queue of takers.
  assertEquals(queue.figure("queue-takers"), 2);
  go();
  assertEquals(await put, "OK id=1");
  assertEquals(await takers[2].reply(), HELLO.replaceAll(/^(?=\*|OK)/gm, "#t "));
  await queue.clock.elapse(1);
  assertEquals(queue.figure("queue-takers"), 2);
  assertStringIncludes(await putter.ask("QUEUES"), "ready=0 taken=1");
});

Deno.test("PUT wakes a living taker, not an earlier one that has vanished unnoticed", async () => {
  await using queue = await testQueue();
  const gone = await queue.session();
  const next = await queue.session();
  const putter = await queue.session();
  for (const taker of [gone, next]) {
    await taker.send("TAKE mail wait=1h\n");
    await queue.clock.elapse(0);
  }
  gone.close();
  await queue.clock.elapse(1);
  assertEquals(await putter.ask("PUT mail hello"), "OK id=1");
  assertEquals(await next.reply(), HELLO);
  assertEquals(queue.figure("queue-takers"), 1);
  // No other taker waits, so the vanished one gets the second job. The write tells that it is gone.
  assertEquals(await putter.ask("PUT mail again"), "OK id=2");
  await queue.clock.elapse(1);
  assertEquals(queue.figure("queue-takers"), 0);
  assertStringIncludes(await putter.ask("QUEUES"), "ready=1 taken=1");
  assertStringIncludes(await putter.ask("TAKE mail"), "* id=2 queue=mail attempt=1 ");
});

Deno.test("Takers that have ended their side are served in their order, behind all others", async () => {
  await using queue = await testQueue();
  const takers = await Promise.all(Array.from({ length: 6 }, () => queue.session()));
  for (const taker of takers) {
    await taker.send("TAKE mail news wait=1h\n");
    await queue.clock.elapse(0);
  }
  for (const at of [3, 0, 1]) await takers[at].half();
  await queue.clock.elapse(0);
  const putter = await queue.session();
  for (const [index, at] of [2, 4, 5, 0, 1, 3].entries()) {
    await putter.ask(index % 2 === 0 ? "PUT mail hello" : "PUT news hello");
    assertStringIncludes(await takers[at].reply(), `* id=${index + 1} `);
  }
});

Deno.test("A client with half-close=off that ends its side waits no longer", async () => {
  await using queue = await testQueue();
  const gone = await queue.session();
  assertStringIncludes(await gone.ask("HELLO lineup/1 half-close=off"), "OK lineup/1 queue/");
  await gone.ask("PUT mail hello");
  await gone.ask("TAKE mail hold=connection");
  await gone.send("#a TAKE mail wait=1h\n#b WAIT 1\n");
  await queue.clock.elapse(0);
  assertEquals(queue.figure("queue-takers"), 1);
  assertEquals(queue.figure("queue-waiting-results"), 1);
  await gone.half();
  await queue.clock.elapse(0);
  assertEquals(queue.figure("queue-takers"), 0);
  assertEquals(queue.figure("queue-waiting-results"), 0);
  assertEquals(queue.figure("queue-ready"), 1);
});

Deno.test("TAKE gives back the jobs that never left the server, where a client that reads nothing is dropped", async () => {
  await using queue = await testQueue();
  const putter = await queue.session();
  const deaf = await queue.session();
  const body = "x".repeat(60_000);
  for (let n = 1; n <= 20; n++) await putter.ask(`PUT mail attempts=1 {60000}\n${body}`);
  await deaf.send("#a TAKE mail max=5\n#b TAKE mail max=15\n");
  await queue.clock.elapse(1000);
  assertEquals(queue.figure("queue-taken"), 20);
  // It is stored behind them.
  await putter.ask("LIMIT mail weight=1");
  await queue.clock.elapse(11_000);
  // The first job has left, and so has the beginning of the second.
  assertEquals(queue.figure("queue-taken"), 2);
  assertEquals(queue.figure("queue-ready"), 18);
  assertStringIncludes(await putter.ask("TAKE mail"), "* id=3 queue=mail attempt=1 ");
});

Deno.test("Jobs that were given to vanished clients count towards no rate", async () => {
  await using queue = await testQueue();
  const putter = await queue.session();
  await putter.ask("LIMIT mail rate=0.001");
  await putter.ask("LIMIT mail key=acme rate=0.001");
  const takers = await Promise.all(Array.from({ length: 5 }, () => queue.session()));
  for (const taker of takers) await taker.send("TAKE mail wait=1h\n");
  await queue.clock.elapse(1);
  for (const taker of takers.slice(0, 4)) taker.close();
  await takers[4].half();
  await queue.clock.elapse(1);
  await putter.ask("PUT mail hello key=acme attempts=1");
  await queue.clock.elapse(1);
  assertStringIncludes(await takers[4].reply(), "* id=1 queue=mail key=acme attempt=1 ");
  // A living client got a job, which counts.
  await putter.ask("PUT mail again");
  assertEquals(await putter.ask("TAKE mail"), "OK count=0");
  await queue.clock.elapse(1_000_000);
  assertStringIncludes(await putter.ask("TAKE mail"), "* id=2 ");
});

Deno.test("TAKE gives jobs back when it is cancelled while they are being stored", async () => {
  const { store, hold, go } = heldUp();
  await using queue = await testQueue({ store });
  const session = await queue.session();
  await session.ask("PUT mail hello");
  await session.ask("PUT mail world");
  hold();
  await session.send("#a TAKE mail max=2\nCANCEL a\n");
  assertMatch(await session.reply(), /^#a ERR cancelled/);
  assertEquals(await session.reply(), "OK");
  assertStringIncludes(await session.ask("QUEUES"), "taken=2");
  go();
  await queue.clock.elapse(1);
  assertStringIncludes(await session.ask("QUEUES"), "ready=2 taken=0");
  assertEquals(await session.ask("TAKE mail"), HELLO);
});

Deno.test("TAKE is not answered before the job is stored as taken", async () => {
  const { store, hold, go } = heldUp();
  await using queue = await testQueue({ store });
  const session = await queue.session();
  await session.ask("PUT mail hello");
  hold();
  let answered = false;
  const reply = session.ask("TAKE mail").finally(() => answered = true);
  await queue.clock.elapse(10);
  assertEquals(answered, false);
  go();
  assertEquals(await reply, HELLO);
});

Deno.test("TAKE wait= answers busy once maxTakers wait", async () => {
  await using queue = await testQueue({ maxTakers: 1 });
  const session = await queue.session();
  await session.send("#a TAKE mail wait=1h\n");
  assertMatch(await session.ask("TAKE mail wait=1h"), /^ERR busy .* retry=1000$/);
  assertEquals(await session.ask("TAKE mail"), "OK count=0");
});
