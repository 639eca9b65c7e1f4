// The text of docs/PROTOCOL.md has one reading: the lines and values of examples/python, which were written from it, are
// those of this project, for any input.

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { lengthBehind } from "../../dialects/lineup1/body_length.ts";
import { LineParser } from "../../dialects/lineup1/line_parser.ts";
import { readVerb } from "../../dialects/lineup1/verb.ts";
import type { FieldSpec } from "../../protocol/spec.ts";
import { encodeText } from "../../protocol/strings.ts";
import { formatValue, parseValue } from "../../protocol/values.ts";
import { run } from "./program.ts";

const LINES = 20_000;
const VALUES = 20_000;

/** The results of Python, which reads all inputs in one process. */
async function inPython(inputs: readonly unknown[]): Promise<unknown[]> {
  const file = new URL("python_reader.py", import.meta.url).pathname;
  const input = encodeText(JSON.stringify(inputs));
  return JSON.parse((await run("python3", ["-B", file], { input })).out);
}

const parser = new LineParser(readVerb);

function readLine(line: string): unknown {
  const bytes = encodeText(line);
  const fault = parser.parse(bytes, 0, bytes.length);
  const { tag = null, head, words, options, length } = parser;
  if (fault === undefined) {
    return head === ""
      ? null
      : { tag, verb: head, words, options: Object.fromEntries(options), length: known(length) };
  }
  const behind = lengthBehind(bytes, 0, bytes.length, fault.kind === "open-quote");
  return { wrong: tag, ...(behind === undefined ? { ends: true } : { length: known(behind) }) };
}

/** The length of a body; `null` for none. */
function known(length: number): number | null {
  return length < 0 ? null : length;
}

/** Texts of some of these parts, the same ones in every run. */
function texts(parts: readonly string[], count: number, maxLength: number): string[] {
  const some = fc.array(fc.constantFrom(...parts), { maxLength }).map((all) => all.join(""));
  return fc.sample(some, { numRuns: count, seed: 1 });
}

/** Compares. A failure shows the first differences only. */
function assertSame(inputs: readonly unknown[], ours: unknown[], theirs: unknown[]): void {
  const differ = inputs.map((input, at) => ({ input, ours: ours[at], theirs: theirs[at] }))
    .filter(({ ours, theirs }) => JSON.stringify(ours) !== JSON.stringify(theirs));
  assertEquals(differ.slice(0, 5), []);
}

Deno.test("a line has one reading", async () => {
  const parts = ["#", "#a", "#b ", "PING", "ping ", " ", " ", "\t", '"', '" ', ' "', "\\", "\\x41"]
    .concat(["\\u{1F600}", "\\u{D800}", "\\q", "\\n", "{5}", " {5}", "{", "}", " {", "{05}", "{}"])
    .concat(["a=", "b=", "A=", "a", "é", "0", " {0}", "=", "-", "{12345678901}", "x}", "HTTP/1"]);
  const lines = texts(parts, LINES, 9);
  const inputs = lines.map((line) => [line]);
  assertSame(lines, lines.map(readLine), await inPython(inputs));
});

const FIELDS: readonly FieldSpec[] = [
  { type: "text", max: 3 },
  { type: "word", min: 2 },
  { type: "integer", min: -5, max: 1e9 },
  { type: "number" },
  { type: "boolean" },
  { type: "duration", min: 1, max: 100_000 },
  { type: "size" },
  { type: "bytes", max: 4 },
  { type: "json" },
  { type: "enum", values: ["a", "1", "yes"] },
];

Deno.test("a value has one reading", async () => {
  const parts = [
    "0",
    "1",
    "9",
    "-",
    ".",
    "5",
    "e",
    "E",
    "+",
    "ms",
    "s",
    "m",
    "h",
    "d",
    "B",
    "KiB",
    "0.5ms",
  ]
    .concat([
      "MiB",
      "yes",
      "on",
      "true",
      "no",
      "false",
      " ",
      "a",
      "=",
      "QQ",
      "==",
      "é",
      "𝕃",
      "[",
      "]",
    ])
    .concat(["{", "}", '"', ",", ":", "null", "9007199254740991", "\u00a0", "1", "2"]);
  const values = texts(parts, VALUES, 5);
  const inputs = values.map((text, at) => [text, FIELDS[at % FIELDS.length]] as const);
  const ours = inputs.map(([text, field]) => {
    try {
      const value = parseValue(text, field);
      const plain = value instanceof Uint8Array ? [...value] : value;
      // A number has several texts, such as 1e3 and 1000.
      const isPlain = field.type === "json" || field.type === "number";
      return isPlain ? [plain] : [plain, formatValue(value, field)];
    } catch {
      return "wrong";
    }
  });
  assertSame(inputs, ours, await inPython(inputs));
});
