import { connect } from "@lineup/lineup/client";
import { serve } from "@lineup/lineup/server";
import { assertEquals } from "@std/assert";
import { handlers, protocol, reachable } from "./reachable.ts";

const DOCUMENTED = [
  "client",
  "client.agent",
  "client.closed",
  "client.halfClosed",
  "client.id",
  "client.peer",
  "client.whenClosed",
  "deadline",
  "hold",
  "identity",
  "log",
  "park",
  "signal",
  "trace",
  "verb",
  "whenUnsent",
];

const module = new URL("./reachable.ts", import.meta.url);

for (const where of ["on the loop", "in a worker"]) {
  for (const transport of ["tcp", "unix", "ws"]) {
    Deno.test(`a handler ${where} reaches what Context documents over ${transport}, and nothing else`, async () => {
      const folder = await Deno.makeTempDir();
      try {
        const address = {
          tcp: "tcp://127.0.0.1:0",
          ws: "ws://127.0.0.1:0/",
          unix: `unix:${folder}/socket`,
        }[transport]!;
        await using server = where === "on the loop"
          ? await serve(protocol, handlers, { listen: [address] })
          : await serve(protocol, {}, { listen: [address], workers: { module, size: 1 } });
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

Deno.test("what can be reached is found behind symbols, getters, prototypes and functions", () => {
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
