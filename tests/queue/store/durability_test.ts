import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { startServer } from "./server_process.ts";
import { withDirectory } from "../../temporary_directory.ts";

Deno.test("acknowledged PUTs and DONEs outlive kill -9", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    const first = await startServer(path);
    const session = await first.session();
    for (const body of ["kept", "finished", "taken", "newest"]) {
      await session.ask(`PUT mail ${body}`);
    }
    await session.ask("TAKE mail max=4 lease=1h");
    await session.ask("DONE 2");
    await session.ask("FAIL 1 reason=why retry=1h");
    assertEquals(await session.ask("DONE 4"), "OK");
    assertEquals(await session.ask('PUT mail "last words"'), "OK id=5");
    await first.end("SIGKILL");

    const second = await startServer(path);
    const again = await second.session();
    assertEquals(
      await again.ask("TAKE mail max=10"),
      "* id=5 queue=mail attempt=1 lease=60s {10}\nlast words\nOK count=1",
    );
    assertMatch(await again.ask("JOB 1"), / state=delayed attempt=1 .* reason=why \{4\}\nkept$/);
    assertMatch(await again.ask("JOB 2"), /^ERR not-found/);
    assertStringIncludes(await again.ask("JOB 3"), "state=taken attempt=1");
    assertEquals(await again.ask("DONE 3"), "OK");
    assertEquals(await again.ask("DONE 5"), "OK");
    assertEquals(await again.ask("PUT mail more"), "OK id=6");
    assertEquals(
      await again.ask("TAKE mail"),
      "* id=6 queue=mail attempt=1 lease=60s {4}\nmore\nOK count=1",
    );
    assertEquals(await again.ask("DONE 6"), "OK");
    await second.end("SIGKILL");

    const third = await startServer(path);
    const last = await third.session();
    assertEquals(await last.ask("PUT mail more"), "OK id=7");
    assertMatch(await last.ask("QUEUES"), /^\* mail delayed=1 ready=1 taken=0 dead=0 /);
    assertEquals(await third.end("SIGTERM"), 0);
    assertEquals([...Deno.readDirSync(directory)].map(({ name }) => name).sort(), [
      "queue.db",
      "queue.db-reserve",
    ]);
  }));

Deno.test("acknowledged PUTs outlive kill -9 under load", () =>
  withDirectory(async (directory) => {
    const path = `${directory}/queue.db`;
    const server = await startServer(path);
    const acknowledged = new Set<string>();
    let ended = false;
    const enough = Promise.withResolvers<void>();
    const clients = Array.from({ length: 8 }, async () => {
      const session = await server.session();
      try {
        while (!ended) {
          await session.send("PUT mail x\n".repeat(16));
          for (let i = 0; i < 16; i++) {
            acknowledged.add(/^OK id=(\d+)$/.exec(await session.reply())![1]);
            if (acknowledged.size === 1000) enough.resolve();
          }
        }
      } catch {
        // The kill of the server ends the connection.
      }
    });
    await enough.promise;
    await server.end("SIGKILL");
    ended = true;
    await Promise.all(clients);

    const again = await startServer(path);
    const session = await again.session();
    const there = new Set<string>();
    for (;;) {
      const reply = await session.ask("TAKE mail max=100");
      if (reply === "OK count=0") break;
      for (const [, id] of reply.matchAll(/id=(\d+)/g)) there.add(id);
    }
    assertEquals([...acknowledged].filter((id) => !there.has(id)), []);
    await again.end("SIGTERM");
  }));
