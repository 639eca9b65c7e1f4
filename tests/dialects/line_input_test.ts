import { LineInput } from "@lineup/lineup/dialects";
import { encodeText } from "@lineup/lineup/protocol";
import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import fc from "fast-check";

const MOST = 20;

const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/**
 * All units of an input that arrives in pieces. A line `+N` announces a block of N bytes, `-N` a part to skip. Each piece
 * is overwritten once it is read.
 */
function read(
  input: Uint8Array,
  cuts: readonly number[],
  overlong?: "end" | "skip",
): string[] {
  const lines = new LineInput(MOST, overlong);
  const found: string[] = [];
  const ends = [...cuts.filter((cut) => cut < input.length)].sort((a, b) => a - b);
  let from = 0;
  for (const end of [...ends, input.length]) {
    const piece = input.slice(from, end);
    from = end;
    lines.push(piece);
    for (let unit; (unit = lines.next()) !== "more";) {
      if (unit === "block") found.push(`block ${latin1(lines.take())}`);
      else if (unit === "line") found.push(line(lines));
      else found.push(unit);
    }
    piece.fill(0xff);
    assertLessOrEqual(lines.held, 2 * MOST + 2000);
  }
  return [...found, lines.idle ? "idle" : "unfinished"];
}

function line(lines: LineInput): string {
  const text = latin1(lines.bytes.subarray(lines.start, lines.end));
  const length = Number(text.slice(1));
  if (/^\+[0-9]{1,3}$/.test(text)) lines.expect(length);
  if (/^-[0-9]{1,3}$/.test(text)) lines.skip(length);
  return `${lines.crlf ? "CRLF" : "LF"} ${text}`;
}

const CASES: readonly [input: string, units: readonly string[]][] = [
  ["", ["idle"]],
  ["a\nb\r\n\n\r\n", ["LF a", "CRLF b", "LF ", "CRLF ", "idle"]],
  ["a\rb\r\r\n", ["CRLF a\rb\r", "idle"]],
  ["+5\r\nhe\nlox", ["CRLF +5", "block he\nlo", "unfinished"]],
  ["+0\n+0\na\n", ["LF +0", "block ", "LF +0", "block ", "LF a", "idle"]],
  ["-3\nabcd\n", ["LF -3", "LF d", "idle"]],
  ["-0\na\n", ["LF -0", "LF a", "idle"]],
  ["-3\nab", ["LF -3", "unfinished"]],
  ["+3\nab", ["LF +3", "unfinished"]],
  [`${"x".repeat(MOST)}\r\n`, [`CRLF ${"x".repeat(MOST)}`, "idle"]],
  [`${"x".repeat(MOST + 1)}\na\n`, ["too-long", "idle"]],
  [`a\n${"x".repeat(1000)}`, ["LF a", "too-long", "idle"]],
];

const SKIPPED: readonly [input: string, units: readonly string[]][] = [
  [`${"x".repeat(MOST + 1)}\na\n`, ["too-long", "LF a", "idle"]],
  [`${"x".repeat(MOST + 2)}\r\n\r\n`, ["too-long", "CRLF ", "idle"]],
  [`${"x".repeat(1000)}\r\r\n+2\n\n\n`, ["too-long", "LF +2", "block \n\n", "idle"]],
  [`a\n${"x".repeat(1000)}`, ["LF a", "too-long", "unfinished"]],
];

for (const [input, units] of SKIPPED) {
  Deno.test(`LineInput drops a line that is too long in any piece of ${JSON.stringify(input.slice(-30))}`, () => {
    const bytes = encodeText(input);
    for (const place of bytes.keys()) assertEquals(read(bytes, [place], "skip"), units);
    assertEquals(read(bytes, [...bytes.keys()], "skip"), units);
  });
}

for (const [input, units] of CASES) {
  Deno.test(`LineInput finds the same in any piece of ${JSON.stringify(input.slice(0, 30))}`, () => {
    const bytes = encodeText(input);
    const places = [...bytes.keys()];
    assertEquals(read(bytes, []), units);
    assertEquals(read(bytes, places), units);
    for (const cut of places) assertEquals(read(bytes, [cut]), units);
  });
}

Deno.test("LineInput finds the same in any bytes, for any cuts", () => {
  const piece = fc.constantFrom(
    "\n",
    "\r\n",
    "\r",
    "+7\n",
    "-5\r\n",
    "+300\n",
    "+",
    "ab",
    "\xff",
    "\0",
  );
  const input = fc.array(piece, { maxLength: 60 }).map((all) => encodeText(all.join("")));
  const cuts = fc.array(fc.nat({ max: 200 }), { maxLength: 12 });
  fc.assert(fc.property(input, cuts, (bytes, cuts) => {
    assertEquals(read(bytes, cuts), read(bytes, []));
    assertEquals(read(bytes, cuts, "skip"), read(bytes, [], "skip"));
  }));
});

Deno.test("LineInput allocates for the bytes that come, not for the announced length", () => {
  const lines = new LineInput(MOST);
  lines.push(encodeText("x\nabc"));
  assertEquals(lines.next(), "line");
  lines.expect(1 << 30);
  assertEquals(lines.next(), "more");
  assert(lines.held > 0 && lines.held < 10_000, `${lines.held} bytes`);
});
