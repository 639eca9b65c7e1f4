// The estimates that a client and its workers have made during a failure recover in bounded time after it, for any
// random numbers.

import { assert, assertEquals } from "@std/assert";
import { connect, work } from "@lineup/lineup/client";
import { hangingStore } from "../queue/store/hanging_store.ts";
import { VirtualClock } from "../../testing/virtual_clock.ts";
import { Ledger, ledger } from "./ledger.ts";
import { FaultyProxy, run } from "./proxy.ts";
import { openQueueFixture } from "./queue_fixture.ts";

Deno.test("A worker finishes its jobs after its server's store has hung", async () => {
  const { store, hang, goOn } = hangingStore();
  await using fixture = await openQueueFixture({ store });
  const client = await fixture.client();
  await Promise.all(
    Array.from({ length: 100 }, () => client.PUT({ queue: "mail", body: "x", attempts: 50 })),
  );
  const begin = Promise.withResolvers<void>();
  const worker = work(client, "mail", () => begin.promise, {
    clock: fixture.clock,
    random: () => 0.5,
    concurrency: 60,
    lease: 3_600_000,
    most: 100,
  });
  await fixture.clock.elapse(100);
  assertEquals(worker.counts.taken, 60);
  // All these DONEs take longer than the 10 s that a worker allows for each.
  hang();
  begin.resolve();
  await fixture.clock.elapse(11_500);
  goOn();
  await fixture.until(worker.finished, 30_000);
  assertEquals(worker.counts.done, 100);
});

for (
  const [luck, random] of [["random numbers of 0", () => 0], [
    "random numbers of 0.999",
    () => 0.999,
  ]] as const
) {
  Deno.test(`A client that throttled itself sends every call again minutes after the failure, with ${luck}`, async () => {
    const clock = new VirtualClock(0);
    const service = new Ledger();
    let failing = true;
    const busy = { lines: [{ head: "ERR", words: ["busy", "No."] }], ms: 1 };
    const proxy = new FaultyProxy(clock, (frame) => failing ? busy : service.do(frame));
    const client = await run(
      clock,
      connect(ledger, "tcp://10.0.0.1:1", { clock, random, dial: proxy.dial }),
    );
    const ask = async (calls: number): Promise<boolean[]> => {
      const answered = new Array<boolean>(calls).fill(false);
      for (let id = 0; id < calls; id++) {
        client.LOOK({ id }).then(() => answered[id] = true, () => {});
        await run(clock, new Promise<void>((resolve) => clock.after(100, resolve)));
      }
      return answered;
    };
    await ask(1200);
    failing = false;
    const after = await ask(20);
    assert(after.filter(Boolean).length >= 5, "one in four goes through");
    await ask(3000);
    assertEquals((await ask(100)).includes(false), false);
    await run(clock, client.close());
  });
}

Deno.test("An address that was slow once is asked again", async () => {
  const clock = new VirtualClock(0);
  const service = new Ledger();
  const served = new Map<string, number>();
  let slow = true;
  const proxy = new FaultyProxy(clock, (frame, host) => {
    served.set(host, (served.get(host) ?? 0) + 1);
    return { ...service.do(frame), ms: slow && host === "10.0.0.2" ? 11_500 : 5 };
  });
  let drawn = 0;
  const client = await run(
    clock,
    connect(ledger, ["tcp://10.0.0.1:1", "tcp://10.0.0.2:1"], {
      clock,
      random: () => (drawn += 0.37) % 1,
      dial: proxy.dial,
    }),
  );
  const ask = async (calls: number): Promise<void> => {
    for (let id = 0; id < calls; id++) {
      client.LOOK({ id }).catch(() => {});
      await run(clock, new Promise<void>((resolve) => clock.after(50, resolve)));
    }
  };
  await ask(100);
  await run(clock, new Promise<void>((resolve) => clock.after(12_000, resolve)));
  assert((served.get("10.0.0.2") ?? 0) > 0, "it was asked while it was slow");
  slow = false;
  // These calls take two minutes.
  await ask(2400);
  served.clear();
  await ask(1000);
  assert((served.get("10.0.0.2") ?? 0) > 100, `${served.get("10.0.0.2")} of 1000 calls`);
  await run(clock, client.close());
});
