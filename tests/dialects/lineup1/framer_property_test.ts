import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { encodeFrame, type FrameInit, Framer, type Side } from "@lineup/lineup/protocol";
import { mutated, reply, request, text } from "../../protocol/arbitraries.ts";
import { drainInto, everyByte, pieces, read } from "./frames.ts";
import { LONG } from "../../seeded_random.ts";

const SIDES = [["request", request], ["reply", reply]] as const;
const cuts = fc.array(fc.nat({ max: 600 }), { maxLength: 12 });

function whole({ tag, head, words, options, body }: FrameInit): unknown {
  return { kind: "frame", tag, head, words, options, body };
}

for (const [side, frames] of SIDES) {
  Deno.test(`Framer reads back every ${side} that encodeFrame writes, cut anywhere`, () => {
    fc.assert(
      fc.property(frames, fc.constantFrom("\n", "\r\n"), cuts, (frame, eol, random) => {
        const input = encodeFrame(frame, eol as "\n" | "\r\n");
        const expected = [whole(frame)];
        assertEquals(read(side, input), expected);
        assertEquals(read(side, input, everyByte(input)), expected);
        assertEquals(read(side, input, random), expected);
      }),
      { numRuns: 150 * LONG },
    );
  });

  Deno.test(`Framer reads back every ${side}, cut once at each place`, () => {
    fc.assert(
      fc.property(frames, (frame) => {
        const input = encodeFrame(frame);
        for (let at = 1; at < input.length; at++) {
          assertEquals(read(side, input, [at]), [whole(frame)]);
        }
      }),
      { numRuns: 12 * LONG },
    );
  });

  Deno.test(`Framer reads back a stream of any ${side} frames, cut anywhere`, () => {
    fc.assert(
      fc.property(fc.array(frames, { maxLength: 6 }), cuts, (all, random) => {
        const input = Uint8Array.from(all.flatMap((frame) => [...encodeFrame(frame)]));
        assertEquals(read(side, input, random), all.map(whole));
      }),
    );
  });

  const anything = fc.oneof(
    { arbitrary: mutated(frames), weight: 4 },
    { arbitrary: fc.uint8Array({ maxLength: 300 }), weight: 1 },
  );
  const limits = { maxLine: 60, maxBody: 30, maxDiscard: 90 };

  Deno.test(`Framer yields the same for any bytes as a ${side}, for any cuts`, () => {
    fc.assert(
      fc.property(anything, cuts, (input, random) => {
        for (const set of [{}, limits]) {
          const expected = read(side, input, [], set);
          assertEquals(read(side, input, random, set), expected);
          assertEquals(read(side, input, everyByte(input), set), expected);
        }
      }),
      { numRuns: 300 * LONG },
    );
  });

  Deno.test(`Framer holds no more than its limits and ends once, for any bytes as a ${side}`, () => {
    fc.assert(
      fc.property(anything, cuts, (input, random) => {
        const framer = new Framer(side, limits);
        const found = drainInto(framer, pieces(input, random), ({ held }) => {
          assert(held <= limits.maxLine + limits.maxBody, `holds ${held} bytes`);
        });
        const fatal = found.findIndex((each) => each.kind === "malformed" && each.fatal);
        if (fatal < 0) return;
        assertEquals(fatal, found.length - 1);
        assertEquals(drainInto(framer, [new TextEncoder().encode("\nPING\nOK\n")]), []);
        assertEquals(framer.held, 0);
      }),
      { numRuns: 300 * LONG },
    );
  });
}

Deno.test("Framer never runs the body of a line that ends in its length, for any line", () => {
  // The text has no line end, so that it is one line, and no control, which would end the stream by itself.
  const line = fc.array(text, { maxLength: 4 }).map((each) =>
    each.join(" ").replaceAll(/\p{Cc}/gu, "")
  );
  const body = "EVIL\n".repeat(3);
  const verb = fc.constantFrom("", "PUT ", "#t PUT ", "1 ", 'PUT "');
  fc.assert(
    fc.property(verb, line, fc.constantFrom(" ", "  ", '" '), (start, rest, space) => {
      const input = new TextEncoder().encode(`${start}${rest}${space}{${body.length}}\n${body}\n`);
      for (const each of read("request", input)) {
        assert(each.kind !== "frame" || each.head !== "EVIL");
      }
    }),
    { numRuns: 600 * LONG },
  );
});

Deno.test("Framer reads only the frames that were sent, as a reader of the other side", () => {
  const side = fc.constantFrom<Side>("request", "reply");
  fc.assert(
    fc.property(fc.oneof(request, reply), side, (frame, reader) => {
      const input = encodeFrame(frame);
      for (const each of read(reader, input)) {
        if (each.kind === "frame") assertEquals(each, whole(frame));
      }
    }),
  );
});
