import { ConnectionLost } from "@lineup/lineup/client";
import type { Protocol } from "@lineup/lineup/protocol";
import { service } from "@lineup/lineup/server";
import { serveInMemory, testExamples, VirtualClock } from "@lineup/lineup/testing";
import { assertEquals, assertRejects } from "@std/assert";

const desk = {
  name: "desk",
  version: "1.0",
  summary: "A desk.",
  commands: {
    ASK: { summary: "Ask.", idempotent: true, args: { word: "word" }, reply: { word: "word" } },
    FAIL: { summary: "Fail." },
    WAIT: { summary: "Wait for ever." },
    SLEEP: { summary: "Wait for a time.", args: { time: "duration" } },
  },
} as const satisfies Protocol;

const clock = new VirtualClock();
const handlers = {
  ASK: ({ word }: { word: string }) => ({ word }),
  FAIL: () => {
    throw new Error("broken");
  },
  WAIT: () => new Promise<void>(() => {}),
  SLEEP: ({ time }: { time: number }) =>
    new Promise<void>((resolve) => void clock.after(time, resolve)),
};

Deno.test("a server in memory serves typed clients, and leaves nothing", async () => {
  await using server = await serveInMemory(desk, handlers);
  const client = await server.client({ agent: "test" });
  assertEquals(await client.ASK({ word: "hello" }), { word: "hello" });
});

Deno.test("a server in memory serves a service, and several beside each other", async () => {
  const other = service({
    name: "other",
    version: "2.0",
    summary: "Another.",
    commands: { COUNT: { summary: "Count.", reply: { n: "integer" } } },
  })({
    state: () => ({ n: 0 }),
    handlers: { COUNT: (_, { state }) => ({ n: ++state.n }) },
  });
  await using server = await serveInMemory([other, service(desk)({ handlers })]);
  assertEquals(await (await server.client()).COUNT(), { n: 1 });
  assertEquals(await (await server.clientOf(desk)).ASK({ word: "a" }), { word: "a" });
});

Deno.test("the log of a server in memory is kept and not printed", async () => {
  await using server = await serveInMemory(desk, handlers);
  const client = await server.client();
  await assertRejects(() => client.FAIL());
  assertEquals(server.log.map(({ message, error }) => [message, (error as Error).message]), [
    ["FAIL failed", "broken"],
  ]);
});

Deno.test("time in a server and its clients passes on a virtual clock", async () => {
  await using server = await serveInMemory(desk, handlers, { clock });
  const client = await server.client();
  const slept = client.SLEEP({ time: 20_000 }, { within: 30_000 });
  const late = assertRejects(() => client.WAIT(undefined, { within: 10_000 }));
  await clock.elapse(20_000);
  await late;
  assertEquals(await slept, {});
});

for (const time of ["real", "virtual"]) {
  Deno.test(`a server in memory ends at once with calls and connections open, in ${time} time`, async () => {
    const lost: unknown[] = [];
    {
      await using server = await serveInMemory(desk, handlers, {
        clock: time === "virtual" ? new VirtualClock() : undefined,
      });
      const client = await server.client();
      client.WAIT().catch((error: unknown) => lost.push(error instanceof ConnectionLost));
      const stream = server.open();
      await stream.read(new Uint8Array(1000));
      await stream.write(new TextEncoder().encode("WAIT\n"));
      await client.PING();
    }
    assertEquals(lost, [true]);
  });
}

Deno.test("a client of a server in memory connects again where its connection is lost", async () => {
  await using server = await serveInMemory(desk, handlers);
  const client = await server.client({ retry: { base: 1 } });
  await client.QUIT();
  assertEquals(await client.ASK({ word: "again" }), { word: "again" });
});

Deno.test("handlers of a server in memory have the types of those of serve", async () => {
  const lamp = {
    name: "lamp",
    version: "1.0",
    summary: "A lamp.",
    commands: {
      STATUS: { summary: "Is it on?", reply: { state: { type: "enum", values: ["on", "off"] } } },
    },
  } as const;
  await using server = await serveInMemory(lamp, { STATUS: () => ({ state: "on" }) });
  const client = await server.client();
  assertEquals(await client.STATUS(), { state: "on" });
  const wrong = [
    // @ts-expect-error The enum has no value dim.
    () => serveInMemory(lamp, { STATUS: () => ({ state: "dim" }) }),
    // @ts-expect-error There is no command LAMP.
    () => serveInMemory(lamp, { STATUS: () => ({ state: "on" }), LAMP: () => {} }),
    () => testExamples(lamp, { STATUS: () => ({ state: "on" }) }),
    () => testExamples(lamp, () => ({ STATUS: () => ({ state: "on" as const }) })),
    // @ts-expect-error The handler of STATUS is missing.
    () => testExamples(lamp, {}),
  ];
  assertEquals(wrong.length, 5);
});

Deno.test("a server in memory throws as serve does", async () => {
  await assertRejects(
    // @ts-expect-error The handlers are missing.
    () => serveInMemory(desk, {}),
    TypeError,
    "no handler for the command ASK",
  );
});

Deno.test("serveInMemory says what it needs in the place of what it got", async () => {
  for (const [wrong, name] of [[null, "null"], [undefined, "undefined"], ["calc", "string"]]) {
    await assertRejects(
      () => serveInMemory(wrong as never, {}),
      TypeError,
      `serve needs a protocol, which has commands, and its handlers; or a service; not ${name}`,
    );
  }
});
