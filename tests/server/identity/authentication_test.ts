import { assertEquals } from "@std/assert";
import type { ServeOptions } from "@lineup/lineup/server";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { RawClient } from "../../raw_client.ts";
import { settle } from "../../streams.ts";
import { TestServer } from "../../test_server.ts";
import { type Line, TestIdentities, tokens } from "./identities.ts";

const { acme, bolt, root } = tokens;
const WRONG = 'ERR unauthenticated "This is not the token of an identity, or its time is over."';

/** A server with identities on one clock. */
async function open(lines: readonly Line[], options: ServeOptions = {}) {
  const clock = new VirtualClock();
  const identities = new TestIdentities(clock, lines);
  const server = await TestServer.open({ clock, identities: identities.file, ...options });
  return {
    clock,
    identities,
    server,
    client: (): Promise<RawClient> => server.client(),
    async [Symbol.asyncDispose](): Promise<void> {
      await server[Symbol.asyncDispose]();
      identities[Symbol.dispose]();
    },
  };
}

const LINES = [
  { name: "acme", token: acme },
  { name: "root", token: root, roles: ["admin", "operator"] },
];

Deno.test("a command needs AUTH, built-in ones do not, and STATS needs a role", async () => {
  await using world = await open(LINES);
  using wire = new RawClient(world.server.listener.connect());
  assertEquals(
    await wire.line(),
    "OK lineup/1 tests/1.0 max-line=8192 max-body=1048576 max-in-flight=256 auth=required " +
      'hint="Type HELP"',
  );
  const asked: readonly (readonly [string, string])[] = [
    ["SAY hello", 'ERR unauthenticated "SAY needs AUTH first."'],
    ["STATS", 'ERR unauthenticated "STATS needs AUTH first."'],
    ["PING", "OK pong"],
    ["AUTH wrong", WRONG],
    [`AUTH ${acme}x`, WRONG],
    ["SAY hello", 'ERR unauthenticated "SAY needs AUTH first."'],
    [`#a AUTH ${acme}`, "#a OK identity=acme"],
    ["SAY hello", "OK hello"],
    ["SECRET", 'ERR forbidden "SECRET needs the role admin, which acme has not."'],
    ["STATS", 'ERR forbidden "STATS needs the role operator, which acme has not."'],
    [
      `AUTH ${root}`,
      'ERR forbidden "This connection is that of acme; another identity needs another connection."',
    ],
    [`AUTH "${acme}"`, "OK identity=acme"],
    [
      "HELLO lineup/1",
      "OK lineup/1 tests/1.0 max-line=8192 max-body=1048576 max-in-flight=256 auth=required " +
      "identity=acme",
    ],
  ];
  for (const [request, reply] of asked) assertEquals(await wire.ask(request), reply, request);

  using other = await world.client();
  assertEquals(await other.ask(`AUTH ${root}`), "OK identity=root");
  assertEquals(await other.ask("SECRET"), "OK");
  const figures = await other.ask("STATS");
  assertEquals(/\* authenticated-total 3\n/.test(figures), true, figures);
  assertEquals(/\* authentication-failed-total 2\n/.test(figures), true, figures);
});

Deno.test("HELLO tells a client the rights of its identity, where it asks", async () => {
  const lines = [
    { name: "acme", token: acme, put: ["mail.*"], keys: ["acme-*"] },
    { name: "root", token: root, roles: ["admin", "operator"] },
  ];
  await using world = await open(lines);
  using wire = await world.client();
  const hello = async (rights = "on"): Promise<[head: string, rights: unknown]> => {
    const [head, body] = (await wire.ask(`HELLO lineup/1 rights=${rights}`)).split("\n");
    return [head.replace(/.* auth=/, "auth="), body && JSON.parse(body)];
  };
  assertEquals(await hello(), ["auth=required", undefined]);
  await wire.ask(`AUTH ${acme}`);
  const grants = { put: ["mail.*"], keys: ["acme-*"] };
  const head = "auth=required identity=acme";
  assertEquals(await hello(), [`${head} {58}`, { roles: [], grants }]);
  assertEquals(await hello("off"), [head, undefined]);
  // A right that comes later is told by the next HELLO.
  world.identities.change([{ ...lines[0], take: ["mail.bills"] }, lines[1]]);
  assertEquals((await hello())[1], { roles: [], grants: { ...grants, take: ["mail.bills"] } });

  using other = await world.client();
  await other.ask(`AUTH ${root}`);
  const [, body] = (await other.ask("HELLO lineup/1 rights=on")).split("\n");
  assertEquals(JSON.parse(body), { roles: ["admin", "operator"], grants: {} });
});

Deno.test("where a server has no identities, HELLO tells no rights", async () => {
  await using server = await TestServer.open();
  using wire = await server.client();
  assertEquals(/auth=none$/.test(await wire.ask("HELLO lineup/1 rights=on")), true);
});

Deno.test("an identity holds for requests behind its AUTH in the same packet", async () => {
  await using world = await open(LINES);
  using wire = await world.client();
  await wire.send(`#h HOLD x\nSAY a\nAUTH ${acme}\nSAY b\n#s SAY c\n`);
  assertEquals((await wire.lines(5)).sort(), [
    '#h ERR unauthenticated "HOLD needs AUTH first."',
    "#s OK c",
    'ERR unauthenticated "SAY needs AUTH first."',
    "OK b",
    "OK identity=acme",
  ]);
});

Deno.test("an AUTH that is wrong is answered without its words", async () => {
  await using world = await open(LINES);
  using wire = await world.client();
  const usage = 'ERR bad-arguments "AUTH takes one token and nothing else. Usage: AUTH token"';
  for (
    const words of ["", `acme ${acme}`, `token=${acme}`, `${acme} {5}\nhello`, "x".repeat(257)]
  ) {
    assertEquals(await wire.ask(`AUTH ${words}`), usage, words);
  }
});

Deno.test("a server without identities asks for no token", async () => {
  await using server = await TestServer.open();
  using wire = await server.client();
  assertEquals(
    await wire.ask(`AUTH ${acme}`),
    'ERR unauthenticated "This server has no identities: it asks for no token."',
  );
  assertEquals(await wire.ask("SAY hello"), "OK hello");
  assertEquals(await wire.ask("SECRET"), 'ERR unauthenticated "SECRET needs AUTH first."');
});

/** So many words of another protocol, which are no commands. */
const words = (count: number): string => "EHLO a\n".repeat(count);

/** The codes that a client gets which sends all this, and no answer to a last SAY. */
async function cutOff(server: TestServer, sent: string): Promise<string[]> {
  using wire = new RawClient(server.listener.connect()).listen();
  await wire.send(`${sent}SAY evil\n`);
  await settle(server);
  assertEquals(wire.ended, true);
  return wire.take().split("\n").slice(1, -1).map((line) => line.split(" ")[1]);
}

Deno.test("without identities AUTH is one more unknown command", async () => {
  await using server = await TestServer.open();
  for (const auth of ["AUTH a", "AUTH PLAIN a", "AUTH"]) {
    assertEquals(
      await cutOff(server, `${words(8)}${auth}\n${words(1)}`),
      [...Array(8).fill("unknown-command"), "unauthenticated", "unknown-command"],
    );
  }
  assertEquals((await cutOff(server, "AUTH a\n".repeat(10))).length, 10);
});

Deno.test("only an AUTH that is right is a known command between unknown ones", async () => {
  await using world = await open([...LINES, { name: "anonymous" }]);
  for (const auth of ["AUTH a", "AUTH PLAIN a", "AUTH"]) {
    const codes = await cutOff(world.server, `${words(9)}${auth}\n${words(1)}`);
    assertEquals(codes.filter((code) => code === "unknown-command").length, 10);
    assertEquals(codes.length, 11);
  }
  using wire = await world.client();
  await wire.send(`${words(9)}AUTH ${acme}\n${words(9)}SAY hello\n`);
  let line = await wire.line();
  while (line.startsWith("ERR unknown-command") || line.startsWith("OK identity")) {
    line = await wire.line();
  }
  assertEquals(line, "OK hello");
});

Deno.test("clients that prove nothing are anonymous, where there is such an identity", async () => {
  await using world = await open([...LINES, { name: "anonymous", roles: ["admin"] }]);
  using wire = new RawClient(world.server.listener.connect());
  assertEquals(/ auth=optional /.test(await wire.line()), true);
  assertEquals(await wire.ask("SAY hello"), "OK hello");
  assertEquals(await wire.ask("SECRET"), "OK");
  assertEquals(await wire.ask("STATS"), 'ERR unauthenticated "STATS needs AUTH first."');
  assertEquals(await wire.ask(`AUTH ${acme}`), "OK identity=acme");
  assertEquals(
    await wire.ask("SECRET"),
    'ERR forbidden "SECRET needs the role admin, which acme has not."',
  );
});

Deno.test("failed proofs of one address are answered later and later, and end the connection", async () => {
  await using world = await open(LINES);
  const { clock, server } = world;
  using first = await world.client();
  await first.send("AUTH x\n".repeat(10) + "PING\n");
  // The first ten of an address are answered at once. The connection takes nothing behind them.
  assertEquals(await first.rest(), `${WRONG}\r\n`.replace("\r", "").repeat(10));

  using second = (await world.client()).listen();
  // The second one is not looked at while the first is held back, though its token is right.
  await second.send(`AUTH x\n#t AUTH ${acme}\n#p PING\n`);
  await second.seen("#p OK pong\n");
  second.take();
  await clock.advance(900);
  assertEquals(second.take(), "");
  await clock.advance(200);
  await second.seen(`#t ${WRONG}`);
  assertEquals(second.take(), `${WRONG}\n#t ${WRONG}\n`);
  assertEquals(await second.ask(`AUTH ${acme}`), "OK identity=acme");

  const failed = server.log.filter(({ message }) => message === "authentication failed");
  assertEquals(failed[0].why, "no identity has this token");
});

Deno.test("requests of an identity are counted over all its connections", async () => {
  await using world = await open([{ name: "acme", token: acme, running: 2 }, {
    name: "bolt",
    token: bolt,
    rate: 2,
  }]);
  const { server, clock } = world;
  using one = await world.client();
  using two = await world.client();
  for (const wire of [one, two]) await wire.ask(`AUTH ${acme}`);
  await one.send("#a HOLD a\n");
  await two.send("#b WAIT b\n");
  await server.held("a");
  await server.held("b");
  const many =
    'ERR quota "acme has 2 requests in flight, as many as it may." retry=1000 scope=identity';
  assertEquals(await one.ask("SAY x"), many);
  assertEquals(await two.ask("PING"), "OK pong");
  (await server.held("a")).go("gone");
  assertEquals(await one.reply(), "#a OK gone");
  assertEquals(await one.ask("SAY x"), "OK x");
  (await server.held("b")).go("b");
  assertEquals(await two.reply(), "#b OK b");
  await one.send("#c HOLD c\n#d HOLD d\n");
  await server.held("d");

  using three = await world.client();
  using four = await world.client();
  for (const wire of [three, four]) await wire.ask(`AUTH ${bolt}`);
  assertEquals(await three.ask("SAY x"), "OK x");
  assertEquals(await four.ask("SAY x"), "OK x");
  const fast = 'ERR quota "Requests come faster than this client\'s rate." retry=';
  assertEquals((await four.ask("SAY x")).startsWith(fast), true);
  await clock.advance(1000);
  assertEquals(await three.ask("SAY x"), "OK x");
});

Deno.test("a class more urgent than that of the identity is not to be had", async () => {
  await using world = await open([{ name: "acme", token: acme, class: "bulk" }, {
    name: "root",
    token: root,
    roles: ["operator"],
  }]);
  using wire = await world.client();
  await wire.ask(`AUTH ${acme}`);
  for (const name of ["interactive", "normal", "bulk", "background"]) {
    assertEquals(await wire.ask(`SAY x class=${name}`), "OK x");
  }
  using other = await world.client();
  await other.ask(`AUTH ${root}`);
  const figures = await other.ask("STATS");
  const started = [...figures.matchAll(/\* (\w+)-started-total (\d+)/g)].map(([, name, n]) =>
    `${name} ${n}`
  );
  assertEquals(started.includes("bulk 3"), true, started.join());
  assertEquals(started.includes("background 1"), true, started.join());
  assertEquals(started.some((each) => each.startsWith("normal")), false, started.join());
});

Deno.test("an identity has one share by its weight, over however many connections", async () => {
  await using world = await open([
    { name: "acme", token: acme },
    { name: "bolt", token: bolt, weight: 2 },
    { name: "root", token: root, roles: ["operator"] },
  ], { seats: 1 });
  const { server } = world;
  const as = async (token: string): Promise<RawClient> => {
    const wire = await world.client();
    await wire.ask(`AUTH ${token}`);
    return wire;
  };
  using first = await as(root);
  await first.send("HOLD first\n");
  const opener = await server.held("first");
  // Three connections of acme have as many requests as one of bolt.
  const wires = await Promise.all([as(acme), as(acme), as(acme), as(bolt)]);
  for (let i = 0; i < 2; i++) {
    for (const wire of wires.slice(0, 3)) {
      await wire.send(`#${i} HOLD acme-${i}-${wires.indexOf(wire)}\n`);
    }
  }
  for (let i = 0; i < 6; i++) await wires[3].send(`#${i} HOLD bolt-${i}\n`);
  for (const wire of wires) await wire.ask("PING");
  const figures = await first.ask("#s STATS");
  assertEquals(/heaviest-1 "identity:acme class=normal waiting=6 /.test(figures), true, figures);

  opener.go("over");
  const order: string[] = [];
  for (let at = 1; at <= 12; at++) {
    await server.until(() => server.holds.length > at);
    const { name, go } = server.holds[at];
    order.push(name.slice(0, 4));
    // What a request costs is the time for which it has its seat.
    await world.clock.advance(10);
    go("over");
  }
  // Of the first nine, bolt has two thirds.
  assertEquals(order.slice(0, 9).filter((name) => name === "bolt").length, 6, order.join());
  for (const wire of wires) wire.close();
});
