// The generators of the property tests: text that meets every rule of the grammar, frames, fields and their values.

import fc, { codePoint } from "fast-check";
import {
  encodeFrame,
  type FieldSpec,
  type FrameInit,
  type TypeName,
} from "@lineup/lineup/protocol";

const AWKWARD = [..."a=\"\\#{} \t\n\r\0'*!é日😀\u007f\u0080\u009f\u00a0\u2028\ufeff\u{10ffff}"];

/** Well-formed text, often with awkward characters. */
export const text: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: fc.constantFrom(...AWKWARD), maxLength: 12 }),
  fc.string({ unit: codePoint, maxLength: 12 }),
  fc.constantFrom("", "x{5}", "{5}", "a=b", "#t", "OK", "HTTP/1.1", "Host:", "\\u{41}"),
);

const letters = (first: string, rest: string, maxLength: number): fc.Arbitrary<string> =>
  fc.tuple(
    fc.constantFrom(...first),
    fc.string({ unit: fc.constantFrom(...rest), maxLength: maxLength - 1 }),
  ).map(([head, tail]) => head + tail);

const verb = letters("ABCXYZ", "ABZ09-", 32);
const optionName = letters("abcxyz", "abz09-", 12);
const tag = letters("aZ0-_.", "aZ0-_.", 32);

const frame = (head: fc.Arbitrary<string>): fc.Arbitrary<FrameInit> =>
  fc.record({
    tag: fc.option(tag, { nil: undefined }),
    head,
    words: fc.array(text, { maxLength: 5 }),
    options: fc.array(fc.tuple(optionName, text), { maxLength: 4 }).map((each) => new Map(each)),
    body: fc.option(fc.uint8Array({ maxLength: 40 }), { nil: undefined }),
  });

/** Any request. */
export const request: fc.Arbitrary<FrameInit> = frame(verb);
/** Any line of a reply. */
export const reply: fc.Arbitrary<FrameInit> = frame(fc.constantFrom("OK", "ERR", "*", "!"));

const TOKENS = [
  "\n",
  "\r\n",
  "\r",
  "\r\0",
  "\0",
  " ",
  "\t",
  '"',
  "\\",
  "=",
  "#",
  "{",
  "}",
  " {3}",
  "{4}",
  " {-1}",
  " {99}",
  " {9999999999}",
  "\\u{",
  "GET / HTTP/1.1",
  "Host: x",
  "é",
  "\u0080",
].map((token) => [...new TextEncoder().encode(token)]);
const TELNET = [[255], [255, 244], [255, 253, 6], [255, 251, 1], [255, 250, 31], [255, 240]];

/** Bytes that are nearly frames of one side: pieces are removed, repeated, inserted and changed. */
export function mutated(frames: fc.Arbitrary<FrameInit>): fc.Arbitrary<Uint8Array> {
  const place = fc.nat({ max: 400 });
  const mutation = fc.oneof(
    fc.tuple(fc.constant("insert"), place, fc.constantFrom(...TOKENS, ...TELNET)),
    fc.tuple(fc.constant("delete"), place, fc.nat({ max: 8 })),
    fc.tuple(fc.constant("repeat"), place, fc.nat({ max: 20 })),
    fc.tuple(fc.constant("change"), place, fc.nat({ max: 255 })),
  );
  const eol = fc.constantFrom("\n", "\r\n") as fc.Arbitrary<"\n" | "\r\n">;
  const encoded = fc.tuple(frames, eol).map(([each, end]) => [...encodeFrame(each, end)]);
  return fc.tuple(
    fc.array(encoded, { minLength: 1, maxLength: 4 }),
    fc.array(mutation, { maxLength: 6 }),
  ).map(([parts, mutations]) => {
    const bytes = parts.flat();
    for (const [kind, at, what] of mutations) {
      const place = at % (bytes.length + 1);
      if (Array.isArray(what)) bytes.splice(place, 0, ...what);
      else if (kind === "delete") bytes.splice(place, what);
      else if (kind === "repeat") bytes.splice(place, 0, ...bytes.slice(place, place + what));
      else if (place < bytes.length) bytes[place] = what;
    }
    return Uint8Array.from(bytes);
  });
}

const WORD = [..."ab=\"\\#{}é日😀'\u{10ffff}"];
const ENUM = ["red", "dark blue", "a=b"];

/** The values of each type; `json` without -0, which JSON.stringify loses. */
export const values: Readonly<Record<TypeName, fc.Arbitrary<unknown>>> = {
  text,
  word: fc.string({ unit: fc.constantFrom(...WORD), minLength: 1, maxLength: 8 }),
  integer: fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -9, max: 9 })),
  number: fc.double({ noNaN: true, noDefaultInfinity: true }),
  boolean: fc.boolean(),
  duration: fc.oneof(fc.maxSafeNat(), fc.nat({ max: 9 }).map((seconds) => seconds * 1000)),
  size: fc.maxSafeNat(),
  bytes: fc.uint8Array({ maxLength: 20 }),
  json: fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value))),
  enum: fc.constantFrom(...ENUM),
};

/** A field of a type, in full. */
export function field(type: TypeName, more: Partial<FieldSpec> = {}): FieldSpec {
  return { type, ...(type === "enum" && { values: ENUM }), ...more };
}
