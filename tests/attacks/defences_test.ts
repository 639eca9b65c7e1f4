// A defence works where its removal does damage: each attack runs with the defence and without it.

import { setImmediate } from "node:timers";
import { assert, assertEquals } from "@std/assert";
import type { ServeOptions } from "@lineup/lineup/server";
import { TestServer } from "../test_server.ts";
import { PeerListener, settle } from "../streams.ts";
import { TestNetwork } from "../test_network.ts";
import { WorkerFixture } from "../server/workers/worker_fixture.ts";
import { RawClient } from "../raw_client.ts";
import type { Defence } from "./defence.ts";
import { connections } from "./defences_of_connections.ts";
import { memory } from "./defences_of_memory.ts";
import { queue } from "./defences_of_queue.ts";

for (const defence of [...connections, ...memory, ...queue]) {
  Deno.test(`${defence.name}: with it another client is unharmed, without it the attack does damage`, () =>
    compare(defence));
}

async function compare(defence: Defence): Promise<void> {
  const { options, without, attack, unseen = attack } = defence;
  const harm = [
    await damage(options, attack, defence.polite ?? ["SAY hello", "OK hello"]),
    await damage({ ...options, ...without }, unseen),
  ];
  assertEquals(harm, [defence.kept, defence.done], defence.damage);
}

async function damage(
  options: ServeOptions,
  attack: Defence["attack"],
  polite?: Defence["polite"],
): Promise<number> {
  await using network = await TestNetwork.open(options);
  const other = network.client("198.51.100.1:1");
  other.post("SAY hello\n");
  await network.pass();
  other.take();
  const harm = await attack(network);
  if (Array.isArray(polite)) {
    other.post(`${polite[0]}\n`);
    await network.pass();
    assertEquals(other.take(), `${polite[1]}\n`, "the other client's answer");
  }
  return harm;
}

// These attacks burn time of the processor, so the damage is a bound and no exact figure.

/**
 * The ms of work that a newcomer waits for. Only work moves the clock. `clients` opens the connections of an attack and
 * returns the function that begins it.
 */
async function burnt(
  options: ServeOptions,
  clients: (network: TestNetwork) => () => void,
  asks: string,
  cost = 1,
): Promise<number> {
  let work = (): void => {};
  await using network = await TestNetwork.open({ ...options, stats: () => (work(), []) });
  const { clock } = network;
  // Each STATS takes `cost` ms.
  work = () => clock.late(cost);
  const newcomer = network.client("198.51.100.1:1");
  const attack = clients(network);
  await network.pass();
  newcomer.take();
  const before = clock.now();
  attack();
  newcomer.post(asks);
  await newcomer.seen("\n");
  return clock.now() - before;
}

const crowd = (address: (i: number) => string) => (network: TestNetwork): () => void => {
  const clients = Array.from({ length: 20 }, (_, i) => network.client(address(i)));
  const asks = Array.from({ length: 50 }, (_, i) => `#${i} STATS\n`).join("");
  return () => clients.forEach((each) => each.post(asks));
};

Deno.test("a rate for control work: with it a newcomer is served among control work, without it behind it", async () => {
  const attack = crowd((i) => `203.0.113.1:${i + 1}`);
  const within = await burnt({}, attack, "SAY hello\n");
  const without = await burnt({ scheduling: { controlRate: Infinity } }, attack, "SAY hello\n");
  assert(within < 400, `${within} ms of work came first`);
  assert(without >= 1000, `${without} ms of work came first`);
});

Deno.test("slices of the loop: with them a newcomer is read among waiting requests, without them behind them", async () => {
  const attack = crowd((i) => `203.0.${i}.1:1`);
  const scheduling = { controlRate: 1, controlBurst: 0 };
  const within = await burnt({ scheduling }, attack, "PING\n");
  const without = await burnt({ scheduling: { ...scheduling, slice: Infinity } }, attack, "PING\n");
  assert(within < 400, `${within} ms of work came first`);
  assert(without >= 1000, `${without} ms of work came first`);
});

Deno.test("workers: with them a newcomer is answered during endless work, without them behind it", async () => {
  await using fixture = await WorkerFixture.open(1);
  using busy = await fixture.client();
  await busy.send("#s SPIN s\n");
  await fixture.logged("s began");
  using newcomer = await fixture.client();
  await newcomer.send("PING\n");
  assertEquals(await newcomer.line(), "OK pong");
  // Endless work on the event loop would hang the test, so this work takes a second.
  const second = (network: TestNetwork): () => void => {
    const client = network.client("203.0.113.1:1");
    return () => client.post("STATS\n");
  };
  assertEquals(await burnt({}, second, "PING\n", 1000), 1000);
});

for (const [grace, answer] of [[100, "#w OK "], [Infinity, "#w ERR busy "]] as const) {
  Deno.test(`a grace of ${grace} ms for a worker that does not stop: a request that waits for it gets ${answer}`, async () => {
    await using fixture = await WorkerFixture.open(1, { grace });
    using wire = await fixture.client();
    await wire.send("#s SPIN s\n");
    await fixture.logged("s began");
    await wire.send("CANCEL s\n#w WHO\n");
    await wire.lines(2);
    await fixture.clock.elapse(100);
    if (grace === Infinity) await fixture.clock.elapse(2000);
    const line = await wire.line();
    assert(line.startsWith(answer), line);
  });
}

/** The number of writes to fifty clients that each ask beyond their rate, every 2 ms for 200 ms. */
async function writes(refusing: number): Promise<number> {
  const listener = new PeerListener();
  const rates = { prefix: { rate: 0.1, burst: 1 } };
  const bounds = { refusing, refusals: Infinity };
  await using testServer = await TestServer.open({
    listen: [listener],
    rates,
    bounds,
    random: () => 0.5,
  });
  const clients = Array.from(
    { length: 50 },
    (_, i) => new RawClient(listener.connect(`203.0.113.${i}:1`)).listen(),
  );
  const ask = (): void => clients.forEach((each) => each.post("SAY x\n"));
  ask();
  await settle(testServer);
  const before = listener.writes;
  for (let i = 0; i < 100; i++) {
    ask();
    await testServer.clock.elapse(2);
  }
  const count = listener.writes - before;
  using polite = new RawClient(listener.connect("198.51.100.1:1")).listen();
  polite.post("SAY hello\n");
  await settle(testServer);
  assert(polite.take().endsWith("OK hello\n"), "another client is answered at once");
  await testServer.clock.elapse(1000);
  await settle(testServer);
  for (const each of clients) {
    assertEquals(each.take().split("ERR quota").length - 1, 100, "every refusal is told");
    each[Symbol.dispose]();
  }
  return count;
}

Deno.test("pauses after refusals: with them a crowd gets its refusals in few writes, without them one write each", async () => {
  const within = await writes(0.2);
  const without = await writes(Infinity);
  assert(within < 1500, `${within} writes`);
  assert(without >= 4500, `${without} writes`);
});

Deno.test("pauses after refusals: a client that asks little gets its refusal soon, by its own share of refusing", async () => {
  const rates = { prefix: { rate: 0.1, burst: 1 } };
  const bounds = { refusals: Infinity, refusing: 0.05 };
  await using network = await TestNetwork.open({ rates, bounds });
  // Many that were refused before are gone, and have no share any more.
  const gone = Array.from({ length: 200 }, (_, i) => network.client(`192.0.${i}.1:1`));
  for (const each of gone) each.post("SAY x\n".repeat(2));
  await network.pass(1000);
  for (const each of gone) {
    assert(each.take().includes("ERR quota"));
    each.close();
  }
  await network.pass(60_000);
  // One client takes most of the time for refusing.
  const crowd = Array.from({ length: 40 }, (_, i) => network.client(`203.0.113.1:${i + 1}`));
  const polite = network.client("198.51.100.1:1");
  await network.pass();
  let soon = 0;
  for (let i = 0; i < 99; i++) {
    for (const each of crowd) each.post("SAY x\n".repeat(4));
    if (i % 3 === 0) polite.post("SAY x\n");
    await network.pass(20);
    if (i % 3 === 2 && polite.take().includes("ERR quota")) soon++;
  }
  assertEquals(soon, 32, "all but the first, which is served");
});

/** `count` clients that were refused because the one seat is held; by default all of one address. */
async function refused(
  network: TestNetwork,
  count: number,
  asks: string,
  address = (i: number) => `203.0.113.1:${i + 1}`,
): Promise<RawClient[]> {
  network.client("192.0.2.1:1").post("HOLD h\n");
  await network.pass();
  const clients = Array.from({ length: count }, (_, i) => network.client(address(i)));
  await network.pass();
  for (const each of clients) each.post(asks);
  // Some refusals come later.
  await network.pass(1000);
  for (const each of clients) assert(each.take().includes("ERR busy"));
  return clients;
}

function figureOf(stats: string, name: string): number {
  return Number(new RegExp(`${name} (\\d+)`).exec(stats)![1]);
}

/** The figure of STATS when the newcomer is answered. It asks a turn of the event loop from now. */
async function told(newcomer: RawClient, name: string): Promise<number> {
  await new Promise((resolve) => setImmediate(resolve));
  newcomer.take();
  newcomer.post("STATS\n");
  await newcomer.seen("OK count=");
  return figureOf(newcomer.take(), name);
}

Deno.test("one queue for all whose pauses end: a newcomer is read before most of them", async () => {
  const bounds = { refusals: Infinity, refusing: 0.001 };
  await using network = await TestNetwork.open({ seats: 1, scheduling: { waiting: 0 }, bounds });
  network.client("192.0.2.1:1").post("HOLD h\n");
  const clients = Array.from({ length: 50 }, (_, i) => network.client(`203.0.113.1:${i + 1}`));
  const newcomer = network.client("198.51.100.1:1");
  await network.pass();
  for (const each of clients) each.post("SAY x\n");
  await network.pass();
  for (const each of clients) each.post("SAY x\n".repeat(64));
  await network.pass();
  network.clock.advance(60_000);
  const refusals = await told(newcomer, "errors-busy-total");
  // Without the queue, all whose pauses end at one time are read at that time: then it is 3186.
  assert(refusals < 1000, `${refusals} refusals came first`);
});

Deno.test("one queue for all that send much: a newcomer is read before most of their bodies", async () => {
  await using network = await TestNetwork.open();
  const clients = Array.from({ length: 50 }, (_, i) => network.client(`203.0.113.${i}:1`));
  const newcomer = network.client("198.51.100.1:1");
  await network.pass();
  const body = "x".repeat(1 << 20);
  for (const each of clients) each.post(`ECHO {${body.length}}\n${body}\n`);
  const bytes = await told(newcomer, "received-bytes-total");
  // Without the queue, each is read as far as it may be: then it is 3.5 MB.
  assert(bytes < 2e6, `${bytes} bytes came first`);
  for (const each of clients) each[Symbol.dispose]();
});

Deno.test("one queue for all that will be refused: a newcomer is read before most of their requests", async () => {
  const bounds = { refusing: Infinity, refusals: Infinity };
  await using network = await TestNetwork.open({ seats: 1, scheduling: { waiting: 0 }, bounds });
  const clients = await refused(network, 50, "SAY x\n");
  const newcomer = network.client("198.51.100.1:1");
  await network.pass();
  newcomer.take();
  for (const each of clients) each.post("SAY x\n".repeat(64));
  newcomer.post("STATS\n");
  await newcomer.seen("OK count=");
  const [, told] = /errors-busy-total (\d+)/.exec(newcomer.take())!;
  // Without the queue it is 3250.
  assert(Number(told) < 250, `${told} refusals came first`);
  await network.pass();
  for (const each of clients) assertEquals(each.take().split("ERR busy").length - 1, 64);
});
