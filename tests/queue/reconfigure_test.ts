import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openQueue, queueProtocol } from "@lineup/lineup/queue";
import { listenMemory, serve } from "@lineup/lineup/server";
import { RawClient } from "../raw_client.ts";

Deno.test("the bounds of an open queue change at once, and a wrong change changes nothing", async () => {
  await using queue = await openQueue({ maxJobs: 1 });
  const listener = listenMemory();
  await using _server = await serve(queueProtocol, queue.handlers, { listen: [listener] });
  using wire = await RawClient.open(listener.connect());
  const put = async (): Promise<string> => {
    await wire.send("PUT mail x\n");
    return (await wire.line()).split(" retry=")[0];
  };
  assertEquals(await put(), "OK id=1");
  const full = 'ERR busy "There are 1 jobs, as many as may be."';
  assertEquals(await put(), full);
  assertThrows(
    () => queue.reconfigure({ maxJobs: 9, maxQueues: NaN }),
    RangeError,
    "maxQueues must be a number from 0, not NaN",
  );
  assertThrows(
    () => queue.reconfigure({ maxJobs: 9, logLevel: "loud" as "info" }),
    RangeError,
    "logLevel must be one of debug, info, error, not loud",
  );
  assertEquals(await put(), full);
  queue.reconfigure({ maxJobs: 2 });
  assertEquals(await put(), "OK id=2");
  assertEquals((await put()).slice(0, 8), "ERR busy");
  queue.reconfigure({ maxQueues: 0 });
  assertEquals((await put()).slice(0, 8), "ERR busy", "what is not named stays");
  queue.reconfigure({ maxJobs: undefined });
  assertEquals(await put(), "OK id=3");
  await assertRejects(() => openQueue({ maxJobs: -1 }), RangeError, "maxJobs must be a number");
});
