// Rates and weights over time: taken jobs count for any later change of the limit, and the effect of a limit ends with
// it.

import { memoryStore, type Store } from "@lineup/lineup/queue";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { LONG, SEED, seededRandom } from "../../seeded_random.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { testQueue } from "../../test_queue.ts";
import { job, put } from "../../../queue/store/conformance/samples.ts";
import type { RawClient } from "../../raw_client.ts";

/** A store that may be opened again. */
function lasting(): Store {
  return { ...memoryStore(), close: () => Promise.resolve() };
}

async function taken(session: RawClient, queues: string, max: number): Promise<string[]> {
  const reply = await session.ask(`TAKE ${queues} max=${max} lease=1h`);
  return [...reply.matchAll(/ queue=(\S+)(?: key=(\S+))?/g)].map(([, name, key]) => key ?? name);
}

const ROUNDS: Readonly<Record<string, readonly string[]>> = {
  "another limit": ["LIMIT mail depth=100", "LIMIT mail weight=2"],
  "the same rate": ["LIMIT mail rate=1"],
  "PAUSE and RESUME": ["PAUSE mail", "RESUME mail"],
  "another rate and back": ["LIMIT mail rate=0.5", "LIMIT mail rate=1"],
  "a greater rate and back": ["LIMIT mail rate=9", "LIMIT mail rate=1"],
  "no rate and back": ["LIMIT mail rate=0", "LIMIT mail rate=1"],
  "PURGE": ["PURGE mail", "PUT mail again"],
  "a queue that is forgotten between": ["LIMIT mail rate=0", "PURGE mail", "LIMIT mail rate=1"],
};

for (const [what, requests] of Object.entries(ROUNDS)) {
  Deno.test(`LIMIT rate= outlives ${what}`, async () => {
    await using queue = await testQueue();
    const session = await queue.session();
    await session.ask("LIMIT mail rate=1");
    let count = 0;
    for (let round = 0; round < 10; round++) {
      for (let i = 0; i < 3; i++) await session.ask("PUT mail x");
      count += (await taken(session, "mail", 10)).length;
      for (const request of requests) assertMatch(await session.ask(request), /^OK/);
    }
    assertEquals(count, 1);
    await session.ask("PUT mail last");
    await queue.clock.elapse(2_100);
    assertEquals((await taken(session, "mail", 10)).length, 1);
  });
}

Deno.test("LIMIT rate= of a key, and a slow rate through restarts, go on where they were", async () => {
  const store = lasting();
  const clock = new VirtualClock();
  let count = 0;
  for (let start = 0; start < 10; start++) {
    await using queue = await testQueue({ store, clock });
    const session = await queue.session();
    await session.ask("LIMIT mail key=acme rate=1");
    for (let i = 0; i < 3; i++) await session.ask("PUT mail x key=acme");
    count += (await taken(session, "mail", 10)).length;
  }
  assertEquals(count, 1);
  await clock.elapse(1_000);
  await using queue = await testQueue({ store, clock });
  const session = await queue.session();
  assertEquals(await taken(session, "mail", 10), ["acme"]);
});

Deno.test("LIMIT rate= that is lowered after a burst lets the next job go in time", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  await session.ask("LIMIT mail rate=1000");
  for (let i = 0; i < 200; i++) await session.ask("PUT mail x");
  assertEquals((await taken(session, "mail", 100)).length, 100);
  await session.ask("LIMIT mail rate=1");
  await queue.clock.elapse(999);
  assertEquals((await taken(session, "mail", 9)).length, 0);
  await queue.clock.elapse(2);
  assertEquals((await taken(session, "mail", 9)).length, 1);
  assertEquals((await taken(session, "mail", 9)).length, 0);
});

Deno.test("LIMIT rate= that is set again and again after a burst puts the next job off by nothing", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  await session.ask("LIMIT mail rate=1000");
  for (let i = 0; i < 20; i++) await session.ask("PUT mail x");
  assertEquals((await taken(session, "mail", 10)).length, 10);
  for (let i = 0; i < 5; i++) {
    await session.ask("LIMIT mail rate=1");
    await queue.clock.elapse(200.25);
  }
  assertEquals((await taken(session, "mail", 10)).length, 1);
});

Deno.test("LIMIT rate= never lets too many jobs go, for any changes of the limit", async () => {
  for (let seed = SEED; seed < SEED + 8 * LONG; seed++) {
    const random = seededRandom(seed);
    const below = (limit: number): number => Math.floor(random() * limit);
    const clock = new VirtualClock();
    const store = lasting();
    let queue = await testQueue({ store, clock });
    let session = await queue.session();
    const owner = seed % 2 === 0 ? "mail" : "mail key=acme";
    const rates = [0.3, 1, 2, 7, 9.5];
    let rate = 0;
    // The jobs that went while there was a rate, and the sum that the rates allowed.
    let [count, allowed, since] = [0, 0, 0];
    const setRate = async (next: number): Promise<void> => {
      assertMatch(await session.ask(`LIMIT ${owner} rate=${next}`), /^OK/);
      rate = next;
    };
    await setRate(rates[below(5)]);
    for (let step = 0; step < 120; step++) {
      const chance = random();
      if (chance < 0.3) await session.ask("PUT mail x key=acme");
      else if (chance < 0.55) count += (await taken(session, "mail", 1 + below(9))).length;
      else if (chance < 0.65) {
        const elapsed = below(900);
        await clock.elapse(elapsed);
        since += elapsed;
        allowed += elapsed * rate / 1_000;
      } else if (chance < 0.72) await setRate(rates[below(5)]);
      else if (chance < 0.75) {
        const before = rate;
        await setRate(0);
        await setRate(before);
      } else if (chance < 0.8) await session.ask(`LIMIT ${owner} weight=${1 + below(3)}`);
      else if (chance < 0.85) await session.ask("PAUSE mail");
      else if (chance < 0.93) await session.ask("RESUME mail");
      else if (chance < 0.96) await session.ask("PURGE mail");
      else {
        await queue[Symbol.asyncDispose]();
        queue = await testQueue({ store, clock });
        session = await queue.session();
      }
      assert(count <= allowed + 1 + 1e-6, `${count} in ${since} ms: LINEUP_SEED=${seed}`);
    }
    // In the end, no fewer jobs went.
    await session.ask("RESUME mail");
    await session.ask("PURGE mail");
    await setRate(1);
    for (let i = 0; i < 9; i++) await session.ask("PUT mail x key=acme");
    await clock.elapse(120_000);
    let late = 0;
    for (let i = 0; i < 5; i++) {
      late += (await taken(session, "mail", 9)).length;
      await clock.elapse(1_001);
    }
    assertEquals(late, 5, `LINEUP_SEED=${seed}`);
    await queue[Symbol.asyncDispose]();
  }
});

Deno.test("LIMIT refuses weights and rates that would hold jobs back for ever", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  for (const value of ["5e-324", "0.0009", "1e-300"]) {
    assertEquals(
      await session.ask(`LIMIT mail weight=${value}`),
      `ERR bad-arguments "weight must be 0.001 to 1000, or 0 to lift it, not ${value}."`,
    );
  }
  assertEquals(
    await session.ask("LIMIT mail key=acme rate=1e-9"),
    'ERR bad-arguments "rate must be 0.00001 to 1000000, or 0 to lift it, not 1e-9."',
  );
  assertMatch(await session.ask("LIMIT mail weight=1001"), /^ERR bad-arguments /);
  assertEquals(await session.ask("LIMITS"), "OK count=0");
  assertEquals(
    await session.ask("LIMIT mail weight=0.001 rate=0.00001"),
    "OK rate=0.00001 weight=0.001",
  );
});

for (
  const [what, ofA, names] of [
    ["queues", "a", "a b"],
    ["keys", "q key=a", "q"],
  ] as const
) {
  Deno.test(`LIMIT weight= of one of the ${what} ends with the limit`, async () => {
    const store = memoryStore();
    await store.commit(Array.from({ length: 400 }, (_, at) => {
      const name = "ab"[at % 2];
      return put(job(at + 1, what === "keys" ? { queue: "q", key: name } : { queue: name }));
    }));
    await using queue = await testQueue({ store });
    const session = await queue.session();
    await session.ask(`LIMIT ${ofA} weight=0.001`);
    assertEquals(
      (await taken(session, names, 20)).filter((name) => name === "a").length <= 1,
      true,
    );
    await session.ask(`LIMIT ${ofA} weight=0`);
    const after = (await taken(session, names, 20)).filter((name) => name === "a").length;
    assert(after >= 9 && after <= 11, `${after} of 20`);
    // A large weight leaves the other keys no debt.
    await session.ask(`LIMIT ${ofA} weight=1000`);
    await taken(session, names, 50);
    await session.ask(`LIMIT ${ofA} weight=0`);
    const even = (await taken(session, names, 20)).filter((name) => name === "a").length;
    assert(even >= 9 && even <= 11, `${even} of 20`);
  });
}

Deno.test("openQueue bounds weights and rates that an older version stored, and logs it", async () => {
  const store = lasting();
  const rules = {
    queue: "mail",
    key: "",
    paused: false,
    running: 0,
    rate: 0,
    weight: 5e-324,
    depth: 0,
  };
  await store.commit([
    { kind: "limits", limits: rules },
    { kind: "limits", limits: { ...rules, key: "acme", rate: 1e-300, weight: 1e300 } },
    { kind: "limits", limits: { ...rules, queue: "news", rate: 5, weight: 2 } },
  ]);
  {
    await using queue = await testQueue({ store });
    const session = await queue.session();
    assertEquals(
      await session.ask("LIMITS"),
      "* queue=mail weight=0.001\n* queue=mail key=acme rate=0.00001 weight=1000\n" +
        "* queue=news rate=5 weight=2\nOK count=3",
    );
    assertEquals(queue.logged.map(({ message }) => message), [
      "rate and weight were out of bounds, and are now 0 and 0.001",
      "rate and weight were out of bounds, and are now 0.00001 and 1000",
    ]);
  }
  await using again = await testQueue({ store });
  assertEquals(again.logged, []);
});
