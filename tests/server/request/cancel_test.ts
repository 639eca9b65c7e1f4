import { createConnection } from "node:net";
import { assert, assertEquals } from "@std/assert";
import { type Protocol, Refusal, telnet } from "@lineup/lineup/protocol";
import type { Clock } from "@lineup/lineup/scheduling";
import { listenMemory, serve } from "@lineup/lineup/server";
import { bytes } from "../../dialects/lineup1/frames.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { RawClient } from "../../raw_client.ts";
import { TestServer } from "../../test_server.ts";
import { settle } from "../../streams.ts";

/** Resolves once the signal is aborted. */
function abortOf(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

const { IAC, IP, DO, DONT, WILL, WONT, TIMING_MARK } = telnet;
const CTRL_C = 'ERR cancelled "Ctrl-C ended the request." executed=maybe';

Deno.test("CANCEL aborts the signal of a running and of a parked request", async () => {
  await using testServer = await TestServer.open();
  using wire = await testServer.client();
  for (const verb of ["HOLD", "WAIT"]) {
    await wire.send(`#a ${verb} ${verb}\n`);
    const { signal } = await testServer.held(verb);
    assert(!signal.aborted);
    await wire.send("CANCEL a\n");
    assertEquals(await wire.lines(2), [
      '#a ERR cancelled "CANCEL ended the request." executed=maybe',
      "OK",
    ]);
    assert(signal.aborted);
    assert(signal.reason instanceof Refusal && signal.reason.code === "cancelled");
  }
});

Deno.test("CANCEL frees the seat of a parked request, and a later answer of its handler is dropped", async () => {
  await using testServer = await TestServer.open({ seats: 1 });
  using wire = await testServer.client();
  await wire.send("#a WAIT a\n#b HOLD b\n");
  const { go } = await testServer.held("b");
  await wire.send("CANCEL a\nCANCEL b\n");
  await wire.lines(4);
  go("too late");
  await wire.send("#c SAY hello\n");
  assertEquals(await wire.line(), "#c OK hello");
});

Deno.test("CANCEL reaches a request of this connection only", async () => {
  await using testServer = await TestServer.open();
  using wire = await testServer.client();
  using other = await testServer.client();
  await wire.send("#a HOLD a\n");
  const { go } = await testServer.held("a");
  await other.send("CANCEL a\n");
  assertEquals(await other.line(), 'ERR not-found "No request with the tag a waits or runs."');
  go("here");
  assertEquals(await wire.line(), "#a OK here");
});

Deno.test("within= changes nothing for a request that ends in time, and leaves no timer", async () => {
  await using testServer = await TestServer.open();
  using wire = await testServer.client();
  await wire.send("HOLD a within=1s\n");
  (await testServer.held("a")).go("in time");
  assertEquals(await wire.line(), "OK in".replace("in", '"in time"'));
  await testServer.clock.elapse(2000);
  // The one timer is the server's next visit of its connections.
  assertEquals(testServer.clock.pending, 1);
});

Deno.test("within= covers waiting and running together", async () => {
  await using testServer = await TestServer.open({ seats: 1 });
  using wire = await testServer.client();
  await wire.send("#a HOLD a\n#b HOLD b within=100ms\n");
  const { go } = await testServer.held("a");
  await testServer.clock.elapse(40);
  go("done");
  assertEquals(await wire.line(), "#a OK done");
  const { signal } = await testServer.held("b");
  await testServer.clock.elapse(59);
  assert(!signal.aborted);
  // One timing wheel has all deadlines, in ticks of 16 ms.
  await testServer.clock.elapse(17);
  assertEquals(
    await wire.line(),
    '#b ERR expired "The time given by within= is over." executed=maybe',
  );
  assert(signal.aborted);
});

Deno.test("within= ends a request whose answer is late because its handler held the event loop", async () => {
  const clock = new VirtualClock();
  // Time passes without a turn for timers.
  let burnt = 0;
  const burn = (ms: number): void => void (burnt += ms);
  const busy: Clock = {
    now: () => clock.now() + burnt,
    after: (delay, action) => clock.after(delay, action),
  };
  const ms = { type: "integer" } as const;
  const late = {
    name: "late",
    version: "1",
    summary: "Holds the event loop.",
    commands: {
      BURN: { summary: "Burn time.", args: { ms }, reply: { ms } },
      THINK: { summary: "Burn time, then promise.", args: { ms }, reply: { ms } },
      THROW: {
        summary: "Burn time, then fail.",
        args: { ms },
        errors: { gone: { summary: "It is gone." } },
      },
      ITEMS: { summary: "Burn time before each.", args: { ms }, items: { ms }, reply: {} },
    },
  } as const satisfies Protocol;
  let ended = 0;
  const listener = listenMemory();
  await using _server = await serve(late, {
    BURN: ({ ms }) => (burn(ms), { ms }),
    THINK: async ({ ms }) => (await null, burn(ms), { ms }),
    THROW({ ms }) {
      burn(ms);
      throw new Refusal("gone", "It is gone.");
    },
    *ITEMS({ ms }) {
      try {
        for (;;) {
          burn(ms);
          yield { ms };
        }
      } finally {
        ended++;
      }
    },
  }, { listen: [listener], clock: busy, log: () => {} });
  using wire = await RawClient.open(listener.connect());
  const EXPIRED = 'ERR expired "The time given by within= is over." executed=maybe';
  for (
    const [line, answer] of [
      ["BURN 499 within=500ms", ["OK ms=499"]],
      ["BURN 500 within=500ms", [EXPIRED]],
      ["THINK 499 within=500ms", ["OK ms=499"]],
      ["THINK 500 within=500ms", [EXPIRED]],
      ["THROW 499 within=500ms", ['ERR gone "It is gone."']],
      ["THROW 500 within=500ms", [EXPIRED]],
      ["ITEMS 200 within=500ms", ["* ms=200", "* ms=200", EXPIRED]],
      ["BURN 500", ["OK ms=500"]],
    ] as const
  ) {
    await wire.send(`${line}\n`);
    assertEquals(await wire.lines(answer.length), [...answer], line);
  }
  assertEquals(ended, 1);
});

Deno.test("IAC IP cancels the oldest untagged request", async () => {
  await using testServer = await TestServer.open();
  using wire = await testServer.client();
  await wire.send("#t WAIT t\nWAIT a\nHOLD b\n");
  await testServer.held("b");
  await wire.send(bytes(IAC, IP));
  assertEquals(await wire.line(), CTRL_C);
  await wire.send(bytes(IAC, IP, IAC, DO, TIMING_MARK));
  // In another order, telnet would not show the line.
  assertEquals(await wire.bytes(3), bytes(IAC, WILL, TIMING_MARK));
  assertEquals(await wire.line(), CTRL_C);
  await wire.send(bytes(IAC, IP, "PING\n"));
  assertEquals(await wire.line(), "OK pong");
  (await testServer.held("t")).go("still here");
  assertEquals(await wire.line(), '#t OK "still here"');
});

Deno.test("serve declines every offer and request of telnet, and never makes one", async () => {
  await using testServer = await TestServer.open();
  using wire = await testServer.client();
  await wire.send(bytes("PI", IAC, WILL, 31, IAC, WONT, 1, IAC, DO, 1, IAC, DONT, 3, "NG\n"));
  assertEquals(await wire.bytes(6), bytes(IAC, DONT, 31, IAC, WONT, 1));
  assertEquals(await wire.line(), "OK pong");
});

Deno.test("a client that vanishes aborts its requests", async () => {
  await using testServer = await TestServer.open({ listen: ["127.0.0.1:0"], seats: 2 });
  const { hostname, port } = new URL(testServer.server.address.replace("tcp:", "http:"));
  const socket = createConnection(Number(port), hostname);
  const lost = new Promise((resolve) => socket.on("close", resolve));
  socket.write("#h HOLD h\n#w WAIT w\n#q HOLD q\n#r HOLD r\n");
  await testServer.held("q");
  const { signal: running } = await testServer.held("h");
  const { signal: parked } = await testServer.held("w");
  socket.resetAndDestroy();
  await lost;
  await Promise.all([running, parked].map(abortOf));
  assertEquals(running.reason.code, "cancelled");
  assertEquals(testServer.holds.some(({ name }) => name === "r"), false);

  using other = await RawClient.open(testServer.server.address);
  for (const { go } of testServer.holds) go("nobody hears it");
  await other.send("SAY hello\n");
  assertEquals(await other.line(), "OK hello");
  assertEquals(testServer.log.filter(({ level }) => level === "error"), []);
});

Deno.test("a client that closes while a stream runs ends the stream", async () => {
  for (const listen of [undefined, ["127.0.0.1:0"]]) {
    await using testServer = await TestServer.open(listen === undefined ? {} : { listen });
    using wire = listen === undefined
      ? await testServer.client(1024)
      : await RawClient.open(testServer.server.address);
    await wire.send("FLOW 1000000 1000\n");
    await wire.line();
    wire.close();
    await testServer.until(() => testServer.flowsEnded === 1);
    assertEquals(testServer.log.filter(({ level }) => level === "error"), []);
  }
});

Deno.test("a client that closes while the server waits to write ends the connection", async () => {
  await using testServer = await TestServer.open();
  using wire = await testServer.client(1024);
  await wire.send("FLOW 1000000 1000\n#h HOLD h\n");
  const { signal } = await testServer.held("h");
  await settle(testServer);
  wire.close();
  await abortOf(signal);
});
