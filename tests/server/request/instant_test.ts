import { type Protocol, Refusal } from "@lineup/lineup/protocol";
import {
  type Context,
  instant,
  type Next,
  serve,
  type ServeOptions,
  service,
} from "@lineup/lineup/server";
import { assertEquals, assertMatch } from "@std/assert";
import { RawClient } from "../../raw_client.ts";
import { PeerListener } from "../../streams.ts";

const protocol = {
  name: "counter",
  version: "1.0",
  summary: "A number.",
  commands: {
    ADD: {
      summary: "Add to the number.",
      args: { by: "integer" },
      reply: { sum: "integer" },
      errors: { "too-large": { summary: "The sum is larger than 100." } },
    },
    WRONG: { summary: "Add 1, and reply something else.", reply: { sum: "integer" } },
    HOLD: { summary: "Wait for the test." },
  },
} as const satisfies Protocol;

/** A counter whose quick handlers are marked, and a client of it. */
async function open(options: ServeOptions = {}) {
  let sum = 0;
  const held = Promise.withResolvers<void>();
  const listener = new PeerListener();
  const server = await serve(protocol, {
    ADD: instant(({ by }) => {
      sum += by;
      if (sum > 100) throw new Refusal("too-large", "It is too large.");
      return { sum };
    }),
    WRONG: instant(() => {
      sum++;
      return { sum: "many" as unknown as number };
    }),
    HOLD: () => held.promise,
  }, { log: () => {}, ...options, listen: [listener] });
  return {
    wire: await RawClient.open(listener.connect("203.0.113.1:1")),
    other: await RawClient.open(listener.connect("203.0.113.1:1")),
    release: held.resolve,
    async [Symbol.asyncDispose]() {
      held.resolve();
      this.wire.close();
      this.other.close();
      await server.shutdown();
    },
  };
}

Deno.test("an instant handler answers, and each of its requests counts as started", async () => {
  await using counter = await open();
  const { wire } = counter;
  assertEquals(await wire.ask("ADD 1"), "OK sum=1");
  assertEquals(await wire.ask("#a ADD 2"), "#a OK sum=3");
  assertMatch(await wire.ask("STATS"), /^\* normal-started-total 2$/m);
});

Deno.test("an instant handler runs once, and in its turn, where it throws or replies something wrong", async () => {
  await using counter = await open();
  const { wire } = counter;
  await wire.send("ADD 100\nADD 1\nADD -1\nWRONG\nADD 0\n");
  assertEquals(await wire.line(), "OK sum=100");
  assertEquals(await wire.line(), 'ERR too-large "It is too large."');
  assertEquals(await wire.line(), "OK sum=100");
  assertMatch(await wire.line(), /^ERR internal /);
  assertEquals(await wire.line(), 'ERR too-large "It is too large."');
});

Deno.test("an instant handler waits behind the requests before it, and for a seat", async () => {
  await using counter = await open({ seats: 1 });
  const { wire, other, release } = counter;
  await wire.send("HOLD\nADD 1\n");
  await other.send("ADD 10\n");
  await other.ask("#x PING");
  assertEquals([wire.take(), other.take()], ["", ""]);
  release();
  assertEquals(await wire.line(), "OK");
  // Whichever of both gets the seat first.
  const sums = [await wire.line(), await other.line()].toSorted();
  assertEquals(sums[1], "OK sum=11");
});

Deno.test("a rate holds for instant handlers", async () => {
  await using counter = await open({ rates: { prefix: { rate: 0.001, burst: 2 } } });
  const { wire } = counter;
  await wire.send("ADD 1\nADD 1\nADD 1\n");
  assertEquals(await wire.lines(2), ["OK sum=1", "OK sum=2"]);
  assertMatch(await wire.line(), /^ERR quota /);
});

Deno.test("middleware runs around instant handlers too", async () => {
  const listener = new PeerListener();
  const seen: string[] = [];
  const counter = service(protocol)({
    around: [async (_args, context: Context, next: Next) => {
      seen.push(context.verb);
      return await next();
    }],
    handlers: {
      ADD: instant(({ by }: { by: number }) => ({ sum: by })),
      WRONG: instant(() => ({ sum: 1 })),
      HOLD: () => {},
    },
  });
  await using _server = await serve(counter, { log: () => {}, listen: [listener] });
  const wire = await RawClient.open(listener.connect("203.0.113.1:1"));
  assertEquals(await wire.ask("ADD 5"), "OK sum=5");
  assertEquals(seen, ["ADD"]);
  wire.close();
});
