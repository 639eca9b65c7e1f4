// The state of a connection: made when it opens, disposed when it has ended.

import { connect } from "@lineup/lineup/client";
import { type Protocol, Refusal } from "@lineup/lineup/protocol";
import { type ConnectedClient, listenMemory, serve, service } from "@lineup/lineup/server";
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { RawClient } from "../../raw_client.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { WatchedLog } from "../../watched_log.ts";
import { reachable } from "../request/reachable.ts";

const cart = {
  name: "cart",
  version: "1.0",
  summary: "A cart for each connection.",
  commands: {
    PUT: { summary: "Put a thing into it.", args: { thing: "word" }, reply: { count: "integer" } },
    EACH: {
      summary: "The things in it.",
      items: { thing: { type: "word", positional: true } },
      reply: { count: "integer" },
    },
    STAY: { summary: "Wait for the signal." },
  },
} as const satisfies Protocol;

/** A server of carts in memory, and what became of them. */
async function openShop(
  makeState: (client: ConnectedClient) => Partial<Disposable & AsyncDisposable> = () => ({}),
) {
  const listener = listenMemory();
  const clock = new VirtualClock();
  const log = new WatchedLog();
  const server = await serve(
    service(cart)({
      state: (client) => Object.assign(makeState(client), { things: [] as string[] }),
      handlers: {
        PUT: ({ thing }, { state }) => ({ count: state.things.push(thing) }),
        *EACH(_, { state: { things } }) {
          for (const thing of things) yield { thing };
          return { count: things.length };
        },
        STAY: (_, { park }) => park(new Promise<void>(() => {})),
      },
    }),
    { listen: [listener], clock, log: log.add },
  );
  return { listener, clock, log, [Symbol.asyncDispose]: () => server.shutdown() };
}

Deno.test("each connection has a state of its own, which its handlers get", async () => {
  await using shop = await openShop();
  using ada = await RawClient.open(shop.listener.connect());
  using bob = await RawClient.open(shop.listener.connect());
  assertEquals(await ada.ask("PUT tea"), "OK count=1");
  assertEquals(await ada.ask("PUT milk"), "OK count=2");
  assertEquals(await bob.ask("PUT salt"), "OK count=1");
  assertEquals(await ada.ask("EACH"), "* tea\n* milk\nOK count=2");
});

Deno.test("a state is made once, before the greeting, with the client of the connection", async () => {
  const made: ConnectedClient[] = [];
  await using shop = await openShop((client) => {
    made.push(client);
    return {};
  });
  using wire = new RawClient(shop.listener.connect());
  await wire.line();
  assertEquals(made.map(({ id, peer, closed }) => ({ id, peer, closed })), [
    { id: 1, peer: "memory", closed: false },
  ]);
  await wire.ask("PUT tea");
  assertEquals(made.length, 1);
  assertEquals(
    reachable(made[0]),
    ["agent", "closed", "halfClosed", "id", "identity", "peer", "whenClosed"],
  );
});

Deno.test("a state is disposed once, when its connection has ended and the signals are aborted", async () => {
  const { promise: disposed, resolve } = Promise.withResolvers<string>();
  let times = 0;
  await using shop = await openShop((client) => ({
    [Symbol.dispose]() {
      times++;
      resolve(`closed=${client.closed}`);
    },
  }));
  const wire = await RawClient.open(shop.listener.connect());
  await wire.ask("HELLO lineup/1 half-close=off");
  await wire.send("STAY\n");
  assertEquals(times, 0);
  wire.close();
  assertEquals(await disposed, "closed=true");
  assertEquals(times, 1);
});

Deno.test("a state is disposed although an action for the end of the connection fails", async () => {
  const { promise: disposed, resolve } = Promise.withResolvers<void>();
  await using shop = await openShop((client) => {
    client.whenClosed(() => {
      throw new Error("an action fails");
    });
    return { [Symbol.dispose]: () => resolve() };
  });
  const wire = await RawClient.open(shop.listener.connect());
  await wire.ask("QUIT");
  wire.close();
  await disposed;
  assertEquals(shop.log.map(({ error }) => (error as Error).message), ["an action fails"]);
  // The server goes on.
  using other = await RawClient.open(shop.listener.connect());
  assertEquals(await other.ask("PING"), "OK pong");
});

Deno.test("a shutdown waits until the states are disposed", async () => {
  const order: string[] = [];
  {
    await using shop = await openShop(() => ({
      async [Symbol.asyncDispose]() {
        order.push("disposing");
        await null;
        order.push("disposed");
      },
    }));
    using wire = await RawClient.open(shop.listener.connect());
    assertEquals(await wire.ask("QUIT"), "OK bye");
    assertEquals(await wire.rest(), "");
  }
  order.push("shut down");
  assertEquals(order, ["disposing", "disposed", "shut down"]);
});

Deno.test("a state that is never disposed holds a shutdown for ten seconds, and is told to the log", async () => {
  const shop = await openShop(() => ({ [Symbol.asyncDispose]: () => new Promise(() => {}) }));
  const wire = await RawClient.open(shop.listener.connect());
  wire.close();
  let down = false;
  const shutdown = shop[Symbol.asyncDispose]().then(() => down = true);
  await shop.clock.elapse(9_999);
  assertEquals(down, false);
  await shop.clock.elapse(1);
  await shutdown;
  assertEquals(shop.log.map(({ message }) => message), ["connection failed"]);
});

Deno.test("an error of a state's disposal goes to the log", async () => {
  await using shop = await openShop(() => ({
    [Symbol.dispose]() {
      throw new RangeError("cannot be disposed");
    },
  }));
  const wire = await RawClient.open(shop.listener.connect());
  wire.close();
  await shop.log.until(() => shop.log.length > 0);
  assertInstanceOf(shop.log[0].error, RangeError);
});

Deno.test("a Refusal of a state's maker refuses the connection", async () => {
  await using shop = await openShop(() => {
    throw new Refusal("busy", "The shop is closed.", { retry: 60_000 });
  });
  using wire = new RawClient(shop.listener.connect());
  await wire.send("PUT tea\n");
  assertEquals(await wire.rest(), 'ERR busy "The shop is closed." retry=60000\r\n');
  const refused = await assertRejects(() => connect(cart, shop.listener.connect()), Refusal);
  assertEquals([refused.code, refused.retry], ["busy", 60_000]);
  assertEquals(shop.log.length, 0);
});

Deno.test("another error of a state's maker is answered without its text, and goes to the log", async () => {
  await using shop = await openShop(() => {
    throw new Error("secret");
  });
  using wire = new RawClient(shop.listener.connect());
  const answer = await wire.rest();
  assert(answer.startsWith("ERR internal "), answer);
  assert(!answer.includes("secret"), answer);
  await shop.log.until(() => shop.log.length > 0);
  assertEquals((shop.log[0].error as Error).message, "secret");
});
