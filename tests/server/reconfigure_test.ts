// Options of a running server that change. tests/server/admission/limits_test.ts changes each limit.

import { assertEquals, assertThrows } from "@std/assert";
import type { Reconfiguration, ServeOptions } from "@lineup/lineup/server";
import { TestNetwork } from "../test_network.ts";
import { TestServer } from "../test_server.ts";

const classes = (bulk: { weight?: number; target?: number; patience?: number } = {}) => [
  { name: "control", weight: Infinity, target: Infinity, patience: 1000 },
  { name: "normal", weight: 1, target: 10, patience: 1000 },
  { name: "bulk", weight: 1, target: 10, patience: 1000, ...bulk },
];

// deno-lint-ignore no-explicit-any
const WRONG: readonly (readonly [changes: any, says: string])[] = [
  [{ port: 1 }, "port cannot change while the server runs"],
  [{ limits: { maxLine: 100 } }, "limits cannot change while the server runs"],
  [{ timeouts: { opening: 5 } }, "timeouts.opening cannot change while the server runs"],
  [{ scheduling: { control: 1 } }, "scheduling.control cannot change while the server runs"],
  [{ timeouts: { idel: 5 } }, "there is no option timeouts.idel; it has opening, handshake,"],
  [{ timeouts: { idle: -1 } }, "timeouts.idle must be a number from 0, not -1"],
  [{ bounds: { pauses: NaN } }, "bounds.pauses must be a number from 0, not NaN"],
  [{ connections: { connections: "9" } }, "connections.connections must be a number from 0, not 9"],
  [{ memory: -5 }, "memory must be a number from 0, not -5"],
  [{ drain: NaN }, "drain must be a number from 0, not NaN"],
  [{ seats: 0 }, "seats must be a whole number from 1, not 0"],
  [{ seats: "adaptive" }, "seats cannot change from or to adaptive while the server runs"],
  [{ classes: classes().slice(1) }, "the classes stay control, normal, bulk"],
  [{ classes: classes({ weight: 0 }) }, "a weight must be above 0, not 0"],
  [{ classes: classes({ weight: Infinity }) }, "a weight of 1 cannot become Infinity"],
  [{ rates: { prefix: { rate: 0, burst: 1 } } }, "rate must be above 0, not 0"],
  [{ logLevel: "loud" }, "logLevel must be one of debug, info, error, not loud"],
];

Deno.test("a change that cannot be made is named, and nothing changes with it", async () => {
  const network = await TestNetwork.open({ classes: classes() });
  await using _network = network;
  for (const [changes, says] of WRONG) {
    const all = { connections: { connections: 1, connectionsReserved: 0 }, seats: 7, ...changes };
    const { server } = network.testServer;
    const { message } = assertThrows(() => server.reconfigure(all), RangeError);
    assertEquals(message.slice(0, says.length), says);
  }
  const [one, two] = ["192.0.2.1:1", "192.0.2.2:1"].map((peer) => network.client(peer));
  one.post("SAY a\n");
  two.post("SAY b\n");
  await network.pass();
  assertEquals(two.take().split("\n").at(-2), "OK b");
  assertEquals(Number((await network.figures()).get("seats")), 2048);
});

Deno.test("serve refuses options that are unknown or no numbers", async () => {
  for (const wrong of [{ timeouts: { idel: 1 } }, { pressure: { late: NaN } }, { memory: -1 }]) {
    const { message } = await TestServer.open(wrong as ServeOptions).then(
      () => new Error("it was opened"),
      (error: Error) => error,
    );
    assertEquals(/idel|pressure\.late|memory/.test(message), true, message);
  }
});

Deno.test("undefined brings a default back, and what is not named stays", async () => {
  await using fixture = await TestServer.open({ timeouts: { handshake: 1000, idle: 2000 } });
  const ends = async (ms: number): Promise<boolean> => {
    using wire = await fixture.client();
    const rest = wire.rest().then((text) => text !== "");
    await fixture.clock.elapse(ms);
    return await Promise.race([rest, Promise.resolve(false)]);
  };
  assertEquals(await ends(2000), true);
  fixture.server.reconfigure({ timeouts: { handshake: undefined } });
  assertEquals(await ends(2000), false);
  using wire = await fixture.client();
  await wire.send("SAY x\n");
  await wire.line();
  await fixture.clock.elapse(60_000);
  assertEquals(await wire.line(), 'ERR timeout "Nothing came within 2 s."');
});

Deno.test("a class with a new weight gets its share of the seats", async () => {
  const network = await TestNetwork.open({ seats: 1, classes: classes({ patience: 60_000 }) });
  await using _network = network;
  const { server } = network.testServer;
  const client = network.client("192.0.2.1:1");
  const order = async (name: string): Promise<string> => {
    client.post(`#${name} HOLD ${name}first\n`);
    for (let i = 0; i < 6; i++) {
      for (const each of ["normal", "bulk"]) {
        client.post(`#${name}${each}${i} HOLD ${name}${each[0]}${i} class=${each}\n`);
      }
    }
    await network.pass();
    const holds = network.testServer.holds;
    const begun: string[] = [];
    const first = holds.findIndex((each) => each.name === `${name}first`);
    for (let at = first; at <= first + 12; at++) {
      begun.push(holds[at].name.at(name.length)!);
      holds[at].go("x");
      await network.pass();
    }
    return begun.slice(1, 7).join("");
  };
  const even = await order("e");
  server.reconfigure({ classes: classes({ patience: 60_000, weight: 5 }) });
  const heavy = await order("h");
  assertEquals([...even].filter((each) => each === "b").length, 3, even);
  assertEquals([...heavy].filter((each) => each === "b").length >= 4, true, heavy);
});

Deno.test("a rate changes for open connections, and can be lifted", async () => {
  const network = await TestNetwork.open({ rates: { prefix: { rate: 0.001, burst: 1 } } });
  await using _network = network;
  const { server } = network.testServer;
  const client = network.client("192.0.2.1:1");
  const answers = async (requests: number): Promise<string> => {
    await network.pass();
    client.take();
    client.post("SAY x\n".repeat(requests));
    await network.pass();
    return client.take().replace(/ERR quota.*\n/g, "quota ").replaceAll("OK x\n", "ok ");
  };
  assertEquals(await answers(2), "ok quota ");
  server.reconfigure({ rates: undefined });
  assertEquals(await answers(3), "ok ok ok ");
  const changes: Reconfiguration = { rates: { prefix: { rate: 0.001, burst: 3 } } };
  server.reconfigure(changes);
  assertEquals(await answers(4), "ok ok quota quota ");
});

Deno.test("the level of the log and the time of a drain change at once", async () => {
  await using fixture = await TestServer.open();
  const leave = async (): Promise<void> => {
    const wire = await fixture.client();
    await wire.send("SAY x\nQUIT\n");
    await wire.rest();
    wire.close();
  };
  await leave();
  fixture.server.reconfigure({ logLevel: "debug", drain: 5 });
  await leave();
  fixture.server.reconfigure({ logLevel: undefined });
  await leave();
  assertEquals(fixture.log.map(({ level }) => level), ["debug"]);
  using wire = await fixture.client();
  await wire.send("HELLO lineup/1 events=on\n#h HOLD h\n");
  await wire.line();
  await fixture.held("h");
  void fixture.server.shutdown();
  assertEquals(await wire.line(), "! draining within=5ms");
});
