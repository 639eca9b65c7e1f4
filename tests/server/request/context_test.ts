import { connect } from "@lineup/lineup/client";
import type { Protocol } from "@lineup/lineup/protocol";
import { type Context, listenMemory, serve } from "@lineup/lineup/server";
import { assertEquals } from "@std/assert";
import { handlers, protocol, reachable } from "./reachable.ts";

const DOCUMENTED = [
  "client",
  "client.agent",
  "client.closed",
  "client.halfClosed",
  "client.id",
  "client.identity",
  "client.peer",
  "client.whenClosed",
  "deadline",
  "hold",
  "identity",
  "log",
  "park",
  "signal",
  "state",
  "trace",
  "verb",
  "whenUnsent",
];

const module = new URL("./reachable.ts", import.meta.url);
const log = (): void => {};

for (const where of ["on the loop", "in a worker"]) {
  for (const transport of ["tcp", "unix", "ws"]) {
    Deno.test(`a handler ${where} reaches only the values that Context documents, over ${transport}`, async () => {
      const folder = await Deno.makeTempDir();
      try {
        const address = {
          tcp: "tcp://127.0.0.1:0",
          ws: "ws://127.0.0.1:0/",
          unix: `unix:${folder}/socket`,
        }[transport]!;
        await using server = where === "on the loop"
          ? await serve(protocol, handlers, { listen: [address], log })
          : await serve(protocol, {}, { listen: [address], workers: { module, size: 1 }, log });
        await using client = await connect(protocol, server.address);
        const seen = {
          plain: (await client.PLAIN()).paths,
          parked: (await client.PARKED()).paths,
          items: [] as unknown[],
        };
        for await (const { paths } of client.STREAM()) seen.items.push(paths);
        assertEquals(seen, { plain: DOCUMENTED, parked: DOCUMENTED, items: [DOCUMENTED] });
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    });
  }
}

Deno.test("the server calls a handler's functions with nothing of its own", async () => {
  const given: unknown[] = [];
  const { promise: closed, resolve: close } = Promise.withResolvers<void>();
  const gift = {
    name: "gift",
    version: "1.0",
    summary: "Gives things away.",
    commands: {
      GIVE: { summary: "Give.", items: { size: "text" }, reply: { count: "integer" } },
    },
  } as const satisfies Protocol;
  const listener = listenMemory();
  await using _server = await serve(gift, {
    *GIVE(_: unknown, { whenUnsent, client: { whenClosed } }: Context) {
      whenUnsent(function (this: unknown) {
        given.push(this, arguments.length);
      });
      whenClosed(function (this: unknown) {
        given.push(this, arguments.length);
        close();
      });
      for (let i = 0; i < 100; i++) yield { size: "x".repeat(10_000) };
      return { count: 100 };
    },
  }, { listen: [listener], log });
  const client = listener.connect(1000);
  const asked = new TextEncoder().encode("GIVE\n");
  await client.write(asked);
  await client.read(new Uint8Array(100));
  client.close();
  await closed;
  assertEquals(given, [undefined, 3, undefined, 0]);
});

Deno.test("reachable finds values behind symbols, getters, prototypes and functions", () => {
  const secret = Symbol("secret");
  class Held {
    #inner = { server: 1 };
    get held() {
      return this.#inner;
    }
  }
  const method = Object.assign(() => {}, { extra: new Held() });
  const paths = reachable({ [secret]: { deep: 1 }, method, list: [new Held()] });
  for (const path of ["Symbol(secret).deep", "method.extra.held.server", "list.0.held.server"]) {
    assertEquals(paths.includes(path), true, `${path} of ${paths.join()}`);
  }
});
