import { memoryStore, type Store } from "@lineup/lineup/queue";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { LONG, SEED, seededRandom } from "../../seeded_random.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { testQueue } from "../../test_queue.ts";
import { job, put } from "../../../queue/store/conformance/samples.ts";
import type { RawClient } from "../../raw_client.ts";

/** Takes the next jobs. Resolves with their keys. */
async function take(session: RawClient, max: number, queue = "mail"): Promise<string[]> {
  const reply = await session.ask(`TAKE ${queue} max=${max} lease=1m`);
  return [...reply.matchAll(/^\* id=\d+ queue=\S+(?: key=(\S+))?/gm)].map(([, key = ""]) => key);
}

async function filled(keys: readonly string[], each: number): Promise<Store> {
  const store = memoryStore();
  await store.commit(
    Array.from(
      { length: each * keys.length },
      (_, at) => put(job(at + 1, { key: keys[at % keys.length], priority: (at >> 4) % 3 })),
    ),
  );
  return { ...store, close: () => Promise.resolve() };
}

Deno.test("LIMIT weight= gives keys 3 to 1 within 2 %, at any time and after a restart", async () => {
  const store = await filled(["a", "b", "c"], 4_000);
  await using queue = await testQueue({ store });
  const session = await queue.session();
  await session.ask("LIMIT mail key=a weight=3");
  await session.ask("LIMIT mail key=c weight=0.5");
  const count = async (session: RawClient): Promise<void> => {
    const counts: Record<string, number> = { a: 0, b: 0, c: 0 };
    for (let i = 0; i < 18; i++) for (const key of await take(session, 100)) counts[key]++;
    assert(Math.abs(counts.a / counts.b - 3) < 0.06, JSON.stringify(counts));
    assert(Math.abs(counts.b / counts.c - 2) < 0.04, JSON.stringify(counts));
  };
  await count(session);
  await queue[Symbol.asyncDispose]();
  await using again = await testQueue({ store, clock: queue.clock });
  const other = await again.session();
  await count(other);
  await other.ask("LIMIT mail key=a weight=0");
  await other.ask("LIMIT mail key=c weight=1");
  const even = await take(other, 99);
  for (const key of "abc") {
    assert(Math.abs(even.filter((each) => each === key).length - 33) <= 2, even.join());
  }
});

Deno.test("LIMIT running= holds a queue or a key back until a job ends, and others go on", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  for (const key of ["a", "a", "a", "b", "b", "b"]) await session.ask(`PUT mail x key=${key}`);
  await session.ask("LIMIT mail key=a running=1");
  await session.ask("LIMIT mail running=3");
  assertEquals((await take(session, 9)).sort(), ["a", "b", "b"]);
  assertEquals(await take(session, 9), []);
  await session.send("#w TAKE mail wait=1h\n");
  await queue.clock.elapse(1_000);
  assertEquals(await session.ask("DONE 1"), "OK");
  assertStringIncludes(await session.reply(), "#w * id=2 queue=mail key=a");
  assertEquals(await session.ask("LIMIT mail running=0"), "OK");
  assertEquals(await take(session, 9), ["b"]);
  await session.send("#w TAKE mail wait=1h max=9\n");
  await queue.clock.elapse(1);
  assertEquals(await session.ask("LIMIT mail key=a running=2"), "OK running=2");
  assertStringIncludes(await session.reply(), "#w * id=3 queue=mail key=a");
});

Deno.test("LIMIT running= counts the leases that a restart recovers", async () => {
  const store = await filled(["a", "b"], 10);
  await using queue = await testQueue({ store });
  const session = await queue.session();
  await session.ask("LIMIT mail key=a running=2");
  await session.ask("LIMIT mail running=5");
  assertEquals((await take(session, 20)).length, 5);
  await queue[Symbol.asyncDispose]();
  await using again = await testQueue({ store, clock: queue.clock });
  const other = await again.session();
  assertEquals(await take(other, 20), []);
  await other.ask("LIMIT mail running=6");
  assertEquals(await take(other, 20), ["b"]);
  await queue.clock.elapse(60_000);
  assertEquals((await take(other, 20)).sort().join(""), "aabbbb");
});

Deno.test("LIMIT rate= lets its number of jobs go a second, and wakes a waiting TAKE in time", async () => {
  const store = await filled(["a", "b"], 2_000);
  await using queue = await testQueue({ store });
  const session = await queue.session();
  await session.ask("LIMIT mail rate=0.5");
  assertEquals((await take(session, 100)).length, 1);
  assertEquals((await take(session, 100)).length, 0);
  await session.send("#w TAKE mail wait=1h\n");
  await queue.clock.elapse(1_998);
  assertEquals(queue.figure("queue-takers"), 1);
  await queue.clock.elapse(3);
  assertStringIncludes(await session.reply(), "OK count=1");
  await session.ask("LIMIT mail rate=0");
  await session.ask("LIMIT mail key=a rate=100");
  let [a, b] = [0, 0];
  for (let tick = 0; tick < 200; tick++) {
    for (const key of await take(session, 5)) key === "a" ? a++ : b++;
    await queue.clock.elapse(5);
  }
  // The jobs of a tenth of a second may come at once, and then 100 in the second.
  assert(a >= 100 && a <= 110, `${a}`);
  assertEquals(a + b, 1_000);
});

Deno.test("LIMIT depth= makes PUT busy for a full queue or key; dead and done jobs do not count", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  await session.ask("LIMIT mail key=a depth=1");
  await session.ask("LIMIT mail depth=3");
  await session.ask("PUT mail x key=a delay=1h attempts=1");
  assertEquals(
    await session.ask("PUT mail x key=a"),
    'ERR busy "a has 1 unfinished jobs in mail, and the depth of that key is 1." retry=1000',
  );
  await session.ask("PUT mail x attempts=1");
  await session.ask("PUT mail x result=keep");
  assertMatch(await session.ask("PUT mail x"), /^ERR busy "mail is full: it has 3 unfinished/);
  await session.ask("TAKE mail max=3");
  assertMatch(await session.ask("PUT mail x"), /^ERR busy/);
  await session.ask("FAIL 2");
  assertEquals(await session.ask("PUT mail x"), "OK id=4");
  await session.ask("DONE 3");
  assertEquals(await session.ask("PUT mail x"), "OK id=5");
  assertMatch(await session.ask("PUT mail x"), /^ERR busy/);
  assertEquals(await session.ask("PUT news x key=a"), "OK id=6");
});

Deno.test("LIMIT and PAUSE outlive a restart, LIMITS lists them, and empty ones are gone", async () => {
  const store: Store = { ...memoryStore(), close: () => Promise.resolve() };
  await using queue = await testQueue({ store, maxRules: 3 });
  const session = await queue.session();
  await session.ask("LIMIT mail rate=2.5 depth=7");
  await session.ask("LIMIT mail key=acme running=1");
  await session.ask("PAUSE news");
  assertMatch(await session.ask("LIMIT b depth=1"), /^ERR busy "3 queues and keys have limits/);
  assertEquals(await session.ask("LIMIT b depth=0"), "OK");
  const listed = "* queue=mail rate=2.5 depth=7\n* queue=mail key=acme running=1\n" +
    "* queue=news paused=yes\nOK count=3";
  assertEquals(await session.ask("LIMITS"), listed);
  await queue[Symbol.asyncDispose]();
  await using again = await testQueue({ store, clock: queue.clock });
  const other = await again.session();
  assertEquals(await other.ask("LIMITS"), listed);
  assertEquals(await other.ask("LIMIT mail key=acme"), "OK running=1");
  assertMatch(await other.ask("QUEUES"), /news .* paused=yes\nOK count=2$/);
  await other.ask("PUT news x");
  await other.send("#w TAKE news wait=1h\n");
  await queue.clock.elapse(1_000);
  assertEquals(await other.ask("TAKE news"), "OK count=0");
  await other.ask("RESUME news");
  assertStringIncludes(await other.reply(), "#w * id=1 ");
  for (const request of ["mail rate=0 depth=0", "mail key=acme running=0"]) {
    await other.ask(`LIMIT ${request}`);
  }
  await other.ask("DONE 1");
  assertEquals(await other.ask("LIMITS"), "OK count=0");
  assertEquals(await other.ask("QUEUES"), "OK count=0");
  assertEquals(await store.limits(), []);
});

Deno.test("LIMIT running= is never exceeded, for any changes of jobs and limits", async () => {
  for (let seed = SEED; seed < SEED + 3 * LONG; seed++) {
    const random = seededRandom(seed);
    const below = (limit: number): number => Math.floor(random() * limit);
    const clock = new VirtualClock();
    const store: Store = { ...memoryStore(), close: () => Promise.resolve() };
    let queue = await testQueue({ store, clock });
    let session = await queue.session();
    const caps: Record<string, number> = { all: 4, a: 1, b: 2, c: 3 };
    const limit = async (name: string): Promise<void> => {
      const key = name === "all" ? "" : ` key=${name}`;
      await session.ask(`LIMIT mail${key} running=${caps[name]}`);
    };
    for (const name of Object.keys(caps)) await limit(name);
    for (let step = 0; step < 150; step++) {
      const chance = random();
      const id = 1 + below(60);
      if (chance < 0.3) {
        await session.ask(`PUT mail x key=${"abc"[below(3)]} priority=${below(3)} lease=50ms`);
      } else if (chance < 0.5) await session.ask(`TAKE mail max=${1 + below(5)}`);
      else if (chance < 0.55) await session.send(`#${step} TAKE mail max=2 wait=${below(60)}ms\n`);
      else if (chance < 0.65) await session.ask(`DONE ${id}`);
      else if (chance < 0.7) await session.ask(`FAIL ${id} retry=${below(2) * 20}ms`);
      else if (chance < 0.75) await session.ask(`RELEASE ${id}`);
      else if (chance < 0.8) await session.ask(`DROP ${id}`);
      else if (chance < 0.82) await session.ask(below(2) === 0 ? "PAUSE mail" : "RESUME mail");
      else if (chance < 0.85) {
        const name = Object.keys(caps)[below(4)];
        caps[name] = Math.max(caps[name], 1 + below(4));
        await limit(name);
      } else if (chance < 0.97) await clock.elapse(below(30));
      else {
        await queue[Symbol.asyncDispose]();
        queue = await testQueue({ store, clock });
        session = await queue.session();
      }
      const watch = await queue.session();
      const taken = await watch.ask("LIST mail state=taken");
      watch.close();
      for (const [name, cap] of Object.entries(caps)) {
        const those = name === "all" ? /^\* /gm : new RegExp(`key=${name} `, "g");
        const count = taken.match(those)?.length ?? 0;
        assert(count <= cap, `${name} has ${count}, not ${cap}: LINEUP_SEED=${seed}`);
      }
    }
    // No job is held back for ever.
    await session.ask("RESUME mail");
    for (let i = 0; i < 200 && queue.figure("queue-queues") !== 0; i++) {
      const watch = await queue.session();
      for (const [, id] of (await watch.ask("TAKE mail max=9")).matchAll(/^\* id=(\d+)/gm)) {
        await watch.ask(`DONE ${id}`);
      }
      if ((await watch.ask("LIST mail max=1")) === "OK count=0") break;
      if (i === 199) throw new Error(`jobs are left: LINEUP_SEED=${seed}`);
      await clock.elapse(20);
      await watch.ask("PURGE mail state=dead");
      watch.close();
    }
    await queue[Symbol.asyncDispose]();
  }
});

Deno.test("QUEUE tells why a queue and its keys give out no job", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  for (const key of ["a", "b", "c"]) await session.ask(`PUT mail x key=${key}`);
  for (const key of ["a", "b"]) await session.ask(`PUT mail x key=${key}`);
  await session.ask("LIMIT mail key=a running=1");
  await session.ask("LIMIT mail key=b rate=0.1");
  await session.ask("TAKE mail max=10");
  const about = async (key: string): Promise<string | undefined> =>
    /blocked=(\w+)/.exec((await session.ask(`QUEUE mail key=${key}`)).split("\n")[0])?.[1];
  assertEquals(await about("a"), "running");
  assertEquals(await about("b"), "rate");
  assertEquals(await about("c"), undefined);
  const whole = async (): Promise<string | undefined> =>
    /^OK .*blocked=(\w+)/m.exec(await session.ask("QUEUE mail"))?.[1];
  assertEquals(await whole(), undefined);
  await session.ask("LIMIT mail running=2");
  assertEquals(await whole(), "running");
  await session.ask("PAUSE mail");
  assertEquals(await whole(), "paused");
  await queue.clock.elapse(20_000);
  assertEquals(await about("b"), undefined);
});
