// A streamed call is awaitable as well as iterable, and its refusal is never lost.

import { assertEquals, assertRejects } from "@std/assert";
import { type Client, connect, Refusal } from "@lineup/lineup/client";
import type { Protocol } from "@lineup/lineup/protocol";
import { listenMemory, serve } from "@lineup/lineup/server";

const press = {
  name: "press",
  version: "1.0",
  summary: "Prints.",
  commands: {
    PRINT: {
      summary: "Print pages, and refuse behind them where told so.",
      args: { pages: "integer", jam: "boolean?", ink: "integer?" },
      items: { page: "integer", body: "bytes?" },
      reply: { pages: "integer" },
      errors: { jammed: { summary: "The paper is jammed." } },
    },
  },
} as const satisfies Protocol;

/**
 * Runs `body` with a client of a press. `unobserved` resolves with the next refusal that nobody observes. One that comes
 * later, or that `body` does not wait for, fails the test.
 */
async function withPress(
  body: (client: Client<typeof press>, unobserved: Promise<Refusal>) => Promise<void>,
): Promise<void> {
  const { promise: unobserved, resolve } = Promise.withResolvers<Refusal>();
  const note = (event: PromiseRejectionEvent): void => {
    if (isExpected) event.preventDefault();
    resolve(event.reason);
  };
  const isExpected = body.length > 1;
  globalThis.addEventListener("unhandledrejection", note);
  try {
    const listener = listenMemory();
    await using _ = await serve(press, {
      *PRINT({ pages, jam, ink }) {
        const bytes = ink === undefined ? undefined : new Uint8Array(ink);
        for (let page = 1; page <= pages; page++) yield { page, body: bytes };
        if (jam) throw new Refusal("jammed", "Open the lid.");
        return { pages };
      },
    }, { listen: [listener], log: () => {} });
    await using client = await connect(press, listener.connect());
    await body(client, unobserved);
  } finally {
    globalThis.removeEventListener("unhandledrejection", note);
  }
}

Deno.test("await of a streamed call gives its reply, however many items nobody reads", async () => {
  await withPress(async (client) => {
    assertEquals(await client.PRINT({ pages: 0 }), { pages: 0 });
    assertEquals(await client.PRINT({ pages: 5000 }), { pages: 5000 });
    assertEquals(await client.PRINT({ pages: 2 }).then(({ pages }) => pages), 2);
    assertEquals(await client.PRINT({ pages: 2 }).finally(), { pages: 2 });
  });
});

Deno.test("a streamed call brings more bytes than may wait unread, to a caller that reads them", async () => {
  await withPress(async (client) => {
    let bytes = 0;
    for await (const { body } of client.PRINT({ pages: 40, jam: false, ink: 500_000 })) {
      bytes += body!.length;
    }
    assertEquals(bytes, 20_000_000);
  });
});

Deno.test("await of a streamed call throws its refusal, with and without items before it", async () => {
  await withPress(async (client) => {
    for (const pages of [0, 1, 5000]) {
      await assertRejects(async () => await client.PRINT({ pages, jam: true }), Refusal, "lid");
    }
    const code = await client.PRINT({ pages: 1, jam: true }).catch((error) =>
      (error as Refusal).code
    );
    assertEquals(code, "jammed");
    await assertRejects(
      async () => await client.PRINT({ pages: "1" as never }),
      TypeError,
      "pages",
    );
  });
});

Deno.test("a streamed call may be awaited and read", async () => {
  await withPress(async (client) => {
    for (const awaitFirst of [true, false]) {
      const items = client.PRINT({ pages: 3 });
      const early = awaitFirst ? items.then(({ pages }) => pages) : undefined;
      const read: number[] = [];
      for await (const { page } of items) read.push(page);
      assertEquals([read, (await items).pages, await early ?? 3], [[1, 2, 3], 3, 3]);
    }
    const items = client.PRINT({ pages: 3000 });
    assertEquals((await items.next()).value, { page: 1 });
    assertEquals((await items.all()).length, 2999);
    assertEquals(await items, { pages: 3000 });
  });
});

Deno.test("a refusal that nobody observes is an unhandled rejection, also behind items", async () => {
  for (const pages of [0, 3]) {
    await withPress(async (client, unobserved) => {
      client.PRINT({ pages, jam: true });
      assertEquals((await unobserved).code, "jammed");
    });
  }
});

Deno.test("a refusal that a loop throws, and the end of a call that is given up, are no unhandled rejections", async () => {
  await withPress(async (client) => {
    for (const pages of [0, 3]) {
      await assertRejects(async () => {
        for await (const _ of client.PRINT({ pages, jam: true }));
      }, Refusal);
      await assertRejects(() => client.PRINT({ pages, jam: true }).all(), Refusal);
    }
    for await (const _ of client.PRINT({ pages: 5000, jam: true })) break;
    client.PRINT({ pages: 5000 }).cancel();
    await new Promise((onReply) => client.PRINT({ pages: 3, jam: true }, { onReply }).stop());
  });
});
