import type { Protocol } from "@lineup/lineup/protocol";
import { serve, service } from "@lineup/lineup/server";
import { assertEquals } from "@std/assert";
import { RawClient } from "../../raw_client.ts";
import { PeerListener } from "../../streams.ts";

const protocol = {
  name: "notes",
  version: "1.0",
  summary: "One number.",
  commands: {
    SET: { summary: "Set the number.", args: { number: "integer" } },
    READ: { summary: "Read it.", items: { number: "integer" } },
    SOON: {
      summary: "Read it, by a generator that is not asynchronous.",
      items: { number: "integer" },
    },
  },
} as const satisfies Protocol;

for (const around of [[], [(_args: unknown, _context: unknown, next: () => unknown) => next()]]) {
  Deno.test(`a stream does not see the effect of the request behind it, with ${around.length} middleware`, async () => {
    let number = 0;
    const listener = new PeerListener();
    const notes = service(protocol)({
      around: around as [],
      handlers: {
        SET: (args) => {
          number = args.number;
        },
        async *READ() {
          yield { number };
        },
        *SOON() {
          yield { number };
        },
      },
    });
    await using _server = await serve(notes, { log: () => {}, listen: [listener] });
    const wire = await RawClient.open(listener.connect("203.0.113.1:1"));
    await wire.send("READ\nSET 1\nSOON\nSET 2\nREAD\n");
    assertEquals(await wire.lines(8), [
      "* number=0",
      "OK",
      "OK",
      "* number=1",
      "OK",
      "OK",
      "* number=2",
      "OK",
    ]);
    wire.close();
  });
}
