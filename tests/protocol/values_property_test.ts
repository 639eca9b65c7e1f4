import { assert, assertEquals, assertThrows } from "@std/assert";
import fc, { codePoint } from "fast-check";
import {
  BadValue,
  compile,
  encodeText,
  type FieldSpec,
  formatValue,
  type Frame,
  parseValue,
  readReply,
  readRequest,
  type Shape,
  type TypeName,
  type Values,
  writeParts,
} from "@lineup/lineup/protocol";
import { field, values } from "./arbitraries.ts";
import { read } from "../dialects/lineup1/frames.ts";
import { LONG } from "../seeded_random.ts";

const TYPES = Object.keys(values) as TypeName[];

for (const type of TYPES) {
  Deno.test(`parseValue reads back every ${type} that formatValue writes`, () => {
    fc.assert(
      fc.property(values[type], (value) => {
        const written = formatValue(value, field(type));
        assertEquals(parseValue(written, field(type)), value);
      }),
      { numRuns: 150 * LONG },
    );
  });

  Deno.test(`parseValue of a ${type} returns a value that formatValue writes, or throws BadValue`, () => {
    const likely = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'-+.0123456789eEmshdKiBMG yesnotrue{}[]":,=') }),
      fc.string({ unit: codePoint }),
    );
    fc.assert(
      fc.property(likely, (word) => {
        let value: unknown;
        try {
          value = parseValue(word, field(type));
        } catch (error) {
          assert(error instanceof BadValue);
          return;
        }
        assertEquals(parseValue(formatValue(value, field(type)), field(type)), value);
      }),
      { numRuns: 300 * LONG },
    );
  });
}

interface Drawn {
  readonly fields: Record<string, FieldSpec>;
  readonly given: Values;
}

const names = ["a", "b", "c", "d-1"];
const anyField = fc.constantFrom(...TYPES).chain((type) =>
  fc.record({ type: fc.constant(type), value: values[type], optional: fc.boolean() })
);

/** Words of which the last may be many, the later ones optional; named fields; a body. */
const drawn = fc.record({
  words: fc.array(anyField, { maxLength: 4 }),
  required: fc.nat({ max: 4 }),
  present: fc.nat({ max: 4 }),
  many: fc.boolean(),
  named: fc.array(fc.tuple(anyField, fc.boolean()), { maxLength: 3 }),
  body: fc.option(
    fc.constantFrom<TypeName>("bytes", "text", "json").chain((type) =>
      fc.record({ type: fc.constant(type), value: values[type], optional: fc.boolean() })
    ),
    { nil: undefined },
  ),
  bodyPresent: fc.boolean(),
}).map(({ words, required, present, many, named, body, bodyPresent }) => {
  const positional: Drawn = { fields: {}, given: {} };
  words.forEach(({ type, value }, index) => {
    const optional = index >= required;
    const isMany = many && index === words.length - 1;
    positional.fields[names[index]] = field(type, { optional, many: isMany });
    if (!optional || index < present) {
      positional.given[names[index]] = isMany ? [value, value] : value;
    }
  });
  const options: Drawn = { fields: {}, given: {} };
  named.forEach(([{ type, value, optional }, there], index) => {
    options.fields[`o${index}`] = field(type, { optional });
    if (!optional || there) options.given[`o${index}`] = value;
  });
  if (body !== undefined) {
    positional.fields.body = field(body.type, { optional: body.optional });
    if (!body.optional || bodyPresent) positional.given.body = body.value;
  }
  return { positional, options };
});

function command(more: Record<string, unknown>) {
  const X = { summary: "Drawn.", ...more };
  return compile({ name: "drawn", version: "1", summary: "Drawn.", commands: { X } })
    .commands.get("X")!;
}

function travel(head: string, shape: Shape, given: Values): Frame {
  const { text, body } = writeParts(shape, given);
  const line = encodeText(head + text + (body === undefined ? "\n" : ` {${body.length}}\n`));
  const input = body === undefined ? line : Uint8Array.from([...line, ...body, 10]);
  const [frame, ...more] = read(head === "X" ? "request" : "reply", input);
  assert(frame?.kind === "frame" && more.length === 0);
  return frame;
}

Deno.test("readRequest reads back what writeParts writes in any shape", async () => {
  await fc.assert(
    fc.asyncProperty(drawn, async ({ positional, options }) => {
      const required = Object.fromEntries(
        Object.entries(options.fields).map(([name, each]) => [
          name,
          { ...each, required: !each.optional },
        ]),
      );
      const compiled = command({ args: positional.fields, options: required });
      const given = { ...positional.given, ...options.given };
      const frame = travel("X", compiled.request, given);
      assertEquals({ ...await readRequest(compiled, frame) }, given);
    }),
    { numRuns: 300 * LONG },
  );
});

Deno.test("readReply reads back what writeParts writes in any shape", () => {
  fc.assert(
    fc.property(drawn, fc.constantFrom("OK", "*"), ({ positional, options }, head) => {
      const words = Object.fromEntries(
        Object.entries(positional.fields).map(([name, each]) => [
          name,
          name === "body" ? each : { ...each, positional: true },
        ]),
      );
      const compiled = command({ reply: { ...words, ...options.fields } });
      const given = { ...positional.given, ...options.given };
      assertEquals(readReply(compiled.reply, travel(head, compiled.reply, given)), given);
    }),
    { numRuns: 300 * LONG },
  );
});

Deno.test("writeParts throws or writes one word on one line, for any value", () => {
  const anything = fc.oneof(fc.anything({ withBigInt: true }), fc.string({ unit: codePoint }));
  const lone = fc.string({ unit: fc.constantFrom("\ud800", "\udc00", "a", "\n", " ") });
  fc.assert(
    fc.property(fc.constantFrom(...TYPES), fc.oneof(anything, lone), (type, value) => {
      const { request } = command({ args: { a: field(type) } });
      let frame: Frame;
      try {
        frame = travel("X", request, { a: value });
      } catch (error) {
        assert(error instanceof BadValue || error instanceof TypeError, String(error));
        return;
      }
      assertEquals([frame.head, frame.words.length, frame.options.size], ["X", 1, 0]);
    }),
    { numRuns: 600 * LONG },
  );
});

Deno.test("a json holds no number beyond a double", () => {
  for (const word of ["5E442", "[-1e999]"]) {
    assertThrows(() => parseValue(word, { type: "json" }), BadValue, "JSON", word);
  }
  for (const value of [Infinity, { a: [NaN] }]) {
    assertThrows(() => formatValue(value, { type: "json" }), TypeError);
  }
});
