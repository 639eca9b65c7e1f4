import { assertEquals } from "@std/assert";
import type { Protocol } from "@lineup/lineup/protocol";
import { type Context, listenMemory, type LogEntry, serve } from "@lineup/lineup/server";
import { RawClient } from "../../raw_client.ts";
import { TestServer } from "../../test_server.ts";

Deno.test("park lets another request have the seat, and takes one again", async () => {
  await using testServer = await TestServer.open({ seats: 1 });
  using wire = await testServer.client();
  await wire.send("#w WAIT w\n#h HOLD h\n#s SAY s\n");
  const hold = await testServer.held("h");
  (await testServer.held("w")).go("w");
  await wire.send("#p PING\n");
  assertEquals(await wire.line(), "#p OK pong");
  hold.go("h");
  assertEquals(await wire.lines(3), ["#h OK h", "#w OK w", "#s OK s"]);
});

Deno.test("park rejects with the error of its promise", async () => {
  await using testServer = await TestServer.open();
  using wire = await testServer.client();
  await wire.send("WAIT w\n");
  (await testServer.held("w")).break(new Error("no luck"));
  assertEquals((await wire.line()).startsWith("ERR internal"), true);
  assertEquals((testServer.log[0].error as Error).message, "no luck");
});

const one = {
  name: "one",
  version: "1",
  summary: "One command whose handler each test brings.",
  commands: {
    RUN: { summary: "Run.", reply: { word: { type: "text", positional: true, optional: true } } },
    SAY: { summary: "Say.", reply: { word: { type: "text", positional: true } } },
  },
} as const satisfies Protocol;

type Run = (context: Context) => PromiseLike<{ word: string }>;

/** A server with one seat, whose command RUN calls `run`. `steps` sends and receives. */
async function withRun(run: Run, steps: (wire: RawClient, log: LogEntry[]) => Promise<void>) {
  const listener = listenMemory();
  const log: LogEntry[] = [];
  await using _server = await serve(one, {
    RUN: (_, context) => run(context),
    SAY: () => ({ word: "free" }),
  }, { listen: [listener], seats: 1, log: (entry) => void log.push(entry) });
  using wire = await RawClient.open(listener.connect());
  await steps(wire, log);
}

const later = <T>(value: T): Promise<T> => Promise.resolve().then(() => value);

Deno.test("park of several promises at once keeps count of the seat", async () => {
  const both: Run = async ({ park }) => {
    const [a, b] = await Promise.all([park(later("a")), park(later("b"))]);
    const c = await park(Promise.race([park(later("c")), new Promise<string>(() => {})]));
    return { word: a + b + c };
  };
  await withRun(both, async (wire) => {
    for (let i = 0; i < 5; i++) {
      await wire.send("RUN\nSAY\n");
      assertEquals(await wire.lines(2), ["OK abc", "OK free"]);
    }
  });
});

Deno.test("park after the answer neither takes a seat nor takes the answer back", async () => {
  const first = Promise.withResolvers<string>();
  const late = Promise.withResolvers<string>();
  const contexts: Context[] = [];
  const leaves: Run = async (context) => {
    contexts.push(context);
    return { word: contexts.length === 1 ? await context.park(first.promise) : "second" };
  };
  await withRun(leaves, async (wire) => {
    await wire.send("RUN\nRUN\n#t SAY\n");
    assertEquals(await wire.line(), "#t OK free");
    // The second request is answered, and its answer waits for the first one's.
    const parked = contexts[1].park(late.promise);
    first.resolve("first");
    assertEquals(await wire.lines(2), ["OK first", "OK second"]);
    late.resolve("late");
    assertEquals(await parked, "late");
    await wire.send("SAY\n");
    assertEquals(await wire.line(), "OK free");
  });
});

// An unhandled rejection would end the process. The test runner reports it as a failure.
Deno.test("park handles a promise that rejects after its request was cancelled", async () => {
  const step = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<string>();
  const cancelled: Run = async ({ park, signal }) => {
    await step.promise;
    try {
      return { word: await park(Promise.reject(new Error("also"))) };
    } finally {
      ended.resolve(signal.reason.code);
    }
  };
  await withRun(cancelled, async (wire, log) => {
    await wire.send("#r RUN\nCANCEL r\n");
    await wire.lines(2);
    step.resolve();
    assertEquals(await ended.promise, "cancelled");
    assertEquals(log, []);
  });
});

Deno.test("serve waits for any thenable that a handler returns", async () => {
  const thenable: Run = () => {
    const promise = later({ word: "then" });
    return { then: promise.then.bind(promise) } as PromiseLike<{ word: string }>;
  };
  await withRun(thenable, async (wire) => {
    await wire.send("RUN\nSAY\n");
    assertEquals(await wire.lines(2), ["OK then", "OK free"]);
  });
});
