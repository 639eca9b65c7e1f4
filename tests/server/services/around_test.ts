// Middleware: what stands around handlers.

import { type Protocol, Refusal } from "@lineup/lineup/protocol";
import {
  type Around,
  instant,
  listenMemory,
  type Next,
  serve,
  service,
} from "@lineup/lineup/server";
import { assertEquals } from "@std/assert";
import { RawClient } from "../../raw_client.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { WatchedLog } from "../../watched_log.ts";
import { reachable } from "../request/reachable.ts";

const notes = {
  name: "notes",
  version: "1.0",
  summary: "Notes.",
  commands: {
    ADD: { summary: "Add a note.", args: { text: "text" }, reply: { by: "text", n: "integer" } },
    EACH: {
      summary: "Some notes.",
      args: { count: "integer", fail: "boolean?" },
      items: { n: { type: "integer", positional: true } },
      reply: { by: "text" },
    },
    STAY: { summary: "Wait for the signal.", args: { kind: "word" }, reply: { by: "text" } },
    LOOK: { summary: "What the context leads to.", reply: { paths: "json" } },
  },
} as const satisfies Protocol;

/** A server in memory with middleware around its handlers. */
async function openNotes(...around: readonly Around<unknown, { user: string }>[]) {
  const listener = listenMemory();
  const clock = new VirtualClock();
  const log = new WatchedLog();
  const calls: string[] = [];
  const server = await serve(
    service(notes)({
      around,
      handlers: {
        ADD({ text }, context) {
          const { user = "nobody" } = context as { user?: string };
          calls.push(text);
          if (text === `fail${calls.length}`) throw new Refusal("busy", "Not now.");
          if (text === "break") throw new Error("broken");
          return { by: user, n: calls.length };
        },
        *EACH({ count, fail }, context) {
          calls.push("EACH");
          try {
            for (let n = 1; n <= count; n++) yield { n };
            if (fail) throw new Refusal("busy", "Not now.");
            return { by: (context as { user?: string }).user ?? "nobody" };
          } finally {
            calls.push("ended");
          }
        },
        STAY: async (_, { park }) => await park(new Promise<never>(() => {})),
        LOOK: (_, context) => ({ paths: reachable(context) }),
      },
    }),
    { listen: [listener], clock, log: log.add },
  );
  const wire = await RawClient.open(listener.connect());
  return {
    wire,
    clock,
    log,
    calls,
    async [Symbol.asyncDispose]() {
      wire.close();
      await server.shutdown();
    },
  };
}

const ada: Around<unknown, { user: string }> = (_args, _context, next) => next({ user: "ada" });

/** Middleware that adds nothing; for lists with others that do. */
function plain(call: Around): Around<unknown, { user: string }> {
  return call as Around<unknown, { user: string }>;
}

Deno.test("middleware runs in order, around the handler", async () => {
  const order: string[] = [];
  const named = (name: string) =>
    plain(async ({ text }, { verb }, next) => {
      order.push(`${name} ${verb} ${text}`);
      const reply = await next();
      order.push(`${name} got ${reply.n}`);
      return reply;
    });
  await using server = await openNotes(named("outer"), named("inner"));
  assertEquals(await server.wire.ask("ADD hello"), "OK by=nobody n=1");
  assertEquals(order, ["outer ADD hello", "inner ADD hello", "inner got 1", "outer got 1"]);
});

Deno.test("middleware adds to the context of what is behind it, and of nothing before it", async () => {
  const seen: unknown[] = [];
  const look = plain((_args, context, next) => {
    seen.push("user" in context);
    return next();
  });
  await using server = await openNotes(look, ada, look);
  assertEquals(await server.wire.ask("ADD hello"), "OK by=ada n=1");
  assertEquals(await server.wire.ask("EACH 2"), "* 1\n* 2\nOK by=ada");
  assertEquals(seen, [false, true, false, true]);
});

Deno.test("the context behind middleware leads to what was added, and otherwise only to what it documents", async () => {
  await using bare = await openNotes();
  await using server = await openNotes(ada);
  const paths = async ({ wire }: typeof server) =>
    JSON.parse(JSON.parse(/paths=(.*)$/.exec(await wire.ask("LOOK"))![1]));
  assertEquals(await paths(server), [...await paths(bare), "user"].sort());
});

Deno.test("next refuses a member that every context has", async () => {
  for (const name of ["verb", "signal", "state", "constructor", "toString"]) {
    await using server = await openNotes(
      plain((_args, _context, next) => next({ [name]: 1 }) as ReturnType<Next>),
    );
    const answer = await server.wire.ask("ADD hello");
    assertEquals(answer.slice(0, 12), "ERR internal");
    await server.log.until(() => server.log.length > 0);
    assertEquals(
      (server.log[0].error as Error).message,
      `next() cannot add ${name}: the context of every request has it`,
    );
    assertEquals(server.calls, []);
  }
});

Deno.test("middleware refuses a request, also a streaming one, before its handler", async () => {
  await using server = await openNotes(plain(() => {
    throw new Refusal("forbidden", "Not you.");
  }));
  assertEquals(await server.wire.ask("ADD hello"), 'ERR forbidden "Not you."');
  assertEquals(await server.wire.ask("EACH 2"), 'ERR forbidden "Not you."');
  assertEquals(server.calls, []);
  assertEquals(await server.wire.ask("PING"), "OK pong");
});

Deno.test("middleware is around handlers that answer at once, too", async () => {
  const listener = listenMemory();
  const fast = {
    name: "fast",
    version: "1.0",
    summary: "Answers at once.",
    commands: { ADD: { summary: "Add.", args: { a: "integer" }, reply: { sum: "integer" } } },
  } as const satisfies Protocol;
  const around: Around[] = [({ a }, _context, next) => {
    if (a === 2) throw new Refusal("forbidden", "Not this.");
    return next();
  }];
  const handlers = { ADD: instant(({ a }: { a: number }) => ({ sum: a + 1 })) };
  await using _server = await serve(service(fast)({ around, handlers }), {
    listen: [listener],
    log: () => {},
  });
  using wire = await RawClient.open(listener.connect());
  assertEquals(await wire.ask("ADD 1"), "OK sum=2");
  assertEquals(await wire.ask("ADD 2"), 'ERR forbidden "Not this."');
});

Deno.test("middleware answers in place of the handler", async () => {
  await using server = await openNotes(plain(() => Promise.resolve({ by: "the cache", n: 7 })));
  assertEquals(await server.wire.ask("ADD hello"), 'OK by="the cache" n=7');
  assertEquals(await server.wire.ask("EACH 2"), 'OK by="the cache"');
  assertEquals(server.calls, []);
});

Deno.test("a reply of middleware that the command does not declare is an error of the server", async () => {
  await using server = await openNotes(plain(async () => {}));
  assertEquals((await server.wire.ask("ADD hello")).slice(0, 12), "ERR internal");
});

Deno.test("middleware measures a stream from its first item to its last", async () => {
  const order: string[] = [];
  await using server = await openNotes(plain(async (_args, { verb }, next) => {
    order.push(verb);
    const reply = await next();
    order.push(...server.calls, String(reply.by));
    return reply;
  }));
  assertEquals(await server.wire.ask("EACH 2"), "* 1\n* 2\nOK by=nobody");
  assertEquals(order, ["EACH", "EACH", "ended", "nobody"]);
});

Deno.test("middleware sees the error of a handler, and may answer with another", async () => {
  await using server = await openNotes(plain(async (_args, _context, next) => {
    try {
      return await next();
    } catch (error) {
      throw new Refusal("quota", `Saw: ${(error as Error).message}`);
    }
  }));
  assertEquals(await server.wire.ask("ADD break"), 'ERR quota "Saw: broken"');
  assertEquals(await server.wire.ask("EACH 1 yes"), '* 1\nERR quota "Saw: Not now."');
});

/** Tries again, twice at most. */
const retry = plain(async (_args, _context, next) => {
  for (let attempt = 1;; attempt++) {
    try {
      return await next();
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
});

Deno.test("middleware tries a request again", async () => {
  await using server = await openNotes(retry);
  assertEquals(await server.wire.ask("ADD fail1"), "OK by=nobody n=2");
  assertEquals(server.calls, ["fail1", "fail1"]);
});

Deno.test("a stream is tried again only where no item was sent", async () => {
  await using server = await openNotes(retry);
  assertEquals(await server.wire.ask("EACH 0 yes"), 'ERR busy "Not now."');
  assertEquals(server.calls.splice(0).length, 6);
  assertEquals(await server.wire.ask("EACH 1 yes"), '* 1\nERR busy "Not now."');
  assertEquals(server.calls, ["EACH", "ended"]);
});

Deno.test("next called again after a whole stream is an error of the server, and sends no item twice", async () => {
  await using server = await openNotes(plain(async (_args, _context, next) => {
    await next();
    return await next();
  }));
  const answer = await server.wire.ask("EACH 1");
  assertEquals(answer.slice(0, 16), "* 1\nERR internal");
  assertEquals(server.calls, ["EACH", "ended"]);
});

Deno.test("a request that was cancelled is not tried again", async () => {
  const ends: unknown[] = [];
  let nexts = 0;
  await using server = await openNotes(
    plain(async (_args, _context, next) => {
      try {
        return await next();
      } catch (error) {
        ends.push((error as Refusal).code);
        throw error;
      }
    }),
    retry,
    plain((_args, _context, next) => {
      nexts++;
      return next();
    }),
  );
  const { wire } = server;
  await wire.send("#a STAY x\nCANCEL a\n");
  assertEquals(
    (await wire.lines(2)).sort(),
    ['#a ERR cancelled "CANCEL ended the request." executed=maybe', "OK"],
  );
  await server.clock.elapse(0);
  assertEquals([ends, nexts], [["cancelled"], 3]);
});

Deno.test("a cancelled stream ends its handler, then its middleware", async () => {
  const order: string[] = [];
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  await using server = await openNotes(plain(async (_args, _context, next) => {
    try {
      return await next();
    } catch (error) {
      order.push(...server.calls, (error as Refusal).code);
      throw error;
    } finally {
      end();
    }
  }));
  await server.wire.send("#a EACH 1000000\n");
  assertEquals(await server.wire.line(), "#a * 1");
  await server.wire.send("CANCEL a\n");
  await Promise.all([server.wire.seen("#a ERR cancelled"), ended]);
  assertEquals(order, ["EACH", "ended", "cancelled"]);
});

Deno.test("within= ends a request whose middleware waits", async () => {
  const { promise: seen, resolve } = Promise.withResolvers<unknown>();
  await using server = await openNotes(plain((_args, { signal }) => {
    signal.addEventListener("abort", () => resolve(signal.reason.code));
    return new Promise(() => {});
  }));
  await server.wire.send("ADD hello within=1s\n");
  await server.clock.elapse(1016);
  assertEquals(
    await server.wire.line(),
    'ERR expired "The time given by within= is over." executed=maybe',
  );
  assertEquals(await seen, "expired");
});
