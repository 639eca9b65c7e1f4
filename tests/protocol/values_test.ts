import { assertEquals, assertThrows } from "@std/assert";
import {
  BadValue,
  type FieldSpec,
  formatValue,
  parseValue,
  type TypeName,
} from "@lineup/lineup/protocol";
import { bytes } from "../dialects/lineup1/frames.ts";

// For each type: its values with their spellings, the canonical one first, and words that are no spelling.
const TYPES: Record<TypeName, {
  readonly reads: readonly (readonly [value: unknown, ...spellings: string[]])[];
  readonly refuses: readonly string[];
  readonly throws: readonly unknown[];
}> = {
  text: {
    reads: [["", ""], ["a b\n\0é😀", "a b\n\0é😀"]],
    refuses: [],
    throws: [1, null, undefined, "\ud800", "a\udc00b", {}, Symbol("x")],
  },
  word: {
    reads: [["a", "a"], ["é=\"'{#", "é=\"'{#"]],
    refuses: [
      "",
      " ",
      "a b",
      "a\n",
      "a\tb",
      "\0",
      "\x7f",
      "\u0080",
      "a\u00a0b",
      "\u2028",
      "\ufeff",
    ],
    throws: ["", "a b", "a\n", "\ud800", 1, null, undefined],
  },
  integer: {
    reads: [
      [0, "0"],
      [-1, "-1"],
      [42, "42"],
      [Number.MAX_SAFE_INTEGER, "9007199254740991"],
      [Number.MIN_SAFE_INTEGER, "-9007199254740991"],
    ],
    refuses: [
      "",
      "-",
      "-0",
      "+1",
      "01",
      "1.0",
      "1e3",
      " 1",
      "1 ",
      "0x10",
      "1_000",
      "９",
      "9007199254740992",
      "NaN",
    ],
    throws: [1.5, NaN, Infinity, 2 ** 53, "1", 1n, null],
  },
  number: {
    reads: [
      [0, "0", "0.0", "0e5"],
      [-0, "-0"],
      [1.5, "1.5", "1.50", "15e-1"],
      [1e21, "1e+21", "1e21", "1E21"],
      [1e-7, "1e-7", "0.0000001"],
      [Number.MAX_VALUE, "1.7976931348623157e+308"],
      [5e-324, "5e-324"],
    ],
    refuses: [
      "",
      ".5",
      "5.",
      "+1",
      "01",
      "1e",
      "1e999",
      "-1e999",
      "Infinity",
      "NaN",
      "0x1",
      "1,5",
      " 1",
    ],
    throws: [NaN, Infinity, -Infinity, "1", null],
  },
  boolean: {
    reads: [[true, "yes", "on", "true"], [false, "no", "off", "false"]],
    refuses: ["", "YES", "1", "0", "y", "constructor"],
    throws: [0, 1, "yes", null],
  },
  duration: {
    reads: [
      [0, "0ms", "0s", "0.4ms"],
      [500, "500ms", "0.5s"],
      [5000, "5s", "5000ms"],
      [90_000, "90s", "1.5m"],
      [7_200_000, "7200s", "2h", "120m"],
      [86_400_000, "86400s", "1d", "24h"],
      [1500, "1500ms"],
    ],
    refuses: ["", "5", "s", "-5s", "5 s", "5S", "5sec", "1e3ms", ".5s", "1h30m", "99999999999999d"],
    throws: [-1, 0.5, NaN, Infinity, 2 ** 53, "5s"],
  },
  size: {
    reads: [
      [0, "0", "0B"],
      [512, "512", "512B"],
      [65_536, "65536", "64KiB"],
      [1 << 20, "1048576", "1MiB", "1024KiB"],
      [1 << 30, "1073741824", "1GiB"],
    ],
    refuses: ["", "-1", "1.5KiB", "1kb", "1KB", "1 KiB", "KiB", "9007199254740992", "9999999GiB"],
    throws: [-1, 0.5, NaN, "64KiB", 2 ** 53],
  },
  bytes: {
    reads: [
      [bytes(), ""],
      [bytes(0), "AA=="],
      [bytes(255, 254), "//4="],
      [bytes("abc"), "YWJj"],
    ],
    refuses: ["A", "AA", "AAA", "AA=", "A===", "AA==AA==", "A A=", "-_-_", "AAAA\n"],
    throws: [1, [1, 2], null, "\ud800"],
  },
  json: {
    reads: [
      [null, "null", " null "],
      [{ a: [1, "é\n"] }, '{"a":[1,"é\\n"]}', '{ "a" : [1, "\\u00e9\\n"] }'],
      ["", '""'],
      [1.5, "1.5"],
    ],
    refuses: ["", "undefined", "{a:1}", "[1,]", "'x'", "01", "NaN"],
    throws: [undefined, () => 1, Symbol("x"), 1n, circular()],
  },
  enum: {
    reads: [["red", "red"], ["dark blue", "dark blue"]],
    refuses: ["", "RED", "dark", "blue", "length"],
    throws: ["green", 0, null],
  },
};

function circular(): unknown {
  const value: Record<string, unknown> = {};
  value.self = value;
  return value;
}

function field(type: string, more: Partial<FieldSpec> = {}): FieldSpec {
  const values = ["red", "dark blue"];
  return { type: type as TypeName, ...(type === "enum" && { values }), ...more };
}

for (const [type, { reads, refuses, throws }] of Object.entries(TYPES)) {
  Deno.test(`parseValue reads each spelling of a ${type}, formatValue writes the first`, () => {
    for (const [value, ...spellings] of reads) {
      for (const each of spellings) assertEquals(parseValue(each, field(type)), value, each);
      assertEquals(formatValue(value, field(type)), spellings[0]);
    }
  });

  Deno.test(`parseValue and formatValue throw BadValue where there is no ${type}`, () => {
    for (const each of refuses) assertThrows(() => parseValue(each, field(type)), BadValue);
    for (const each of throws) assertThrows(() => formatValue(each, field(type)), BadValue);
  });
}

Deno.test("formatValue writes text that is given for bytes", () => {
  assertEquals(formatValue("é", field("bytes")), "w6k=");
});

Deno.test("parseValue reads decimals of a unit to the nearest whole number", () => {
  for (
    const [text, ms] of [
      ["1.005s", 1005],
      ["4.35s", 4350],
      ["0.29s", 290],
      ["0.0006s", 1],
      ["0.0004s", 0],
      ["1.1m", 66_000],
      ["0.7h", 2_520_000],
    ] as const
  ) assertEquals(parseValue(text, field("duration")), ms, text);
});

// A field, words just inside its limits, words just outside, and the message.
const LIMITS: readonly (readonly [FieldSpec, readonly string[], readonly string[], string])[] = [
  [field("integer", { min: -1, max: 9 }), ["-1", "9"], ["-2", "10"], "an integer, -1 to 9, not"],
  [field("integer", { min: 1 }), ["1"], ["0"], "an integer, at least 1, not"],
  [field("number", { max: 0.5 }), ["0.5", "-9"], ["0.51"], "a number, at most 0.5, not"],
  [
    field("duration", { min: 500, max: 60_000 }),
    ["500ms", "1m"],
    ["499ms", "61s"],
    "1.5m, 2h or 1d, 500ms to 60s, not",
  ],
  [field("size", { max: 1024 }), ["1KiB"], ["1025"], "1MiB, at most 1024, not"],
  [field("text", { min: 1, max: 2 }), ["a", "😀é"], ["", "abc"], "text of 1 to 2 characters, not"],
  [field("word", { max: 2 }), ["ab"], ["abc"], "white space of at most 2 characters, not"],
  [
    field("bytes", { min: 1, max: 2 }),
    ["AA==", "AAA="],
    ["", "AAAA"],
    "base64 of 1 to 2 bytes, not",
  ],
  [field("enum"), ["red"], ["blue"], "one of red, dark blue, not"],
];

Deno.test("parseValue keeps to limits and names them", () => {
  for (const [limited, inside, outside, message] of LIMITS) {
    for (const each of inside) parseValue(each, limited);
    for (const each of outside) assertThrows(() => parseValue(each, limited), BadValue, message);
  }
});

Deno.test("formatValue keeps to limits", () => {
  for (
    const [value, limited] of [
      [10, field("integer", { max: 9 })],
      ["abc", field("text", { max: 2 })],
      [bytes("abc"), field("bytes", { max: 2 })],
      ["abc", field("bytes", { max: 2 })],
      [100, field("duration", { min: 500 })],
    ] as const
  ) assertThrows(() => formatValue(value, limited), BadValue);
});

Deno.test("a wrong value of a program is told as programs have it, one of a line as people type it", () => {
  const field = { type: "duration", name: "wait", max: 5000 } as const;
  assertThrows(
    () => formatValue("5s", field),
    BadValue,
    'wait must be a whole number of milliseconds, at most 5000, not "5s"',
  );
  assertThrows(
    () => parseValue("9s", field),
    BadValue,
    "wait must be a duration such as 500ms, 5s, 1.5m, 2h or 1d, at most 5s, not",
  );
  const told = [["size", "a whole number of bytes"], ["boolean", "true or false"]] as const;
  for (const [type, says] of told) assertThrows(() => formatValue("x", { type }), BadValue, says);
});
