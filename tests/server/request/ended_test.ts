// A request that has ended stays ended: its handler never begins, and no timer of it is left.

import { assertEquals, assertMatch } from "@std/assert";
import { type Protocol, telnet } from "@lineup/lineup/protocol";
import { listenMemory, serve } from "@lineup/lineup/server";
import { RawClient } from "../../raw_client.ts";
import { settle } from "../../streams.ts";
import { TestServer } from "../../test_server.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";

/** A server of RUN, whose argument is checked by a schema that the test lets go on. */
class SlowCheck implements AsyncDisposable {
  readonly clock = new VirtualClock();
  /** The arguments of the handlers that began. */
  readonly begun: string[] = [];
  /** The checks that have not ended, by their argument. */
  readonly checks = new Map<string, () => void>();
  readonly #dispose: () => Promise<void>;
  readonly client: () => Promise<RawClient>;

  private constructor(client: () => Promise<RawClient>, dispose: () => Promise<void>) {
    this.client = client;
    this.#dispose = dispose;
  }

  static async open(): Promise<SlowCheck> {
    const listener = listenMemory();
    const opened: SlowCheck = new SlowCheck(
      () => RawClient.open(listener.connect()),
      () => server.shutdown(),
    );
    const schema = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: (value: unknown) =>
          new Promise<{ value: string }>((resolve) => {
            const text = String(value);
            opened.checks.set(text, () => resolve({ value: text }));
          }),
      },
    } as const;
    const slow = {
      name: "slow",
      version: "1.0",
      summary: "Checks slowly.",
      commands: {
        RUN: { summary: "Run.", args: { name: { type: "word", schema } } },
        SAY: { summary: "Say.", args: { name: "word" } },
      },
    } as const satisfies Protocol;
    const server = await serve(slow, {
      RUN: ({ name }) => void opened.begun.push(String(name)),
      SAY: ({ name }) => void opened.begun.push(name),
    }, { listen: [listener], clock: opened.clock, log: () => {} });
    return opened;
  }

  /** Lets all checks end. */
  async pass(): Promise<void> {
    for (const end of this.checks.values()) end();
    await settle(this);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#dispose();
  }
}

/** Closes a connection so that the server notices: it has an answer to write. */
function vanish(wire: RawClient): void {
  wire.post("#vanish PING\n");
  wire.close();
}

Deno.test("a request that is cancelled while its arguments are checked does not run, and its tag is free", async () => {
  await using slow = await SlowCheck.open();
  using wire = await slow.client();
  await wire.send("#a RUN a\n#b RUN b\nCANCEL a\n");
  assertEquals(await wire.lines(2), [
    '#a ERR cancelled "CANCEL ended the request." executed=no',
    "OK",
  ]);
  await slow.pass();
  assertEquals([await wire.line(), slow.begun], ["#b OK", ["b"]]);
  await wire.send("#a SAY again\nCANCEL b\n");
  assertEquals(await wire.lines(2), [
    "#a OK",
    'ERR not-found "No request with the tag b waits or runs."',
  ]);
  assertEquals(slow.begun, ["b", "again"]);
});

Deno.test("Ctrl-C ends an untagged request while its arguments are checked, and the one behind it runs", async () => {
  await using slow = await SlowCheck.open();
  using wire = await slow.client();
  await wire.send("RUN a\nSAY b\n");
  await settle(slow);
  assertEquals(slow.begun, []);
  await wire.send(Uint8Array.of(telnet.IAC, telnet.IP));
  await wire.seen("OK\n");
  assertMatch(wire.take(), /ERR cancelled "Ctrl-C ended the request\." executed=no\nOK\n/);
  await slow.pass();
  await wire.send("SAY c\n");
  assertEquals([await wire.line(), slow.begun], ["OK", ["b", "c"]]);
});

Deno.test("a request of a lost connection does not run once its arguments are checked", async () => {
  await using slow = await SlowCheck.open();
  const wire = await slow.client();
  await wire.send("#a RUN a\nRUN b\nSAY c\n");
  await settle(slow);
  vanish(wire);
  await settle(slow);
  await slow.pass();
  assertEquals(slow.begun, []);
});

Deno.test("requests of a lost connection that wait for a seat, or for their turn, do not run", async () => {
  await using testServer = await TestServer.open({ seats: 1 });
  using other = await testServer.client();
  for (let round = 0; round < 3; round++) {
    await other.send("#h HOLD h\n");
    const wire = await testServer.client();
    await wire.send("#t HOLD lost\nHOLD lost\nHOLD lost\n#w WAIT lost\n");
    await settle(testServer);
    vanish(wire);
    await settle(testServer);
    for (const { go } of testServer.holds.splice(0)) go("over");
    assertEquals(await other.line(), "#h OK over");
    await settle(testServer);
    assertEquals(testServer.holds.map(({ name }) => name), []);
  }
});

Deno.test("requests that waited in their connection with within=, and were answered, leave no timer", async () => {
  await using testServer = await TestServer.open({ seats: 1 });
  using wire = await testServer.client();
  for (let round = 0; round < 3; round++) {
    await wire.send("HOLD a within=5s\nSAY b within=5s\nSAY c within=5s\nSAY d within=3s\n");
    const { go } = await testServer.held("a");
    testServer.holds.length = 0;
    await testServer.clock.elapse(100);
    go("a");
    assertEquals(await wire.lines(4), ["OK a", "OK b", "OK c", "OK d"]);
    await testServer.clock.elapse(1000);
    // The one timer is the server's next visit of its connections.
    assertEquals(testServer.clock.pending, 1);
    await testServer.clock.elapse(10_000);
    assertEquals([testServer.clock.pending, wire.waiting], [1, 0]);
  }
  await wire.send("#h HOLD h\n");
  const { go } = await testServer.held("h");
  const lost = await testServer.client();
  await lost.send("SAY a within=1h\nSAY b within=1h\nSAY c within=1h\n");
  await settle(testServer);
  vanish(lost);
  await testServer.clock.elapse(1000);
  go("h");
  await testServer.clock.elapse(1000);
  assertEquals(testServer.clock.pending, 1);
});

Deno.test("a server has a parking place again after each wait, more often than it has places", async () => {
  await using testServer = await TestServer.open({ scheduling: { parked: 8 } });
  using wire = await testServer.client();
  for (let i = 0; i < 50; i++) {
    await wire.send("#w WAIT w\n");
    const { go } = await testServer.held("w");
    testServer.holds.length = 0;
    if (i % 3 === 2) {
      await wire.send("CANCEL w\n");
      assertMatch((await wire.lines(2)).join(), /^#w ERR cancelled .*,OK$/);
      go("late");
    } else {
      go("done");
      assertEquals(await wire.line(), "#w OK done");
    }
  }
});
