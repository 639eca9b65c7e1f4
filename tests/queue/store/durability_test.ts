// A kill takes nothing from the operating system: it leaves the files as they are. So a copy of them, made after an answer,
// shows what the next server would find. `tests/peers/kills/` kills servers under load.

import { sqliteStore } from "@lineup/lineup/queue";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { withDirectory } from "../../temporary_directory.ts";
import { testQueue } from "../../test_queue.ts";

const NAME = "queue.db";

Deno.test("acknowledged PUTs and DONEs are in the files", () =>
  withDirectory(async (directory) => {
    let servers = 0;
    const place = (): string => `${directory}/${servers}`;
    /** Serves the files that a server which is killed now would leave. */
    const next = async () => {
      const from = place();
      servers++;
      await Deno.mkdir(place());
      if (servers > 1) {
        for (const { name } of [...Deno.readDirSync(from)]) {
          await Deno.copyFile(`${from}/${name}`, `${place()}/${name}`);
        }
      }
      return await testQueue({ store: await sqliteStore(`${place()}/${NAME}`, { reserve: 4096 }) });
    };
    await using first = await next();
    const session = await first.session();
    for (const body of ["kept", "finished", "taken", "newest"]) {
      await session.ask(`PUT mail ${body}`);
    }
    await session.ask("TAKE mail max=4 lease=1h");
    await session.ask("DONE 2");
    await session.ask("FAIL 1 reason=why retry=1h");
    assertEquals(await session.ask("DONE 4"), "OK");
    assertEquals(await session.ask('PUT mail "last words"'), "OK id=5");

    await using second = await next();
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

    const third = await next();
    const last = await third.session();
    assertEquals(await last.ask("PUT mail more"), "OK id=7");
    assertMatch(await last.ask("QUEUES"), /^\* mail delayed=1 ready=1 taken=0 dead=0 /);
    await third[Symbol.asyncDispose]();
    assertEquals([...Deno.readDirSync(place())].map(({ name }) => name).sort(), [
      NAME,
      `${NAME}-reserve`,
    ]);
  }));
