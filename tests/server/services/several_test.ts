// Several protocols on one port, and several versions of one.

import { connect, ProtocolError } from "@lineup/lineup/client";
import { combine, compile, markdown, type Protocol, SpecError } from "@lineup/lineup/protocol";
import { listenMemory, serve, type Service, service } from "@lineup/lineup/server";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { RawClient } from "../../raw_client.ts";

const clock = {
  name: "clock",
  version: "1.0",
  summary: "Tells the time.",
  description: "It never goes back.",
  commands: { NOW: { summary: "The time.", reply: { ms: "integer" } } },
} as const satisfies Protocol;

const calc1 = {
  name: "calc",
  version: "1.1",
  summary: "A calculator.",
  commands: {
    ADD: { summary: "Add.", args: { a: "integer", b: "integer" }, reply: { sum: "integer" } },
  },
} as const satisfies Protocol;

const calc2 = {
  name: "calc",
  version: "2.0",
  summary: "A calculator, again.",
  commands: {
    ADD: { summary: "Add all.", args: { terms: "integer..." }, reply: { total: "integer" } },
    COUNT: { summary: "The requests so far.", reply: { count: "integer" } },
  },
} as const satisfies Protocol;

const clockService = service(clock)({
  state: () => ({ now: 0 }),
  handlers: { NOW: (_, { state }) => ({ ms: ++state.now }) },
});
const calc1Service = service(calc1)({
  handlers: { ADD: ({ a, b }) => ({ sum: a + b }) },
});
const calc2Service = service(calc2)({
  state: () => ({ requests: 0 }),
  around: [(_args, { state }, next) => {
    state.requests++;
    return next();
  }],
  handlers: {
    ADD: ({ terms }) => ({ total: terms.reduce((sum, term) => sum + term) }),
    COUNT: (_, { state }) => ({ count: state.requests }),
  },
});
const all: readonly Service[] = [calc2Service, clockService, calc1Service];

async function open(services: readonly Service[] = all) {
  const listener = listenMemory();
  const server = await serve(services, { listen: [listener], log: () => {} });
  return {
    connect: () => listener.connect(),
    wire: () => RawClient.open(listener.connect()),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("a connection speaks all protocols, each with its state and middleware", async () => {
  await using server = await open();
  using wire = await server.wire();
  assertEquals(await wire.ask("ADD 1 2 3"), "OK total=6");
  assertEquals(await wire.ask("NOW"), "OK ms=1");
  assertEquals(await wire.ask("NOW"), "OK ms=2");
  assertEquals(await wire.ask("COUNT"), "OK count=2");
});

Deno.test("the greeting names the first protocol, and also the others", async () => {
  await using server = await open();
  using wire = new RawClient(server.connect());
  assertEquals(
    await wire.line(),
    "OK lineup/1 calc/2.0 max-line=8192 max-body=1048576 max-in-flight=256 auth=none " +
      'also=clock/1.0,calc/1.1 hint="Type HELP"',
  );
  await using alone = await open([clockService]);
  using other = new RawClient(alone.connect());
  assertEquals(
    await other.line(),
    'OK lineup/1 clock/1.0 max-line=8192 max-body=1048576 max-in-flight=256 auth=none hint="Type HELP"',
  );
});

Deno.test("HELP and SPEC show all protocols that the connection speaks", async () => {
  await using server = await open();
  using wire = await server.wire();
  const help = await wire.ask("HELP");
  assert(
    help.includes(
      "\ncalc 2.0: A calculator, again.\n\n  ADD terms...  Add all.\n  COUNT         The requests so far.\n\n" +
        "clock 1.0: Tells the time.\n\nIt never goes back.\n\n  NOW  The time.\n\nEvery server:\n",
    ),
    help,
  );
  const spec = async () => JSON.parse((await wire.ask("SPEC")).split("\n")[1]).protocol as Protocol;
  const protocol = await spec();
  assertEquals(Object.keys(protocol.commands), ["ADD", "COUNT", "NOW"]);
  assertEquals(protocol.parts?.map(({ name, version, verbs }) => ({ name, version, verbs })), [
    { name: "calc", version: "2.0", verbs: ["ADD", "COUNT"] },
    { name: "clock", version: "1.0", verbs: ["NOW"] },
  ]);
  // The description can be read back, and written as a reference.
  const text = markdown(compile(protocol));
  assert(/^# calc 2\.0$[^]*^## COUNT$[^]*^# clock 1\.0$[^]*^## NOW$/m.test(text), text);

  await wire.ask("HELLO lineup/1 protocol=calc/1.1");
  assertEquals((await spec()).commands.ADD.summary, "Add.");
  assert(
    (await wire.ask("HELP")).includes("\ncalc 1.1: A calculator.\n\n  ADD a b  Add.\n\nclock 1.0"),
  );
});

Deno.test("HELLO chooses a version of a protocol; the others stay", async () => {
  await using server = await open();
  using wire = await server.wire();
  for (
    const [asked, greeted, sum] of [
      ["calc/1.1", "calc/1.1", "OK sum=3"],
      // A minor version only adds.
      ["calc/1.0", "calc/1.1", "OK sum=3"],
      ["calc/2.5", "calc/2.0", "OK total=3"],
      ["clock/1.0", "clock/1.0", "OK total=3"],
      ["calc/1", "calc/1.1", "OK sum=3"],
      ["clock/1.7", "clock/1.0", "OK sum=3"],
    ]
  ) {
    const answer = await wire.ask(`HELLO lineup/1 protocol=${asked}`);
    assert(answer.startsWith(`OK lineup/1 ${greeted} `), answer);
    assertEquals(await wire.ask("ADD 1 2"), sum);
    assert((await wire.ask("NOW")).startsWith("OK ms="));
  }
});

Deno.test("requests behind a HELLO in one packet are of the version that it chooses", async () => {
  await using server = await open();
  using wire = await server.wire();
  await wire.send("HELLO lineup/1 protocol=calc/1.0\nADD 1 2\n");
  assertEquals((await wire.lines(2))[1], "OK sum=3");
});

Deno.test("HELLO refuses a protocol that the server does not have, and changes nothing", async () => {
  await using server = await open();
  using wire = await server.wire();
  for (const asked of ["calc/3.0", "news/1.0", "calc/x", "calc/"]) {
    const answer = await wire.ask(`HELLO lineup/1 timing=on protocol=${asked}`);
    assertEquals(
      answer,
      asked === "calc/"
        ? 'ERR bad-arguments "protocol= must be a name and a version, such as calc/1.0."'
        : `ERR unsupported-version "This server speaks calc/2.0 and clock/1.0 and calc/1.1, not ${asked}."`,
    );
    assertEquals(await wire.ask("ADD 1 2"), "OK total=3");
  }
});

Deno.test("a client of each protocol and version sees its own", async () => {
  await using server = await open();
  await using second = await connect(calc2, server.connect());
  assertEquals(await second.ADD({ terms: [1, 2, 3] }), { total: 6 });
  await using first = await connect(calc1, server.connect());
  assertEquals(await first.ADD({ a: 1, b: 2 }), { sum: 3 });
  await using time = await connect(clock, server.connect(), { agent: "watch" });
  assertEquals(await time.NOW(), { ms: 1 });
  await using both = await connect(combine(calc2, clock), server.connect());
  assertEquals([await both.COUNT(), await both.NOW()], [{ count: 1 }, { ms: 1 }]);
  await using any = await connect(server.connect());
  assertEquals(await any.call("ADD", { terms: [4] }), { total: 4 });
  assertEquals(any.protocol.parts?.length, 2);
});

Deno.test("a client of another protocol is told what the server speaks", async () => {
  await using server = await open();
  const wrong = { ...calc1, version: "3.0" } as const;
  await assertRejects(
    () => connect(wrong, server.connect()),
    ProtocolError,
    "the server speaks calc/2.0 and clock/1.0 and calc/1.1, not calc/3.0",
  );
});

Deno.test("serve names both protocols that have a command, whichever a connection would speak", async () => {
  const clash = (protocol: Protocol): Service => ({
    protocol: { ...protocol, commands: { ...protocol.commands, ADD: clock.commands.NOW } },
    handlers: { NOW: () => ({ ms: 1 }), ADD: () => ({ ms: 1 }) },
  });
  await assertRejects(
    () => serve([calc2Service, clash(clock)]),
    SpecError,
    "commands.ADD: calc/2.0 and clock/1.0 both have this command; give one of them another verb",
  );
  // No connection speaks both at first.
  const other: Protocol = { ...calc2, commands: { COUNT: calc2.commands.COUNT } };
  const service2: Service = { protocol: other, handlers: { COUNT: () => ({ count: 1 }) } };
  await assertRejects(
    () => serve([service2, clash(clock), calc1Service]),
    SpecError,
    "commands.ADD: clock/1.0 and calc/1.1 both have this command",
  );
});

Deno.test("serve refuses a version twice, and no service at all", async () => {
  await assertRejects(
    () => serve([calc1Service, calc2Service, calc1Service]),
    SpecError,
    "name: calc/1.1 is served twice",
  );
  await assertRejects(() => serve([]), TypeError, "there is no service to serve");
});

Deno.test("serve says what is wrong with a service that no compiler has checked", async () => {
  const handlers = { NOW: () => ({ ms: 1 }) };
  for (
    const [wrong, message] of [
      [[null], "a service is { protocol, handlers }"],
      [[{ handlers }], "a service is { protocol, handlers }"],
      [{ protocol: "clock", handlers }, "a service is { protocol, handlers }"],
      [
        { protocol: clock },
        "the handlers of the service clock must be an object of functions by verb",
      ],
      [
        { protocol: clock, handlers, state: {} },
        "state of the service clock must be a function that makes the state of a connection",
      ],
      [
        { protocol: clock, handlers, around: () => {} },
        "around of the service clock must be an array of functions",
      ],
      [
        { protocol: clock, handlers, around: ["logged"] },
        "around of the service clock must be an array of functions",
      ],
    ] as const
  ) await assertRejects(() => serve(wrong as unknown as Service), TypeError, message);
});

Deno.test("combine refuses two versions of one protocol, and names both", () => {
  assertThrows(() => combine(calc1, calc2), SpecError, "calc/1.1 and calc/2.0 have the same name");
});

Deno.test("compile checks the parts of a description", () => {
  const good = combine(calc1, clock) as Protocol;
  const parts = (change: unknown) => () => compile({ ...good, parts: change } as Protocol);
  const [calc, time] = good.parts!;
  compile(good);
  for (
    const [change, message] of [
      [{}, "parts: must be an array"],
      [[calc], "parts: every command is of one part; NOW is of none"],
      [[calc, calc, time], "parts.1.verbs: must be commands, each of one part; ADD is not"],
      [[calc, { ...time, verbs: ["NOW", "LATER"] }], "parts.1.verbs: must be commands"],
      [[calc, { ...time, verbs: "NOW" }], "parts.1.verbs: must be an array of verbs"],
      [[calc, { ...time, summary: "" }], "parts.1.summary: "],
      [[calc, { ...time, name: 1 }], "parts.1.name: must be a lower-case word"],
      [[calc, { ...time, more: 1 }], "parts.1.more: is not known here"],
      [[calc, null], "parts.1: must be an object"],
      [new Array(101).fill({ ...calc, verbs: [] }), "parts: there may be 100 parts, and are 101"],
    ] as const
  ) assertThrows(parts(change), SpecError, message);
});
