import { assertEquals, assertThrows } from "@std/assert";
import { VirtualClock } from "../../testing/virtual_clock.ts";

Deno.test("VirtualClock runs actions in order of time, and at one moment in the order in which they were set", () => {
  const clock = new VirtualClock(0);
  const log: string[] = [];
  clock.after(5, () => log.push(`b at ${clock.now()}`));
  clock.after(2, () => {
    log.push(`a at ${clock.now()}`);
    clock.after(3, () => log.push(`d at ${clock.now()}`));
    clock.after(0, () => log.push(`now at ${clock.now()}`));
  });
  clock.after(5, () => log.push(`c at ${clock.now()}`));
  clock.advance(5);
  assertEquals(log, ["a at 2", "now at 2", "b at 5", "c at 5", "d at 5"]);
  assertEquals([clock.now(), clock.pending], [5, 0]);
});

Deno.test("VirtualClock drops a cancelled action, once", () => {
  const clock = new VirtualClock(0);
  const cancel = clock.after(1, () => {
    throw new Error("cancelled");
  });
  clock.after(1, () => {});
  cancel();
  cancel();
  assertEquals(clock.pending, 1);
  clock.run();
  assertEquals(clock.now(), 1);
});

Deno.test("VirtualClock lets promises settle between actions", async () => {
  const clock = new VirtualClock(0);
  const log: number[] = [];
  const sleep = (ms: number) => new Promise<void>((resolve) => void clock.after(ms, resolve));
  const done = (async () => {
    for (let i = 0; i < 3; i++) {
      await sleep(10);
      log.push(clock.now());
    }
  })();
  await clock.elapse(25);
  assertEquals(log, [10, 20]);
  await clock.elapse(5);
  await done;
  assertEquals(log, [10, 20, 30]);
});

Deno.test("VirtualClock stops code that never rests", () => {
  const clock = new VirtualClock();
  const again = () => void clock.after(1, again);
  again();
  assertThrows(() => clock.run(100), Error, "still busy");
});

Deno.test("a wait has its full length, also beyond the longest timer", () => {
  const clock = new VirtualClock(0);
  const log: string[] = [];
  clock.setTimer(2 ** 31, () => log.push(`a timer alone at ${clock.now()}`));
  for (const days of [24, 25, 49.8, 4000]) {
    clock.after(days * 86_400_000, () => log.push(`${days} days at ${clock.now() / 86_400_000}`));
  }
  const cancel = clock.after(1e10, () => log.push("cancelled"));
  clock.after(Infinity, () => log.push("for ever"));
  clock.after(-1, () => log.push(`at once at ${clock.now()}`));
  clock.advance(2 ** 31 + 1);
  cancel();
  clock.run(1000);
  assertEquals(log, [
    "at once at 0",
    "a timer alone at 1",
    "24 days at 24",
    "25 days at 25",
    "49.8 days at 49.8",
    "4000 days at 4000",
  ]);
  assertThrows(() => clock.after(NaN, () => {}), RangeError, "not NaN");
});
