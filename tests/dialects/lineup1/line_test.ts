import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { formatLine, formatWord, quote, type Side } from "@lineup/lineup/protocol";
import { brief, bytes, everyByte, read } from "./frames.ts";

type Case = readonly [line: string, expected: Readonly<Record<string, unknown>>];

function check(side: Side, cases: readonly Case[]): void {
  for (const [line, expected] of cases) {
    const input = bytes(line, "\n");
    assertEquals(read(side, input).map(brief), [expected], JSON.stringify(line));
    assertEquals(read(side, input, everyByte(input)).map(brief), [expected], `${line}, bytewise`);
  }
}

Deno.test("Framer reads tags and verbs", () =>
  check("request", [
    ["PING", { head: "PING" }],
    ["ping", { head: "PING" }],
    ["pInG-2", { head: "PING-2" }],
    ["  PING  ", { head: "PING" }],
    ["\tPING\t", { head: "PING" }],
    ["OK", { head: "OK" }],
    ["ERR", { head: "ERR" }],
    ["A".repeat(32), { head: "A".repeat(32) }],
    ["#a PING", { tag: "a", head: "PING" }],
    ["#Az0-_. PING", { tag: "Az0-_.", head: "PING" }],
    ["#1   ping", { tag: "1", head: "PING" }],
    ["  #1 ping", { tag: "1", head: "PING" }],
    [`#${"t".repeat(32)} PING`, { tag: "t".repeat(32), head: "PING" }],
  ]));

Deno.test("Framer reads words", () =>
  check("request", [
    ["PUT a  b\tc", { head: "PUT", words: ["a", "b", "c"] }],
    ["PUT é 日本 😀 \u00a0 \ufeff", {
      head: "PUT",
      words: ["é", "日本", "😀", "\u00a0", "\ufeff"],
    }],
    ["PUT a#b a{1}b }{ \\n 'x'", {
      head: "PUT",
      words: ["a#b", "a{1}b", "}{", "\\n", "'x'"],
    }],
    ["PUT * ! OK ERR", { head: "PUT", words: ["*", "!", "OK", "ERR"] }],
    ['PUT ""', { head: "PUT", words: [""] }],
    ['PUT "two words" "a=b" "#x" "{5}"', {
      head: "PUT",
      words: ["two words", "a=b", "#x", "{5}"],
    }],
    ['PUT "tab\there"', { head: "PUT", words: ["tab\there"] }],
    ['PUT "é日😀"', { head: "PUT", words: ["é日😀"] }],
  ]));

Deno.test("Framer reads every escape of a quoted word", () =>
  check(
    "request",
    ([
      ['\\"', '"'],
      ["\\\\", "\\"],
      ["\\n", "\n"],
      ["\\r", "\r"],
      ["\\t", "\t"],
      ["\\x00", "\0"],
      ["\\x7f", "\x7f"],
      ["\\xFf", "\xff"],
      ["\\u{0}", "\0"],
      ["\\u{41}", "A"],
      ["\\u{1f600}", "😀"],
      ["\\u{10FFFF}", "\u{10ffff}"],
      ["\\u{00D7FF}\\u{E000}", "\ud7ff\ue000"],
      ["\\\\n", "\\n"],
      ["é\\né", "é\né"],
      ["{\\u{7d}", "{}"],
    ] as const).flatMap(([written, value]): Case[] => [
      [`PUT "${written}"`, { head: "PUT", words: [value] }],
      [`PUT k="a${written}b" x`, { head: "PUT", words: ["x"], options: { k: `a${value}b` } }],
    ]),
  ));

Deno.test("Framer reads options at any place of a line", () =>
  check("request", [
    ["PUT a=1", { head: "PUT", options: { a: "1" } }],
    ['PUT a="1"', { head: "PUT", options: { a: "1" } }],
    ['PUT a=""', { head: "PUT", options: { a: "" } }],
    ["PUT x a=1 y b-2=z", { head: "PUT", words: ["x", "y"], options: { a: "1", "b-2": "z" } }],
    ['PUT a="b=c" d', { head: "PUT", words: ["d"], options: { a: "b=c" } }],
    ["PUT a=x{5}y", { head: "PUT", options: { a: "x{5}y" } }],
    ['PUT a="x{5}"', { head: "PUT", options: { a: "x{5}" } }],
    ["PUT constructor=1", { head: "PUT", options: { constructor: "1" } }],
  ]));

Deno.test("Framer reads the lines of replies", () =>
  check("reply", [
    ["OK", { head: "OK" }],
    ["OK lineup/1 calc/1.0 max-line=8192", {
      head: "OK",
      words: ["lineup/1", "calc/1.0"],
      options: { "max-line": "8192" },
    }],
    ["#a * n=1", { tag: "a", head: "*", options: { n: "1" } }],
    ['ERR busy "Later." retry=5', {
      head: "ERR",
      words: ["busy", "Later."],
      options: { retry: "5" },
    }],
    ["! draining within=10s", {
      head: "!",
      words: ["draining"],
      options: { within: "10s" },
    }],
  ]));

// Lines that are refused while the connection goes on, and a part of the message.
const REFUSED: readonly (readonly [line: string, says: string, tag?: string])[] = [
  ["1PING", "A verb is a letter"],
  ["-PING", "A verb is a letter"],
  ["PI_NG", "A verb is a letter"],
  ["PÍNG", "A verb is a letter"],
  ['"PING"', "A verb is a letter"],
  ["A".repeat(33), "A verb is a letter"],
  ["#a", "A verb must follow the tag.", "a"],
  ["#a #b PING", "A verb is a letter", "a"],
  ["# PING", "A tag is"],
  ["#a+b PING", "A tag is"],
  ["#é PING", "A tag is"],
  [`#${"t".repeat(33)} PING`, "A tag is"],
  ["#7 PUT #x", 'begins with "#"', "7"],
  ['PUT a"b', "quote inside a word"],
  ['PUT "a"b', "A space must follow the closing quote."],
  ['PUT "a', "no closing quote"],
  ['PUT "a\\"', "no closing quote"],
  ['PUT "a\\', "escape"],
  ['PUT "\\q"', '\\\\q" is no escape'],
  ['PUT "\\N"', "is no escape"],
  ['PUT "\\é"', "is no escape"],
  ['PUT "\\x4"', "is no escape"],
  ['PUT "\\xg0"', "is no escape"],
  ['PUT "\\u41"', "is no escape"],
  ['PUT "\\u{}"', "is no escape"],
  ['PUT "\\u{110000}"', "is no escape"],
  ['PUT "\\u{0000041}"', "is no escape"],
  ['PUT "\\u{d800}"', "is no escape"],
  ['PUT "\\u{DFFF}"', "is no escape"],
  ["PUT =x", "is no option name"],
  ["PUT A=x", "is no option name"],
  ["PUT 1a=x", "is no option name"],
  ["PUT a_b=x", "is no option name"],
  ["PUT é=x", "is no option name"],
  ["PUT __proto__=x", "is no option name"],
  ["PUT a=", 'an empty value of a as a=""'],
  ["PUT a= b", 'an empty value of a as a=""'],
  ["PUT a==", "Quote a value of a"],
  ["PUT a=b=c", "Quote a value of a"],
  ['PUT a=b"c', "Quote a value of a"],
  ["PUT a=#b", "Quote a value of a"],
  ["PUT a={b", "Quote a value of a"],
  ['PUT a="b"c', "A space must follow the closing quote."],
  ["PUT a=1 a=1", "The option a is given twice."],
  ["PUT a=1 b a=2", "The option a is given twice."],
];

Deno.test("Framer refuses a line outside the grammar, tells why, and reads on", () => {
  for (const [line, says, tag] of REFUSED) {
    const [refused, next, ...more] = read("request", bytes(line, "\nPING\n"));
    assertEquals(brief(refused), { code: "bad-syntax", ...(tag !== undefined && { tag }) }, line);
    assert(refused.kind === "malformed");
    assertStringIncludes(refused.message, says, line);
    assertEquals([brief(next), more], [{ head: "PING" }, []], line);
  }
});

Deno.test("Framer shows only a short, safe piece of a refused line", () => {
  const [refused] = read("request", bytes(`${"é".repeat(4000)}\n`));
  assert(refused.kind === "malformed");
  assert(refused.message.length < 200);
});

Deno.test("Framer refuses reply lines that begin with anything else", () => {
  for (const line of ["ok", "PING", "Ok x", "**", "!x", "ERRx", "#a", "+OK", "-ERR"]) {
    const [refused] = read("reply", bytes(line, "\n"));
    assertEquals((refused as { code: string }).code, "bad-syntax", line);
  }
});

Deno.test("formatWord quotes exactly the words that would not be read back bare", () => {
  const cases: Record<string, string> = {
    "a": "a",
    "a{b}#\\'": "a{b}#\\'",
    "é日😀": "é日😀",
    "": '""',
    "HTTP/1.1": '"HTTP/1.1"',
    "a b": '"a b"',
    "a=b": '"a=b"',
    "#a": '"#a"',
    "{5}": '"{5}"',
    'a"b': '"a\\"b"',
    'a" \\b': '"a\\" \\\\b"',
    "a\r\nQUIT": '"a\\r\\nQUIT"',
    "\0\x07\t\x7f\x80\x9f": '"\\x00\\x07\\t\\x7f\\x80\\x9f"',
  };
  for (const [text, written] of Object.entries(cases)) assertEquals(formatWord(text), written);
});

Deno.test("formatLine writes tag, head, words, options and length in this order", () => {
  const options = new Map([["k", "a b"], ["n", "1"]]);
  assertEquals(
    formatLine({ tag: "7", head: "PUT", words: ["mail", ""], options }, 0),
    '#7 PUT mail "" k="a b" n=1 {0}',
  );
});

Deno.test("formatLine throws for parts that the grammar cannot carry", () => {
  const line = { tag: undefined, head: "PING", words: [], options: new Map() };
  const wrong = [
    { ...line, tag: "" },
    { ...line, tag: "a b" },
    { ...line, tag: "a\nQUIT" },
    { ...line, tag: "t".repeat(33) },
    { ...line, head: "" },
    { ...line, head: "ping" },
    { ...line, head: "PING\nQUIT" },
    { ...line, head: "A".repeat(33) },
    { ...line, options: new Map([["A", "1"]]) },
    { ...line, options: new Map([["a b", "1"]]) },
    { ...line, options: new Map([["a\nQUIT", "1"]]) },
    { ...line, options: new Map([["", "1"]]) },
    { ...line, words: ["\ud800"] },
    { ...line, options: new Map([["a", "\udc00"]]) },
  ];
  for (const each of wrong) assertThrows(() => formatLine(each), TypeError);
});

Deno.test("quote throws at a lone surrogate", () => {
  assertThrows(() => quote("a\ud800"), TypeError);
});
