// What has ended stays ended, and its place is free for the next: caps, schedules, leases, and the queue itself.

import { memoryStore, openQueue, type Store } from "@lineup/lineup/queue";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { job, put } from "../../../queue/store/conformance/samples.ts";
import { testQueue } from "../../test_queue.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";

/** The timers of a queue and its server without jobs and schedules: the server's next visit of its connections. */
const OWN_TIMERS = 1;

// The ways in which a taken job of the number 1 ends, or goes back behind another.
const endings: Record<string, readonly string[]> = {
  "DONE": ["DONE 1"],
  "DONE of a result that is kept": ["DONE 1 result=x"],
  "FAIL": ["FAIL 1 retry=1h"],
  "FAIL for good": ["FAIL 1 dead=yes"],
  "RELEASE": ["RELEASE 1 delay=1h"],
  "DROP": ["DROP 1"],
  "PURGE of its key": ["PURGE mail key=k state=taken"],
  "PURGE of its queue": ["PURGE mail state=taken"],
  "the end of its lease": [],
};

for (const owner of ["", " key=k"]) {
  for (const [name, requests] of Object.entries(endings)) {
    Deno.test(`a ${owner === "" ? "queue" : "key"} at its limit of running jobs goes on after ${name}, each time`, async () => {
      await using queue = await testQueue();
      const session = await queue.session();
      await session.ask(`LIMIT mail${owner} running=1`);
      for (let round = 0; round < 3; round++) {
        await session.ask("PUT mail first key=k lease=10s result=keep attempts=1");
        await session.ask("PUT mail second key=k");
        const first = / id=(\d+) /.exec(await session.ask("TAKE mail"))![1];
        assertEquals(await session.ask("TAKE mail"), "OK count=0");
        for (const request of requests) {
          assertMatch(await session.ask(request.replace(/\b1\b/, first)), /^OK/);
        }
        if (requests.length === 0) await queue.clock.elapse(10_000);
        assertMatch(await session.ask("TAKE mail"), /\{6\}\nsecond\nOK count=1$/);
        // Whatever the limit was, an empty queue has its whole room again.
        await session.ask("PURGE mail");
      }
    });
  }
}

Deno.test("a key whose jobs are purged at its limit serves a TAKE that waits, and one that comes later", async () => {
  await using queue = await testQueue();
  const [session, waiting] = [await queue.session(), await queue.session()];
  await session.ask("LIMIT mail key=k running=2");
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 4; i++) await session.ask("PUT mail x key=k");
    assertMatch(await session.ask("TAKE mail max=4"), /OK count=2$/);
    waiting.post("TAKE mail wait=1m\n");
    await queue.clock.elapse(1);
    assertEquals(await session.ask("PURGE mail key=k"), "OK count=4");
    assertMatch(await session.ask("PUT mail new key=k"), /^OK id=/);
    assertMatch(await waiting.reply(), /\nnew\nOK count=1$/);
    await session.ask("PUT mail newer key=k");
    assertMatch(await session.ask("TAKE mail"), /\nnewer\nOK count=1$/);
    await session.ask("PURGE mail");
  }
});

Deno.test("EVERY off ends a schedule: nothing is put any more, and no timer is left, at any time of it", async () => {
  await using queue = await testQueue();
  const { clock } = queue;
  const session = await queue.session();
  const schedules = ["interval=10s", "interval=1h", "interval=2h", 'cron="0 * * * *"'];
  // Before its first job, between two of them, and in the moment of one.
  for (const wait of [0, 15_000, 3_600_000, 3_600_000 - 1]) {
    for (const [at, times] of schedules.entries()) {
      // Set again with other times meanwhile, and ended twice.
      await session.ask(`EVERY s${at} mail x interval=${at + 1}m`);
      assertMatch(await session.ask(`EVERY s${at} mail x ${times}`), /^OK next=/);
    }
    await clock.elapse(wait);
    for (const at of schedules.keys()) {
      assertEquals(await session.ask(`EVERY s${at} off`), "OK");
      assertMatch(await session.ask(`EVERY s${at} off`), /^ERR not-found/);
    }
    await session.ask("PURGE mail");
    // The first timer was set before; it rings once.
    await clock.elapse(3_600_000 + 60_000);
    assertEquals([queue.figure("queue-ready"), clock.pending], [0, OWN_TIMERS]);
    await clock.elapse(3 * 3_600_000);
    assertEquals([queue.figure("queue-ready"), await session.ask("SCHEDULES")], [0, "OK count=0"]);
  }
});

Deno.test("EVERY puts one job for the missed ones, however many times its interval the timer is late", async () => {
  for (const late of [0, 59_999, 60_000, 120_000, 150_000, 3_600_000]) {
    await using queue = await testQueue();
    const session = await queue.session();
    await session.ask("EVERY beat mail x interval=1m");
    queue.clock.late(late);
    await queue.clock.elapse(60_000);
    assertEquals(queue.figure("queue-ready"), 1, `${late} ms late`);
    const left = 60_000 - late % 60_000;
    const next = left % 1000 === 0 ? `${left / 1000}s` : `${left}ms`;
    assertStringIncludes(await session.ask("SCHEDULES"), ` next=${next} `);
    await queue.clock.elapse(left - 1);
    assertEquals(queue.figure("queue-ready"), 1);
    await queue.clock.elapse(1);
    assertEquals(queue.figure("queue-ready"), 2);
  }
});

Deno.test("a job that is done has no reason of an earlier attempt", async () => {
  const store: Store = { ...memoryStore(), close: () => Promise.resolve() };
  await using queue = await testQueue({ store });
  const session = await queue.session();
  await session.ask("PUT mail x result=keep expires=1d");
  await session.ask("TAKE mail");
  await session.ask('FAIL 1 reason="No luck."');
  assertMatch(await session.ask("JOB 1"), / reason="No luck\."/);
  await session.ask("TAKE mail");
  assertMatch(await session.ask("JOB 1"), / attempt=2 /);
  assertEquals(await session.ask("DONE 1 result=42"), "OK");
  const done = await session.ask("JOB 1");
  assert(/ state=done /.test(done) && !/^OK .* reason=/m.test(done), done);
  await using again = await testQueue({ store, clock: queue.clock });
  const later = await (await again.session()).ask("JOB 1");
  assert(/ state=done /.test(later) && !/^OK .* reason=/m.test(later), later);
});

Deno.test("a queue that is closed in the middle of work changes nothing any more, and leaves no timer", async () => {
  const memory = memoryStore();
  const delayed = (id: number) =>
    put(job(id, { state: "delayed", readyAt: new VirtualClock().now() + 1000 }));
  await memory.commit(Array.from({ length: 5000 }, (_, at) => delayed(at + 1)));
  let closed = false;
  let late = 0;
  const store: Store = {
    ...memory,
    commit: (changes, at) => {
      if (closed) late++;
      return memory.commit(changes, at);
    },
    close: () => Promise.resolve(void (closed = true)),
  };
  const clock = new VirtualClock();
  const turns: (() => void)[] = [];
  const queue = await openQueue({ store, clock, log: () => {}, yield: (go) => turns.push(go) });
  // The first slice of the jobs that are due.
  while (turns.length === 0) assert(clock.step());
  const ready = (): unknown => new Map(queue.stats()).get("queue-ready");
  const first = ready() as number;
  assert(first > 0 && first < 5000, `${first} ready`);
  assertEquals(await queue.close(), 0);
  for (let go; (go = turns.shift()) !== undefined;) go();
  await clock.elapse(3_600_000);
  assertEquals([ready(), late, clock.pending, turns.length], [first, 0, 0, 0]);
});

/** A store whose commits wait until the test lets them go, or fail. */
function heldStore(): { store: Store; hold: () => PromiseWithResolvers<void>; sizes: number[] } {
  const memory = memoryStore();
  const sizes: number[] = [];
  let held: PromiseWithResolvers<void> | undefined;
  return {
    sizes,
    hold: () => held = Promise.withResolvers(),
    store: {
      ...memory,
      async commit(changes, at) {
        sizes.push(changes.length);
        const wait = held;
        held = undefined;
        await wait?.promise;
        await memory.commit(changes, at);
      },
    },
  };
}

Deno.test("requests that came while the failing batch was written are told of the failure, and all is stored at once later", async () => {
  const { store, hold, sizes } = heldStore();
  await using queue = await testQueue({ store });
  const session = await queue.session();
  const groups = 8, size = 70;
  // Once more after the store has worked again.
  for (let round = 0; round < 2; round++) {
    const ids: string[] = [];
    for (let i = 0; i < groups; i++) {
      session.post("PUT mail x\n".repeat(size));
      for (let j = 0; j < size; j++) ids.push(/^OK id=(\d+)$/.exec(await session.reply())![1]);
    }
    for (let i = 0; i < groups; i++) {
      assertMatch(await session.ask(`TAKE mail max=${size}`), /\nOK count=70$/);
    }
    const first = hold();
    session.post("PUT news x\n");
    await queue.clock.elapse(1);
    // The changes of one turn are a group where they are many; a batch usually has a part of many groups.
    for (let i = 0; i < groups; i++) {
      session.post(`DONE ${ids.slice(i * size, (i + 1) * size).join(" ")}\n`);
      await queue.clock.elapse(1);
    }
    sizes.length = 0;
    first.reject(new Error("disk full"));
    for (let i = 0; i <= groups; i++) assertMatch(await session.reply(), /^ERR internal /);
    await queue.clock.elapse(1000);
    assertEquals(sizes, [groups * size + 1]);
    assertMatch(await session.ask("QUEUES"), /^\* news .* ready=\d+ .*\nOK count=1$/);
  }
});
