// Requests that wait for the store hold seats of the server. One client must not take all seats.

import { openQueue, queueProtocol } from "@lineup/lineup/queue";
import { serve } from "@lineup/lineup/server";
import { assertEquals, assertMatch } from "@std/assert";
import { PeerListener, settle } from "../../streams.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { hangingStore } from "../store/hanging_store.ts";
import { RawClient } from "../../raw_client.ts";

Deno.test("PUTs of one client that wait for a store that hangs leave seats for others", async () => {
  const { store, hang, goOn } = hangingStore();
  const clock = new VirtualClock();
  const log = (): void => {};
  await using queue = await openQueue({ store, clock, log });
  const listener = new PeerListener();
  await using _server = await serve(queueProtocol, queue.handlers, {
    listen: [listener],
    clock,
    log,
    timeouts: { idle: Infinity },
  });
  const sessions: RawClient[] = [];
  // If the test fails, the server would wait for the store and for its clients: this ends them.
  using end = new DisposableStack();
  end.defer(() => {
    goOn();
    for (const session of sessions) session.close();
  });
  const session = async (peer: string): Promise<RawClient> => {
    const session = new RawClient(listener.connect(peer));
    sessions.push(session);
    await session.reply();
    return session;
  };
  const modest = await session("192.0.2.9:1");
  assertEquals(await modest.ask("PUT mail first"), "OK id=1");
  hang();
  const greedy: RawClient[] = [];
  const lines = Array.from({ length: 250 }, (_, at) => `#${at} PUT mail x\n`).join("");
  for (let at = 0; at < 7; at++) {
    const each = await session(`192.0.2.7:${at}`);
    greedy.push(each);
    await each.send(lines);
  }
  await settle({ clock });
  assertMatch(await modest.ask("QUEUES"), /^\* mail .*\nOK count=1$/);
  assertMatch(await modest.ask("JOB 1"), / state=ready /);
  assertMatch(await modest.ask("STATS"), /^\* running 102[0-9]$/m);
  const put = modest.ask("PUT mail second");
  await settle({ clock });
  goOn();
  assertMatch(await put, /^OK id=\d+$/);
  for (const each of greedy) {
    for (let at = 0; at < 250; at++) assertMatch(await each.reply(), /^#\d+ OK id=/);
  }
});
