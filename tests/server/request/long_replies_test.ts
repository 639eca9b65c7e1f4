// A reply that is too long for its line is refused by its length, before it is written. The written form of these
// values is longer than any string: to write one would throw another error.

import { assertEquals, assertRejects, assertStrictEquals, assertStringIncludes } from "@std/assert";
import { connect, Refusal } from "../../../client/mod.ts";
import { memoryPair } from "../../../net/mod.ts";
import type { LogEntry } from "../../../server/mod.ts";
import { serve } from "../../../server/mod.ts";
import type { FieldSpec } from "../../../protocol/spec.ts";
import { RawClient } from "../../raw_client.ts";

const MEBI = 1 << 20;
/** The longest string. One more character throws another error. */
const LONGEST = 2 ** 29 - 24;

const controls = "\x01".repeat(200 * MEBI);

const values: Record<string, [field: FieldSpec, value: () => unknown]> = {
  "bytes": [{ type: "bytes" }, () => new Uint8Array(400 * MEBI)],
  "bytes given as text": [{ type: "bytes" }, () => controls],
  "text": [{ type: "text" }, () => controls],
  "text with a limit": [{ type: "text", max: 10 }, () => controls],
  "a word": [{ type: "word" }, () => "w".repeat(LONGEST)],
  "JSON of text": [{ type: "json" }, () => controls],
  "JSON of text within": [{ type: "json" }, () => ({ a: [{ b: controls }] })],
  "JSON of a name": [{ type: "json" }, () => ({ [controls]: 1 })],
  "JSON of bytes": [{ type: "json" }, () => ({ a: new Uint8Array(100 * MEBI) })],
  "JSON of an array": [{ type: "json" }, () => new Array(200 * MEBI)],
  "JSON of many texts": [{ type: "json" }, () => Array(60_000).fill("\x01".repeat(60_000))],
  "many words": [
    { type: "text", positional: true, many: true },
    () => Array(60_000).fill("\x01".repeat(60_000)),
  ],
};

for (const [what, [field, value]] of Object.entries(values)) {
  for (const [where, other] of [["reply", "items"], ["items", "reply"]]) {
    Deno.test(`a line of ${where} that is too long delays no other request: ${what}`, async () => {
      const log: LogEntry[] = [];
      const protocol = {
        name: "long",
        version: "1.0",
        summary: "Long.",
        commands: {
          LONG: {
            summary: "Answer.",
            [where]: { t: field },
            [other]: where === "reply" ? undefined : {},
          },
        },
      };
      const given = { t: value() };
      const LONG = where === "reply" ? () => given : function* () {
        yield given;
      };
      await using server = await serve(protocol, { LONG } as never, {
        port: 0,
        log: (entry) => log.push(entry),
      });
      await using wire = await RawClient.open(server.address);
      await wire.send("LONG\nPING\n");
      assertStringIncludes(await wire.line(), 'ERR internal "LONG failed');
      assertEquals(await wire.line(), "OK pong");
      assertStringIncludes(String(log.find(({ error }) => error)!.error), "belongs in a body");
    });
  }

  Deno.test(`a request that is too long is not written: ${what}`, async () => {
    const { positional: _, ...arg } = field;
    const protocol = {
      name: "long",
      version: "1.0",
      summary: "Long.",
      commands: { LONG: { summary: "Ask.", args: { t: arg } } },
    };
    const [near, far] = memoryPair();
    const greeting = "OK lineup/1 long/1.0 max-line=8192 max-body=5\n";
    await far.write(new TextEncoder().encode(greeting));
    const client = await connect(protocol, near);
    const t = value();
    const error = await assertRejects(
      () => (client as never as { LONG(args: unknown): Promise<unknown> }).LONG({ t }),
      Refusal,
      "The server takes at most 8192 bytes of line.",
    );
    assertEquals(error.code, "line-too-long");
    await client.close(0);
    far.close();
  });
}

for (
  const [what, refusal] of [
    ["message", () => new Refusal("taken", controls)],
    ["short message that is long in quotes", () => new Refusal("taken", controls.slice(0, 20_000))],
    ["detail", () => new Refusal("taken", "It is.", { details: { by: controls } })],
  ] as const
) {
  Deno.test(`a line of an error that is too long delays no other request: ${what}`, async () => {
    const error = refusal();
    const commands = { TAKE: { summary: "Take.", errors: { taken: { summary: "It is taken." } } } };
    const protocol = { name: "long", version: "1.0", summary: "Long.", commands };
    const TAKE = () => {
      throw error;
    };
    const log: LogEntry[] = [];
    await using server = await serve(protocol, { TAKE }, {
      port: 0,
      log: (entry) => log.push(entry),
    });
    await using wire = await RawClient.open(server.address);
    await wire.send("TAKE\nPING\n");
    assertStringIncludes(await wire.line(), 'ERR internal "TAKE failed');
    assertEquals(await wire.line(), "OK pong");
    assertStrictEquals(log.find(({ error }) => error)!.error, error);
  });
}
