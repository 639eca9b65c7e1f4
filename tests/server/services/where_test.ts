// State and middleware are the same on the event loop and in workers.

import { inWorker, listenMemory, serve } from "@lineup/lineup/server";
import { assertEquals } from "@std/assert";
import { RawClient } from "../../raw_client.ts";
import { WatchedLog } from "../../watched_log.ts";
import { desk, deskService } from "./worker_service.ts";

for (const where of ["on the event loop", "in a worker"]) {
  Deno.test(`handlers ${where} get the state and what middleware adds, and are refused and tried again`, async () => {
    const listener = listenMemory();
    const log = new WatchedLog();
    const options = { listen: [listener], log: log.add };
    const module = new URL("./worker_service.ts", import.meta.url);
    const inWorkers = Object.fromEntries(
      Object.keys(desk.commands).map((verb) => [verb, inWorker]),
    );
    const handlers = { ...inWorkers, NAME: deskService.handlers.NAME };
    await using _server = where === "on the event loop"
      ? await serve(deskService, options)
      : await serve({ ...deskService, handlers }, { ...options, workers: { module, size: 1 } });
    using wire = await RawClient.open(listener.connect());
    assertEquals(await wire.ask("WHO"), "OK user=guest greeted=1");
    await wire.ask("NAME ada");
    assertEquals(await wire.ask("WHO"), "OK user=ada greeted=2");
    assertEquals(await wire.ask("EACH 2"), "* ada\n* ada\nOK user=ada");
    assertEquals(await wire.ask("TRY a"), "OK attempt=3");
    const answer = await wire.ask("SOCKET");
    if (where === "on the event loop") assertEquals(answer, "OK word=plugged");
    else {
      assertEquals(answer.slice(0, 12), "ERR internal");
      await log.until(() => log.length > 0);
      assertEquals(
        (log[0].error as Error).message.slice(0, 45),
        "socket of the context cannot go to a worker: ",
      );
    }
    // A copy cannot be changed: the change would be lost.
    if (where === "in a worker") {
      assertEquals((await wire.ask("RENAME")).slice(0, 12), "ERR internal");
    }
    await wire.ask("NAME nobody");
    assertEquals(await wire.ask("WHO"), 'ERR forbidden "Nobody is not served."');
    assertEquals(await wire.ask("EACH 2"), 'ERR forbidden "Nobody is not served."');
  });
}

Deno.test("serve throws where a handler is to run in a worker, and there are no workers", async () => {
  const handlers = { ...deskService.handlers, WHO: inWorker };
  const listen = [listenMemory()];
  const { message } = await serve({ ...deskService, handlers }, { listen }).then(
    () => new Error("it serves"),
    (error) => error as Error,
  );
  assertEquals(message, "no handler for the command WHO: inWorker needs the option workers");
});
