// The traceparent of a PUT stays with its job.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openQueue, queueProtocol, sqliteStore } from "@lineup/lineup/queue";
import { listenMemory, serve } from "@lineup/lineup/server";
import { RawClient } from "../../raw_client.ts";
import { withDirectory } from "../../temporary_directory.ts";

const TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

Deno.test("TAKE, JOB and LIST tell the traceparent of PUT, also after a restart; other text is not kept", () =>
  withDirectory(async (directory) => {
    const open = async (use: (wire: RawClient) => Promise<void>): Promise<void> => {
      await using queue = await openQueue({ store: await sqliteStore(`${directory}/q.db`) });
      const listener = listenMemory();
      await using _server = await serve(queueProtocol, queue.handlers, { listen: [listener] });
      using wire = await RawClient.open(listener.connect());
      await use(wire);
    };
    await open(async (wire) => {
      assertEquals(await wire.ask(`PUT mail x trace=${TRACE}`), "OK id=1");
      assertEquals(await wire.ask("PUT mail y trace=nonsense"), "OK id=2");
      assertEquals(await wire.ask("PUT mail z"), "OK id=3");
    });
    await open(async (wire) => {
      await wire.send("LIST mail\n");
      assertStringIncludes(await wire.line(), `trace=${TRACE}`);
      for (let i = 0; i < 2; i++) assertEquals((await wire.line()).includes("trace="), false);
      await wire.line();
      await wire.send("TAKE mail max=3\n");
      assertMatch(
        await wire.line(),
        new RegExp(`^\\* id=1 queue=mail attempt=1 lease=60s trace=${TRACE} `),
      );
      assertEquals(await wire.line(), "x");
      assertMatch(await wire.line(), /^\* id=2 queue=mail attempt=1 lease=60s \{1\}$/);
      await wire.lines(4);
      await wire.send("JOB 1\n");
      // The first line is an attempt.
      await wire.line();
      assertStringIncludes(await wire.line(), `trace=${TRACE}`);
    });
  }));
