// The times of requests while the store hung, or of another client's requests, must not refuse later requests.

import { assertEquals } from "@std/assert";
import { hangingStore } from "../store/hanging_store.ts";
import { testQueue } from "../../test_queue.ts";

const HANGS = 11_500;

Deno.test("a thousand slow PURGEs of one client do not refuse another client's PURGE of a small queue", async () => {
  const { store, hang, goOn } = hangingStore();
  await using queue = await testQueue({ store });
  const [heavy, other] = [await queue.session(), await queue.session()];
  for (let round = 0; round < 6; round++) {
    hang();
    await heavy.send("#put PUT q x\n");
    await heavy.send(Array.from({ length: 200 }, (_, i) => `#p${i} PURGE q state=dead\n`).join(""));
    await queue.clock.elapse(HANGS);
    goOn();
    for (let i = 0; i <= 200; i++) await heavy.reply();
    assertEquals(await other.ask("PURGE small within=1s"), "OK count=0", `round ${round}`);
  }
});

Deno.test("no command is refused for its time while the store hung", async () => {
  const { store, hang, goOn } = hangingStore();
  await using queue = await testQueue({ store });
  const session = await queue.session();
  for (let i = 0; i < 100; i++) await session.ask("PUT mail x attempts=9");
  const requests = async (): Promise<string[]> => {
    const taken = await session.ask("TAKE mail max=4");
    const [a, b, c, d] = [...taken.matchAll(/^\* id=([0-9]+)/gm)].map(([, id]) => id);
    return ["PUT mail y", `EXTEND ${a}`, `DONE ${b}`, `FAIL ${c}`, `RELEASE ${d}`, "TAKE mail"];
  };
  for (let round = 0; round < 20; round++) {
    const asked = await requests();
    hang();
    await session.send(asked.map((request) => `${request}\n`).join(""));
    await queue.clock.elapse(HANGS);
    goOn();
    for (const request of asked) assertEquals(/ERR .*/.exec(await session.reply()), null, request);
  }
  for (const request of await requests()) {
    assertEquals(/ERR .*/.exec(await session.ask(`${request} within=1s`)), null, request);
  }
});
