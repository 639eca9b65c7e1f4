import { assert, assertEquals, assertRejects } from "@std/assert";
import { BadValue, connect, ProtocolError, type ReplyInfo, Throttled } from "../../client/mod.ts";
import { listenMemory } from "../../net/mod.ts";
import type { FrameInit } from "../../protocol/mod.ts";
import { serve } from "../../server/mod.ts";
import { VirtualClock } from "../../testing/virtual_clock.ts";
import { Ledger, ledger } from "./ledger.ts";
import { FaultyProxy, run } from "./proxy.ts";

async function withLedger(
  body: (listener: ReturnType<typeof listenMemory>) => Promise<void>,
): Promise<void> {
  const listener = listenMemory();
  await using _ = await serve(ledger, {
    LOOK: ({ id }) => ({ id }),
    ADD: ({ id }) => ({ id }),
    *LIST({ id }) {
      for (let n = 1; n <= 3; n++) yield { id, n };
      return { id };
    },
  }, { listen: [listener] });
  await body(listener);
}

Deno.test("connect without a protocol asks the server for it", () =>
  withLedger(async (listener) => {
    await using client = await connect(listener.connect());
    assertEquals(client.protocol.name, "ledger");
    assertEquals(await client.call("LOOK", { id: 7 }), { id: 7 });
    assertEquals(await client.call("PING"), { word: "pong" });
    const items = client.stream("LIST", { id: 7 });
    assertEquals(await items.all(), [{ id: 7, n: 1 }, { id: 7, n: 2 }, { id: 7, n: 3 }]);
    assertEquals(await items.reply, { id: 7 });
    await assertRejects(() => client.call("FROB"), BadValue, "no command FROB");
    await assertRejects(() => client.call("toString"), BadValue, "no command toString");
    await assertRejects(() => client.call("LIST", { id: 7 }), BadValue, "LIST to call");
    await assertRejects(() => client.stream("LOOK", { id: 7 }).all(), BadValue, "LOOK to stream");
    await assertRejects(() => client.call("LOOK", { id: "7" }), TypeError, "id must be an integer");
    await assertRejects(() => client.call("LOOK"), BadValue, "is missing");
    await assertRejects(
      () => client.call("LOOK", { id: 7 }, { within: 0.5 }),
      BadValue,
      "within must be a whole number of milliseconds, 1 to 2147483647",
    );
  }));

const SPECS: Record<string, string> = {
  "no JSON": "{",
  "no protocol": "{}",
  "null": "null",
  "an option that is two lines": JSON.stringify({
    protocol: { ...ledger, commands: { A: { options: { "x\nQUIT": "text" } } } },
  }),
  "more than 1 MiB": JSON.stringify({ protocol: ledger }).padEnd((1 << 20) + 1),
};

for (const [name, body] of Object.entries(SPECS)) {
  Deno.test(`connect refuses a description with ${name}`, async () => {
    const clock = new VirtualClock();
    const bytes = new TextEncoder().encode(body);
    const proxy = new FaultyProxy(clock, () => ({ lines: [{ head: "OK", body: bytes }] }));
    await assertRejects(
      () => run(clock, connect("tcp://10.0.0.1:1", { clock, dial: proxy.dial })),
      ProtocolError,
    );
    assertEquals([proxy.open, clock.pending], [0, 0]);
  });
}

/** Answers that break the description, each with the message of the error. */
const BROKEN: readonly (readonly [verb: string, lines: readonly FrameInit[], message: string])[] = [
  ["LOOK", [{ head: "OK" }], "the answer to LOOK: id must be an integer, and is missing"],
  [
    "LOOK",
    [{ head: "OK", options: new Map([["id", "x"]]) }],
    'the answer to LOOK: id must be an integer, not "x"',
  ],
  [
    "LIST",
    [{ head: "*", options: new Map([["id", "7"], ["n", "1.5"]]) }],
    'the answer to LIST: n must be an integer, not "1.5"',
  ],
  [
    "LOOK",
    [{ head: "*" }, { head: "OK", options: new Map([["id", "7"]]) }],
    "the answer to LOOK: an item came, and the command has none",
  ],
];

for (const [verb, lines, message] of BROKEN) {
  Deno.test(`an answer that breaks the description is an error: ${message}`, async () => {
    const clock = new VirtualClock();
    const body = new TextEncoder().encode(JSON.stringify({ protocol: ledger }));
    const proxy = new FaultyProxy(clock, ({ head }) => {
      return { lines: head === "SPEC" ? [{ head: "OK", body }] : head === verb ? lines : [] };
    });
    const options = { clock, dial: proxy.dial };
    const dynamic = await run(clock, connect("tcp://10.0.0.1:1", options));
    const typed = await run(clock, connect(ledger, "tcp://10.0.0.1:1", options));
    const isStream = verb === "LIST";
    const calls: Promise<unknown>[] = [
      isStream ? dynamic.stream(verb, { id: 7 }).all() : dynamic.call(verb, { id: 7 }),
      isStream ? typed.LIST({ id: 7 }).all() : typed.LOOK({ id: 7 }),
    ];
    for (const call of calls) {
      const error = await run(clock, call.catch((error: Error) => error)) as Error;
      assertEquals([error instanceof ProtocolError, error.message], [true, message]);
    }
    await run(clock, Promise.all([dynamic.close(0), typed.close(0)]));
  });
}

Deno.test("connect asks for the description once for each connection", async () => {
  const clock = new VirtualClock();
  const service = new Ledger();
  let asked = 0;
  const body = new TextEncoder().encode(JSON.stringify({ protocol: ledger }));
  const proxy = new FaultyProxy(clock, (frame) => {
    if (frame.head !== "SPEC") return service.do(frame);
    asked++;
    return { lines: [{ head: "OK", body }] };
  });
  const client = await run(clock, connect("tcp://10.0.0.1:1", { clock, dial: proxy.dial }));
  for (let id = 0; id < 5; id++) await run(clock, client.call("LOOK", { id }));
  assertEquals(asked, 1);
  proxy.reset();
  await run(clock, client.call("LOOK", { id: 9 }));
  assertEquals(asked, 2);
  await run(clock, client.close());
});

Deno.test("onReply tells the result of each call, with the server's own figures", () =>
  withLedger(async (listener) => {
    const infos: ReplyInfo[] = [];
    await using client = await connect(ledger, listener.connect(), {
      timing: true,
      agent: "test",
      trace: (verb) => `00-${verb}`,
      onReply: (info) => infos.push(info),
    });
    await client.LOOK({ id: 1 });
    await client.LIST({ id: 1 }, { trace: "mine" }).all();
    await client.CANCEL({ tag: "none" }).catch(() => {});
    assertEquals(infos.map(({ verb, trace, attempts }) => [verb, trace, attempts]), [
      ["LOOK", "00-LOOK", 1],
      ["LIST", "mine", 1],
      ["CANCEL", "00-CANCEL", 1],
    ]);
    for (const { waited, took, ms, address } of infos) {
      assert(waited! >= 0 && took! >= 0 && ms >= 0 && address === "memory");
    }
    assertEquals(infos.map(({ error }) => error?.name), [undefined, undefined, "Refusal"]);
    const own: ReplyInfo[] = [];
    await client.LOOK({ id: 1 }, { onReply: (info) => own.push(info) });
    assertEquals([infos.length, own.length], [3, 1]);
  }));

Deno.test("connect refuses calls while too many wait, and answers all the others", async () => {
  const clock = new VirtualClock();
  const service = new Ledger();
  const proxy = new FaultyProxy(clock, (frame) => ({ ...service.do(frame), ms: 10 }));
  const client = await run(
    clock,
    connect(ledger, "tcp://10.0.0.1:1", {
      clock,
      dial: proxy.dial,
      maxInFlight: 3,
      maxWaiting: 10,
    }),
  );
  const calls = Array.from({ length: 20 }, (_, id) => client.ADD({ id }));
  const results = await run(clock, Promise.allSettled(calls));
  assertEquals(results.map(({ status }) => status === "fulfilled"), [
    ...new Array(13).fill(true),
    ...new Array(7).fill(false),
  ]);
  for (const result of results.slice(13)) {
    const { reason } = result as PromiseRejectedResult;
    assert(reason instanceof Throttled);
    assertEquals([reason.code, reason.executed], ["busy", "no"]);
  }
  assertEquals(service.done.size, 13);
  await run(clock, client.close());
});

Deno.test("close waits for calls in flight, for a bounded time", async () => {
  const clock = new VirtualClock(0);
  const proxy = new FaultyProxy(clock, () => ({ lines: [], ms: 10 }));
  const client = await run(clock, connect(ledger, "tcp://10.0.0.1:1", { clock, dial: proxy.dial }));
  const call = client.ADD({ id: 1 }).catch((error) => error);
  await run(clock, client.close(3000));
  assertEquals([(await call).name, (await call).executed], ["ConnectionLost", "maybe"]);
  assert(clock.now() >= 3000 && clock.now() < 5000);
  assertEquals([proxy.open, clock.pending], [0, 0]);
});
