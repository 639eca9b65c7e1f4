// A client computes from the SPEC of a stranger's server, and must take little time for any SPEC. The inputs are so
// large that work which grows faster than its input does not end within the time of a test.

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { toJson } from "../../cli/call/json.ts";
import { readSpec } from "../../cli/remote_spec.ts";
import { commonPrefix } from "../../cli/connect/completion.ts";
import { wrap } from "../../cli/text_width.ts";
import { ProtocolError } from "../../client/mod.ts";
import { compile } from "@lineup/lineup/protocol";
import { countFinals, matches } from "../../dialects/lineup1/conformance/mod.ts";
import { encodeText } from "../../protocol/strings.ts";
import type { Command, Protocol } from "../../protocol/spec.ts";
import { SpecError } from "../../protocol/spec_error.ts";
import { LONG } from "../seeded_random.ts";

Deno.test("matches takes little time for any pattern and any answer", () => {
  const answer = "a".repeat(1 << 22);
  assertEquals(matches(answer, "…a".repeat(50) + "…b"), false);
  assertEquals(matches(answer, "…" + "a…".repeat(1000) + "a"), true);
  assertEquals(matches(answer, "…".repeat(100_000) + "b"), false);
  assertEquals(matches(answer, `…${"a".repeat(1000)}b…`.repeat(50)), false);
});

Deno.test("matches agrees with a regular expression", () => {
  const text = (letters: string) => fc.string({ unit: fc.constantFrom(...letters), maxLength: 8 });
  fc.assert(
    fc.property(text("ab\n*."), text("ab…\n*."), (answer, pattern) => {
      const parts = pattern.split("…").map((part) => part.replace(/[*.]/g, "\\$&"));
      assertEquals(matches(answer, pattern), new RegExp(`^${parts.join("[^]*")}$`).test(answer));
    }),
    { numRuns: 1500 * LONG },
  );
});

Deno.test("countFinals takes little time for any pattern", () => {
  assertEquals(countFinals("OK {0}\n\n".repeat(100_000)), 100_000);
  assertEquals(
    countFinals("OK {1000000}\n".repeat(50_000)),
    1 + Math.floor(649_987 / 1_000_013),
  );
});

Deno.test("wrap takes little time for a word of any length", () => {
  const rows = wrap("é".repeat(20_000), 80);
  assertEquals([rows.length, rows[0].length, rows.join("").length], [250, 80, 20_000]);
});

Deno.test("commonPrefix takes little time for words of any length", () => {
  const half = "a".repeat(2_000_000);
  const candidates = [half + "b" + half, half + "c"].map((text) => ({
    text,
    note: "",
    whole: true,
  }));
  assertEquals(commonPrefix(candidates).length, half.length);
});

Deno.test("toJson takes little time for a line of many words, and JSON of any depth", () => {
  const { commands } = compile({
    name: "x",
    version: "1",
    summary: "x",
    commands: {
      A: {
        summary: "x",
        reply: { words: { type: "integer", many: true, positional: true }, body: "json?" },
      },
    },
  });
  const frame = { kind: "frame", tag: undefined, head: "OK", options: new Map() } as const;
  const words = Array.from({ length: 200_000 }, (_, i) => String(i));
  const text = toJson({ ...frame, words, body: undefined }, commands.get("A"));
  assertEquals(JSON.parse(text).reply.words.length, 200_000);
  const depth = 100_000;
  const body = encodeText("[".repeat(depth) + "]".repeat(depth));
  const deep = toJson({ ...frame, words: ["1"], body }, commands.get("A"));
  assertEquals(JSON.parse(deep).reply.body.length, 2 * depth);
});

const base: Protocol = { name: "x", version: "1", summary: "x", commands: {} };

function told(change: object): Uint8Array {
  return encodeText(JSON.stringify({ protocol: { ...base, ...change } }));
}

function command(change: object): Uint8Array {
  return told({ commands: { A: { summary: "x", ...change } } });
}

Deno.test("readSpec names the wrong part of a server's SPEC", () => {
  const many = <T>(count: number, make: (at: number) => T): T[] =>
    Array.from({ length: count }, (_, at) => make(at));
  const fields = (count: number) => Object.fromEntries(many(count, (at) => [`a${at}`, "text"]));
  for (
    const [body, why] of [
      [encodeText("x".repeat((1 << 20) + 1)), "it has more than 1048576 bytes"],
      [encodeText("[".repeat(500_000)), ""],
      [
        encodeText('{"protocol":' + "[".repeat(200_000) + "]".repeat(200_000) + "}"),
        "protocol: must be an object",
      ],
      [
        told({ commands: Object.fromEntries(many(1001, (at) => [`A${at}`, { summary: "x" }])) }),
        "commands: there may be 1000 commands, and are 1001",
      ],
      [command({ args: fields(101) }), "commands.A.args: there may be 100 fields, and are 101"],
      [
        command({ options: fields(101) }),
        "commands.A.options: there may be 100 fields, and are 101",
      ],
      [
        command({ examples: many(101, () => ({ request: "A", reply: "OK" })) }),
        "commands.A.examples: there may be 100 examples, and are 101",
      ],
      [
        command({ args: { a: { type: "enum", values: many(1001, String) } } }),
        "commands.A.args.a.values: there may be 1000 values, and are 1001",
      ],
      [command({ examples: [null] }), "commands.A.examples.0: must be an object"],
      [
        command({ examples: [{ request: "A", reply: "OK", summary: 7 }] }),
        "commands.A.examples.0.summary: must be text",
      ],
      [
        command({ examples: [{ request: "A", reply: "OK", undo: "A\nB" }] }),
        "commands.A.examples.0.undo: must be a line of text",
      ],
      [
        command({ args: { a: { type: "text", summary: 7 } } }),
        "commands.A.args.a.summary: must be text",
      ],
      [
        command({ args: { a: { type: "text", many: "x" } } }),
        "commands.A.args.a.many: must be a boolean",
      ],
      [
        command({ args: { a: { type: "text", optional: {} } } }),
        "commands.A.args.a.optional: must be a boolean",
      ],
      [
        command({ errors: { "x-y": { summary: "x", ends: 7 } } }),
        "commands.A.errors.x-y.ends: must be text",
      ],
      [
        command({ args: JSON.parse('{"__proto__":"text"}') }),
        "commands.A.args.__proto__: a name is",
      ],
      [
        told({ commands: JSON.parse('{"__proto__":{"summary":"x"}}') }),
        "commands.__proto__: a verb is",
      ],
    ] as const
  ) {
    const error = assertThrows(() => readSpec(body), ProtocolError);
    assert(error.message.startsWith(`the server's SPEC cannot be read: ${why}`), error.message);
  }
});

Deno.test("compile refuses a protocol beyond a bound, with the path of the wrong part", () => {
  const examples = Array.from({ length: 101 }, () => ({ request: "A", reply: "OK" }));
  const commands: Record<string, Command> = { A: { summary: "x", examples } };
  assertEquals(
    assertThrows(() => compile({ ...base, commands }), SpecError).path,
    "commands.A.examples",
  );
});

Deno.test("readSpec passes over members that a server of a later version may send", () => {
  const summary = "Later.";
  const field = { type: "integer", unit: "metre" };
  const command = {
    summary,
    since: "1.1",
    args: { a: field },
    options: { b: field },
    reply: { c: field },
    items: { d: field },
    errors: { gone: { summary, status: 410 } },
    examples: [{ request: "A 1", reply: "OK c=1", undo: "A 0", level: "core" }],
  };
  const later = { name: "x", version: "1.1", summary, levels: [], commands: { A: command } };
  const text = JSON.stringify({ lineup: "1", protocol: later, more: 1 });
  const { protocol } = readSpec(encodeText(text.replace("{", '{"__proto__":{},')));
  const { args, errors, examples, ...rest } = protocol.commands.A;
  assertEquals([args, errors], [{ a: { type: "integer" } }, { gone: { summary } }]);
  assertEquals(examples, [{ request: "A 1", reply: "OK c=1", undo: "A 0" }]);
  assertEquals(Object.keys(rest), ["summary", "options", "reply", "items"]);
  assertEquals(Object.keys(protocol), ["name", "version", "summary", "commands"]);
  // A protocol of one's own has no such members: each is a mistake.
  assertThrows(() => compile(later as unknown as Protocol), SpecError, "protocol.levels: is not");
});
