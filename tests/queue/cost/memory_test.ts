import { memoryStore, type Store } from "@lineup/lineup/queue";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { testQueue } from "../../test_queue.ts";
import { job, put } from "../../../queue/store/conformance/samples.ts";

import type { RawClient } from "../../raw_client.ts";

const FULL = /^ERR busy "The queue holds \d+ bytes in memory, and its maxMemory is 100000, /;
/** A store in memory whose memory the queue does not count. */
const elsewhere = (): Store => ({ ...memoryStore(), held: undefined });

/** Puts jobs until one is refused. Resolves with the number of jobs and the refusal. */
async function fill(session: RawClient, request: (n: number) => string): Promise<[number, string]> {
  for (let n = 1; n <= 5_000; n++) {
    const reply = await session.ask(request(n));
    if (!reply.startsWith("OK")) return [n - 1, reply];
  }
  throw new Error("there is no bound");
}

Deno.test("PUT, EVERY, LIMIT and PAUSE answer busy while the memory of the queue is full; commands that make room work", async () => {
  await using queue = await testQueue({ maxMemory: 100_000, store: elsewhere() });
  const session = await queue.session();
  await session.ask("EVERY there mail x interval=1h");
  const [count, reply] = await fill(session, (n) => `PUT mail x id=${n}`);
  assertMatch(reply, FULL);
  assertStringIncludes(reply, 'DONE, DROP and PURGE make room." retry=1000');
  assert(count > 200 && count < 500, `${count} jobs`);
  for (
    const request of [
      "PUT mail other",
      "EVERY report mail x interval=1h",
      "LIMIT news depth=3",
      "PAUSE news",
      "TAKE news wait=1s",
    ]
  ) assertMatch(await session.ask(request), FULL, request);
  const taken = await session.ask("TAKE mail max=10");
  assertStringIncludes(taken, "OK count=10");
  assertEquals(await session.ask(`FAIL 1 reason=${"x".repeat(1000)} dead=yes`), "OK state=dead");
  // There is no room for a reason either.
  assert(!(await session.ask("JOB 1")).includes("reason="));
  for (
    const request of ["EXTEND 2", "RELEASE 3", "REVIVE 1", "EVERY there off", "LIST mail max=1"]
  ) {
    assertMatch(await session.ask(request), /OK/, request);
  }
  for (const request of ["DONE 2 4 5 6 7", "DROP 8", "RELEASE 9"]) {
    assertMatch(await session.ask(request), /^OK/, request);
  }
  assertMatch(await session.ask("PUT mail again"), /^OK id=/);
  assertEquals(await session.ask("PURGE mail"), `OK count=${count - 5}`);
  assertEquals(queue.figure("queue-held-bytes"), 0);
  assertEquals(queue.figure("queue-held-bytes-limit"), 100_000);
});

Deno.test("a queue counts the memory of long names, keys, reasons and own options", async () => {
  const long = (n: number): string => `${n}`.padStart(128, "n");
  for (
    const [request, most] of [
      [(n: number) => `PUT mail x id=${long(n)}`, 210],
      [(n: number) => `PUT mail x key=${long(n)}`, 75],
      [(n: number) => `PUT ${long(n)} x`, 40],
      [(n: number) => `PUT mail x lease=${n}s`, 400],
      [(n: number) => `PUT mail x priority=${n % 10} key=${Math.floor(n / 10)}`, 115],
      [(n: number) => `LIMIT mail key=${long(n)} rate=1`, 100],
      [(n: number) => `LIMIT ${long(n)} rate=1`, 35],
      [(n: number) => `EVERY ${n} ${long(1)} x key=${long(2)} interval=1h`, 110],
    ] as const
  ) {
    await using queue = await testQueue({ maxMemory: 100_000, store: elsewhere() });
    const [count, reply] = await fill(await queue.session(), request);
    assertMatch(reply, FULL);
    assert(count > most / 2 && count <= most, `${count} of ${request(1)}`);
  }
});

Deno.test("a queue in memory counts bodies, results and the bodies of schedules", async () => {
  await using queue = await testQueue({ maxMemory: 100_000 });
  const session = await queue.session();
  const body = "x".repeat(10_000);
  assertEquals((await fill(session, () => `PUT mail {10000}\n${body}`))[0], 9);
  assertEquals(await session.ask("PURGE mail"), "OK count=9");
  const every = (n: number): string => `EVERY ${n} mail interval=1h {10000}\n${body}`;
  assertEquals((await fill(session, every))[0], 9);
  for (let n = 1; n <= 9; n++) await session.ask(`EVERY ${n} off`);
  assertEquals(queue.figure("queue-held-bytes"), 0);
  // The oldest results make room for new ones.
  for (let n = 1; n <= 20; n++) {
    const id = /id=(\d+)/.exec(await session.ask("PUT mail x result=keep"))?.[1];
    if (id === undefined) continue;
    await session.ask("TAKE mail");
    assertEquals(await session.ask(`DONE ${id} {10000}\n${body}`), "OK");
  }
  assertEquals(queue.figure("queue-done"), 8);
  await queue.clock.elapse(3_600_000);
  assertEquals(queue.figure("queue-held-bytes"), 0);
});

Deno.test("a store beyond the memory of the queue is loaded, and new jobs are refused until it is smaller", async () => {
  const store = elsewhere();
  const count = 2_000;
  await store.commit(
    Array.from({ length: count }, (_, at) => put(job(at + 1, { unique: `n${at}` }))),
  );
  await using queue = await testQueue({ maxMemory: 100_000, store });
  const session = await queue.session();
  assertEquals(queue.figure("queue-ready"), count);
  assertMatch(await session.ask("PUT mail x"), FULL);
  for (let left = count; left > 200; left -= 100) {
    const taken = await session.ask("TAKE mail max=100");
    const ids = [...taken.matchAll(/^\* id=(\d+)/gm)].map(([, id]) => id);
    assertEquals(await session.ask(`DONE ${ids.join(" ")}`), "OK");
  }
  assertMatch(await session.ask("PUT mail x"), /^OK id=/);
});

Deno.test("waiting TAKEs and WAITs have their own share of the memory: jobs do not take it, nor they that of jobs", async () => {
  await using queue = await testQueue({ maxMemory: 100_000, store: elsewhere() });
  const [session, other] = [await queue.session(), await queue.session()];
  const [count] = await fill(session, () => "PUT mail x delay=1h");
  // Long names cost more, and their queues exist.
  let waiting = 0;
  for (let n = 0; n < 100; n++) await session.send(`#t${n} TAKE mail wait=1h\n`);
  for (let n = 0; n < 100; n++) await session.send(`#w${n} WAIT 1\n`);
  await other.ask("PING");
  waiting = Number(queue.figure("queue-takers")) + Number(queue.figure("queue-waiting-results"));
  assert(waiting > 15 && waiting < 30, `${waiting} wait`);
  assertMatch(
    await other.ask("TAKE mail wait=1s"),
    /^ERR busy "Requests that wait hold \d+ bytes in memory, and may hold 12500, a share of maxMemory\./,
  );
  assertEquals(await other.ask("TAKE mail"), "OK count=0");
  assertEquals(await other.ask("PURGE mail"), `OK count=${count}`);
  assertMatch(await other.ask("PUT news x"), /^OK id=/);
});

Deno.test("PUT waits while many changes wait to be stored, and a PUT whose client is gone is dropped", async () => {
  const memory = memoryStore();
  let go = Promise.withResolvers<void>();
  const store: Store = {
    ...memory,
    held: undefined,
    async commit(changes) {
      await go.promise;
      await memory.commit(changes);
    },
  };
  await using queue = await testQueue({ store });
  const session = await queue.session();
  const body = "x".repeat(1_000_000);
  const send = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) {
      await session.send(`PUT mail within=1s {1000000}\n${body}\n`);
      // A client that is answered leaves nothing behind.
      if (n % 3 === 2) {
        await queue.clock.elapse(1100);
        for (let each = 0; each < 3; each++) {
          assertMatch(await session.reply(), /^ERR (expired|busy)/);
        }
      }
    }
  };
  await send(120);
  const held = Number(queue.figure("queue-held-bytes"));
  assert(held > 64 << 20 && held < 72 << 20, `${held} bytes`);
  assertEquals(queue.figure("queue-ready"), 68);
  go.resolve();
  go = Promise.withResolvers();
  go.resolve();
  for (let tries = 0; Number(queue.figure("queue-held-bytes")) > 1 << 20; tries++) {
    assert(tries < 1000, "it is not stored");
    await queue.clock.elapse(0);
  }
  assertEquals(queue.figure("queue-ready"), 68);
  assertMatch(await session.ask("PUT mail x"), /^OK id=69/);
});

Deno.test("TAKE and LIST count the unread bytes of their answers towards the memory of the server", async () => {
  await using queue = await testQueue();
  const [session, other] = [await queue.session(), await queue.session()];
  const body = "x".repeat(1_000_000);
  for (let n = 0; n < 3; n++) await session.ask(`PUT mail {1000000}\n${body}`);
  for (let n = 0; n < 900; n++) await session.ask("PUT news x");
  const held = async (): Promise<number> =>
    Number(/^\* held-bytes (\d+)$/m.exec(await other.ask("STATS"))![1]);
  assert(await held() < 5_000);
  await session.send("TAKE mail max=3\n");
  await queue.clock.elapse(0);
  assert(await held() > 3_000_000);
  assertStringIncludes(await session.reply(), "OK count=3");
  await session.send("LIST news max=900\n");
  await queue.clock.elapse(0);
  const listing = await held();
  assert(listing > 200_000, `${listing} bytes`);
  await session.reply();
  await queue.clock.elapse(1000);
  assert(await held() < 5_000);
});
