import { assert } from "@std/assert";
import v8 from "node:v8";
import vm from "node:vm";
import { CostEstimate, Entry, FairQueue, Lane, Scheduler, Ticket } from "../../scheduling/mod.ts";
import { VirtualClock } from "../../testing/virtual_clock.ts";

const COUNT = 100_000;

/** The heap that the result of `fill` holds, in bytes for each of its things. */
function measure(fill: () => unknown): number {
  v8.setFlagsFromString("--expose-gc");
  const collect: () => void = vm.runInNewContext("gc");
  collect();
  const before = Deno.memoryUsage().heapUsed;
  const kept = fill();
  collect();
  const bytes = (Deno.memoryUsage().heapUsed - before) / COUNT;
  assert(kept !== undefined);
  return bytes;
}

/** The bytes of a waiting request, with the handles of its clients. */
function bytesOfRequest(): number {
  const clock = new VirtualClock();
  const scheduler = new Scheduler({
    clock,
    random: Math.random,
    run: () => {},
    refuse: () => {
      throw new Error("all must wait");
    },
    limits: { flow: COUNT, waiting: COUNT, bytes: 2 ** 40 },
  });
  const command = new CostEstimate();
  const fill = (flows: number, count: number) => {
    const handles = Array.from({ length: flows }, (_, i) => scheduler.openFlow("normal", `${i}`));
    for (let i = 0; i < count; i++) {
      scheduler.submit(new Ticket(handles[i % flows], command, 100, clock.now() + 1_000.5));
    }
    return handles;
  };
  fill(10, 100);
  const bytes = measure(() => fill(10_000, COUNT - 100));
  assert(scheduler.statistics().waiting.count >= COUNT - 1);
  return bytes;
}

Deno.test("Scheduler needs at most 200 bytes for each waiting request, with the handles of its clients", () => {
  // The compiler allocates too, which only adds: the least of three is that of requests.
  const bytes = Math.min(bytesOfRequest(), bytesOfRequest(), bytesOfRequest());
  assert(bytes > 100 && bytes <= 200, `${bytes} bytes`);
});

Deno.test("FairQueue needs at most 110 bytes for each waiting entry, with 10 entries in a flow", () => {
  const queue = new FairQueue([4, 2, 1]);
  const bytes = measure(() => {
    for (let i = 0; i < COUNT / 10; i++) {
      const lane = new Lane(queue.flow(i % 3, i));
      for (let job = 0; job < 10; job++) queue.push(new Entry(lane, 1 + job, 100));
    }
    return queue;
  });
  assert(bytes > 50 && bytes <= 110, `${bytes} bytes`);
});
