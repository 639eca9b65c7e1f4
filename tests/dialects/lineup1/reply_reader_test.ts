import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { createReplyReader, encodeFrame, type Frame, Framer } from "@lineup/lineup/protocol";
import { mutated, reply } from "../../protocol/arbitraries.ts";
import { LONG } from "../../seeded_random.ts";

const LIMITS = { maxLine: 60, maxBody: 30, maxDiscard: 0 };
const NO_LIMITS = { maxLine: 65_536, maxBody: 65_536, maxDiscard: 0 };
const cuts = fc.array(fc.nat({ max: 600 }), { maxLength: 12 });

/** The pieces of `input`, cut at these places. */
function cut(input: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [...new Set(places.map((place) => place % (input.length + 1)))].sort((a, b) => a - b);
  return [...at, input.length].map((end, i) => input.slice(at[i - 1] ?? 0, end));
}

/** The frames of `Framer` itself, which the tests of the grammar use. */
function framed(input: Uint8Array, limits = NO_LIMITS): unknown[] {
  const framer = new Framer("reply", limits);
  framer.push(input);
  const found: unknown[] = [];
  for (let each; (each = framer.next()) !== undefined;) {
    if (each.kind !== "frame") return [...found, "bad"];
    found.push(each);
  }
  return found;
}

/** The frames that a reader makes of the pieces, and "bad" where it stops. */
const read = (pieces: readonly Uint8Array[], limits = NO_LIMITS): unknown[] => {
  const reader = createReplyReader(limits.maxLine, limits.maxBody);
  const found: unknown[] = [];
  try {
    for (const piece of pieces) {
      reader.push(piece);
      for (let frame; (frame = reader.next()) !== undefined;) found.push(frame);
    }
  } catch (error) {
    if (!([SyntaxError, TypeError, RangeError].some((each) => error instanceof each))) {
      throw error;
    }
    found.push("bad");
  }
  return found;
};

Deno.test("a reply reader reads back every reply that encodeFrame writes, cut anywhere", () => {
  fc.assert(
    fc.property(
      fc.array(reply, { maxLength: 4 }),
      fc.constantFrom("\n" as const, "\r\n" as const),
      cuts,
      (frames, eol, places) => {
        const input = Uint8Array.from(frames.flatMap((frame) => [...encodeFrame(frame, eol)]));
        const expected = frames.map(({ tag, head, words, options, body }) => ({
          kind: "frame",
          tag,
          head,
          words,
          options,
          body,
        }));
        assertEquals(read([input]), expected);
        assertEquals(read(cut(input, places)), expected);
        assertEquals(read(cut(input, [...input.keys()])), expected);
      },
    ),
    { numRuns: 150 * LONG },
  );
});

Deno.test("a reply reader reads what Framer reads, and stops where it does, for any bytes", () => {
  const anything = fc.oneof(
    { arbitrary: mutated(reply), weight: 6 },
    { arbitrary: fc.uint8Array({ maxLength: 300 }), weight: 1 },
  );
  fc.assert(
    fc.property(anything, cuts, (bytes, places) => {
      // Framer also reads telnet's line end, CR NUL.
      if (bytes.some((byte, i) => byte === 0x0d && bytes[i + 1] === 0)) return;
      // With these bytes, both have read enough to stop.
      const input = Uint8Array.from([...bytes, 0x0a, 0x0a]);
      for (const limits of [NO_LIMITS, LIMITS]) {
        const expected = framed(input, limits);
        assertEquals(read([input], limits), expected);
        assertEquals(read(cut(input, places), limits), expected);
      }
    }),
    { numRuns: 1200 * LONG },
  );
});

Deno.test("a reply reader refuses a line and a body that are too long before it holds them", () => {
  const encoder = new TextEncoder();
  const reader = createReplyReader(20, 20);
  reader.push(encoder.encode("OK {1073741824}\n"));
  assertThrows(() => reader.next(), SyntaxError, "A body holds at most 20 bytes, not 1073741824.");
  const other = createReplyReader(20, 20);
  other.push(encoder.encode("OK " + "x".repeat(17)));
  assertEquals(other.next(), undefined);
  other.push(encoder.encode("x"));
  assertThrows(() => other.next(), SyntaxError, "A line holds at most 20 bytes.");
});

Deno.test("a reply reader counts no CR to a line, even where its LF comes in the next piece", () => {
  const encoder = new TextEncoder();
  const reader = createReplyReader(20, 20);
  reader.push(encoder.encode("OK " + "x".repeat(17) + "\r"));
  assertEquals(reader.next(), undefined);
  reader.push(encoder.encode("\n"));
  assertEquals(reader.next()?.words, ["x".repeat(17)]);
});

Deno.test("a reply reader returns bodies that later bytes do not change", () => {
  const reader = createReplyReader(100, 100);
  const chunk = new TextEncoder().encode("OK {2}\nab\n");
  reader.push(chunk);
  const frame = reader.next() as Frame;
  chunk.fill(0);
  assertEquals(frame.body, new TextEncoder().encode("ab"));
});

Deno.test("a reply reader tells the line whose body is incomplete, and no other", () => {
  const reader = createReplyReader(60, 30);
  const begun: unknown[] = [];
  for (const each of ["#1 OK\n#2 * n=1 {", "5}\n", "ab", "cde", "\n"]) {
    reader.push(new TextEncoder().encode(each));
    while (reader.next() !== undefined);
    begun.push(reader.begun && [reader.begun.tag, reader.begun.head]);
  }
  assertEquals(begun, [undefined, ["2", "*"], ["2", "*"], ["2", "*"], undefined]);
});
