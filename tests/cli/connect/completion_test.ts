import { assertEquals } from "@std/assert";
import { complete, type CompletionSource } from "../../../cli/connect/completion.ts";
import { compiled } from "./shop.ts";

const source: CompletionSource = {
  protocol: compiled,
  local: { "/help": "Explain.", "/quit": "Leave." },
  tags: () => ["7", "load"],
  known: ({ name }) => name === "name" ? ["ann", "me"] : [],
  files: (prefix) => ["notes/", "notes.txt"].filter((each) => each.startsWith(prefix)),
};

/** A line, in which `|` is the cursor, and the line with each candidate. */
const CASES: readonly { line: string; becomes: readonly string[] }[] = [
  { line: "B|", becomes: ["BUY", "BUG"] },
  { line: "b|", becomes: ["BUY", "BUG"] },
  { line: "#a WR|", becomes: ["#a WRITE"] },
  { line: "#a|", becomes: [] },
  { line: "HE|", becomes: ["HELLO", "HELP"] },
  { line: "HELP WR|", becomes: ["HELP WRITE"] },
  { line: "CANCEL |", becomes: ["CANCEL 7", "CANCEL load"] },
  { line: "CANCEL l|", becomes: ["CANCEL load"] },
  { line: "BUY |", becomes: ["BUY red", "BUY green", "BUY grey"] },
  { line: "BUY gr|", becomes: ["BUY green", "BUY grey"] },
  { line: "BUY g|r 1", becomes: ["BUY green 1", "BUY grey 1"] },
  { line: "BUY red |", becomes: [] },
  { line: "BUY red gi|", becomes: ["BUY red gift=", "BUY red giro="] },
  {
    line: "BUY red 1 |",
    becomes: ["gift=", "speed=", "giro=", "wait="].map((each) => `BUY red 1 ${each}`),
  },
  { line: "BUY red 1 gift=|", becomes: ["BUY red 1 gift=yes", "BUY red 1 gift=no"] },
  { line: "BUY red 1 gift=yes g|", becomes: ["BUY red 1 gift=yes giro="] },
  { line: "BUY red 1 speed=f|", becomes: ["BUY red 1 speed=fast"] },
  { line: "BUY red 1 wait=|", becomes: ["BUY red 1 wait=5s"] },
  { line: "BUY red 1 cl|", becomes: ["BUY red 1 class="] },
  { line: "BUY red 1 class=b|", becomes: ["BUY red 1 class=bulk", "BUY red 1 class=background"] },
  { line: "WRITE me @no|", becomes: ["WRITE me @notes/", "WRITE me @notes.txt"] },
  { line: "PING @no|", becomes: [] },
  { line: "WRITE a|", becomes: ["WRITE ann"] },
  { line: "/repeat 2s WRITE m|", becomes: ["/repeat 2s WRITE me"] },
  { line: "/save no|", becomes: ["/save notes/", "/save notes.txt"] },
  { line: 'WRITE "me|', becomes: [] },
  { line: "FROB |", becomes: [] },
  { line: "/h|", becomes: ["/help"] },
  { line: "!BU|", becomes: ["!BUY", "!BUG"] },
];

for (const { line, becomes } of CASES) {
  Deno.test(`complete offers ${becomes.length} for ${line}`, () => {
    const cursor = line.indexOf("|");
    const text = line.replace("|", "");
    const { start, end, candidates } = complete(text, cursor, source);
    assertEquals(
      candidates.map((each) => text.slice(0, start) + each.text + text.slice(end)),
      becomes,
    );
  });
}

Deno.test("complete offers all verbs, the protocol's own first", () => {
  const { candidates } = complete("", 0, source);
  assertEquals(candidates.slice(0, 5).map(({ text }) => text), [
    "BUY",
    "WRITE",
    "FETCH",
    "BUG",
    "HELLO",
  ]);
});

Deno.test("complete offers nothing without a protocol", () => {
  assertEquals(complete("PI", 2, { ...source, protocol: undefined }).candidates, []);
});
