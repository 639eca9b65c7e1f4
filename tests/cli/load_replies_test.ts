import fc from "fast-check";
import { assertEquals, assertThrows } from "@std/assert";
import { BadReply, Replies } from "../../cli/load/replies.ts";
import { readTemplate } from "../../cli/load/template.ts";
import { UsageError } from "../../cli/flags.ts";
import { encodeFrame, type FrameInit } from "@lineup/lineup/protocol";
import { pieces } from "../dialects/lineup1/frames.ts";

const word = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom("OK", "{5}", "}", "a=b\nOK"));
const body = fc.option(fc.uint8Array({ maxLength: 40 }), { nil: undefined });
const code = fc.constantFrom("busy", "not-found", "expired");

const reply: fc.Arbitrary<FrameInit> = fc.record({
  tag: fc.option(fc.nat({ max: 255 }).map(String), { nil: undefined }),
  head: fc.constantFrom("OK", "ERR", "*"),
  words: fc.array(word, { maxLength: 3 }),
  options: fc.constantFrom(new Map(), new Map([["retry", "5"], ["x", "{3}"]])),
  body,
}).chain((frame) =>
  frame.head === "ERR"
    ? code.map((code) => ({ ...frame, words: [code, ...frame.words] }))
    : fc.constant(frame)
);

Deno.test("Replies finds every final line, for any cuts, and any text in lines and bodies", () => {
  fc.assert(fc.property(
    fc.array(reply, { maxLength: 8 }),
    fc.constantFrom("\n" as const, "\r\n" as const),
    fc.array(fc.nat({ max: 600 }), { maxLength: 8 }),
    (frames, eol, cuts) => {
      const bytes = Uint8Array.from(frames.flatMap((frame) => [...encodeFrame(frame, eol)]));
      const found: unknown[] = [];
      const replies = new Replies((tag, code) => found.push([tag, code]));
      for (const piece of pieces(bytes, cuts)) {
        const buffer = piece.slice();
        replies.push(buffer);
        buffer.fill(0x7f);
      }
      const expected = frames.filter(({ head }) => head !== "*").map(({ tag, head, words }) => [
        tag === undefined ? -1 : Number(tag),
        head === "ERR" ? words![0] : undefined,
      ]);
      assertEquals(found, expected);
    },
  ));
});

Deno.test("Replies skips events, and throws at a line that is no reply", () => {
  const read = (text: string) => {
    const found: unknown[] = [];
    new Replies((tag, code) => found.push([tag, code])).push(new TextEncoder().encode(text));
    return found;
  };
  assertEquals(read('! draining within=5s\nERR \u001b[31m "x"\nOK\n'), [
    [-1, "(no-code)"],
    [-1, undefined],
  ]);
  for (
    const text of [
      "PONG\n",
      "\n",
      "#x OK\n",
      "#5\n",
      "OK {1}\nab\n",
      "OKAY\n",
      "ERROR x\n",
    ]
  ) {
    assertThrows(() => read(text), BadReply, undefined, text);
  }
  const unreadable = [
    "{999999999999}",
    "{9999999999}",
    `{${(1 << 26) + 1}}`,
    "{01}",
    "{-1}",
    "{}",
    "{1",
    "1}",
    "{1} x",
    "{1} {1}",
    "n={1}",
    '"a" {1x}',
  ];
  for (const head of ["OK", "#3 OK", "ERR busy", "*", "!"]) {
    for (const length of unreadable) {
      assertThrows(() => read(`${head} ${length}\n`), BadReply, "body", `${head} ${length}`);
    }
  }
  assertEquals(read('OK "{9" n="}" \nOK {2} \n{}\nOK a{ \n'), Array(3).fill([-1, undefined]));
});

Deno.test("templates draw their values, and the error of a wrong one says how to write it", () => {
  let n = 0;
  const source = { next: () => ++n, random: () => 0.999 };
  const draw = (text: string) => readTemplate(text).draw(source);
  assertEquals(draw("a{{n}}-{{n}}"), "a1-2");
  assertEquals(draw("{{random -3..-1}}"), "-1");
  assertEquals(draw("{{ choice a b  c }}"), "c");
  assertEquals(draw("{{bytes 3}}"), "999");
  assertEquals(draw("{5} {{"), "{5} {{");
  assertEquals(readTemplate("{{choice a b}}{{random 1..9}}{{n}}").examples, ["a11", "b91"]);
  const wrong = {
    "{{frob}}": "{{frob}} is not a template; the templates are {{n}}, {{random A..B}}",
    "{{random 5..1}}": "{{random 5..1}} must be written {{random A..B}}.",
    "{{random 1-5}}": "must be written {{random A..B}}.",
    "{{choice}}": "must be written {{choice WORD...}}.",
    "{{bytes 9999999}}": "must be written {{bytes N}}.",
    "{{n 1}}": "must be written {{n}}.",
  };
  for (const [text, says] of Object.entries(wrong)) {
    assertThrows(() => readTemplate(text), UsageError, says);
  }
});
