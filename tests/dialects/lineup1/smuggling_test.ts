// The body of a refused line never runs as a command. Where its length is ambiguous, the stream ends.

import { assert, assertEquals } from "@std/assert";
import { Framer } from "@lineup/lineup/protocol";
import { brief, bytes, drainInto, everyByte, read } from "./frames.ts";

const REFUSED = { code: "bad-syntax" };
const LOST = { code: "bad-syntax", fatal: true };
const PING = { head: "PING" };

Deno.test("Framer discards the body of a refused line", () => {
  const lines = [
    "1PUT {6}",
    "{6}",
    "PUT a=b=c {6}",
    "PUT =x {6}",
    "PUT A=x {6}",
    "PUT a=1 a=1 {6}",
    'PUT "\\q" {6}',
    'PUT "a b"c" " {6}',
    'PUT "{1}" x"y" {6}',
    "PUT #x {6} ",
    "PUT x=#y\t{6}",
  ];
  for (const line of lines) {
    for (const end of ["\n", "\r\n", "\r\0"]) {
      const input = bytes(`${line}${end}QUIT\r\n${end}PING${end}`);
      for (const cuts of [[], everyByte(input)]) {
        assertEquals(read("request", input, cuts).map(brief), [REFUSED, PING], line);
      }
    }
  }
});

Deno.test("Framer ends the stream where the length is ambiguous", () => {
  const lines = [
    "PUT {",
    "PUT {}",
    "PUT {-1}",
    "PUT {+1}",
    "PUT { 1}",
    "PUT {1 }",
    "PUT {01}",
    "PUT {00}",
    "PUT {1.0}",
    "PUT {1e3}",
    "PUT {0x10}",
    "PUT {１}",
    "PUT {12345678901}",
    "PUT {99999999999999999999999}",
    "PUT {4}x",
    "PUT {4} x",
    "PUT {4} k=v",
    "PUT {4} {4}",
    "PUT {4}{4}",
    "PUT {4} {5} {6}",
    "PUT {4",
    "PUT {4+}",
    'PUT {"a":1}',
    'PUT "x {4}',
    'PUT "x\\" {4}',
    'PUT x" {4}',
    'PUT x\\" {4}',
    'PU"T {4}',
    'PUT "a"b" {4}',
    'PUT "a"{4}',
    'PUT k="a"{4}',
    "#{4}",
    'PUT {4} "',
    "PUT mail{4}",
    "PUT mail k=x{4}",
    "PUT mail }",
  ];
  for (const line of lines) {
    const input = bytes(`${line}\r\nQUIT\r\nPING\r\n`);
    assertEquals(read("request", input).map(brief), [LOST], line);
  }
});

Deno.test("Framer keeps the tag of a line that ends the stream", () => {
  assertEquals(read("request", bytes("#a PUT {x}\nPING\n")).map(brief), [{ ...LOST, tag: "a" }]);
});

Deno.test("Framer reads no length where none can be meant", () => {
  for (const line of ['PUT "{4}" a=b=c', 'PUT a=b=c "x {4}"', "PUT a=b=c x{4} y", 'PUT "{4} x']) {
    assertEquals(read("request", bytes(`${line}\nPING\n`)).map(brief), [REFUSED, PING], line);
  }
});

Deno.test("Framer ends the stream where no line end follows the body", () => {
  for (const after of ["PING\n", " \n", "\rPING\n", "\r\r\n", "\0", "}\n"]) {
    for (const line of ["PUT {4}", "PUT a=b=c {4}"]) {
      const refused = line.includes("=") ? [REFUSED, LOST] : [LOST];
      const input = bytes(`${line}\nabcd${after}PING\n`);
      assertEquals(read("request", input).map(brief), refused, JSON.stringify(after));
      assertEquals(read("request", input, everyByte(input)).map(brief), refused);
    }
  }
});

Deno.test("Framer answers a body that is too large before it arrives, and discards it", () => {
  const framer = new Framer("request", { maxBody: 4, maxDiscard: 100 });
  assertEquals(drainInto(framer, [bytes("#t PUT {100}\n")]).map(brief), [
    { code: "body-too-large", tag: "t" },
  ]);
  const body = "PING\n".repeat(20);
  assertEquals(drainInto(framer, [bytes(body, "\nPUT {4}\nabcd\n")]).map(brief), [
    { head: "PUT", body: [...bytes("abcd")] },
  ]);
});

Deno.test("Framer ends the stream where a body is too large to discard", () => {
  const limits = { maxBody: 4, maxDiscard: 100 };
  const cases: readonly (readonly [string, unknown])[] = [
    ["PUT {101}", { code: "body-too-large", fatal: true }],
    ["PUT {9999999999}", { code: "body-too-large", fatal: true }],
    ["PUT a=b=c {101}", LOST],
  ];
  for (const [line, expected] of cases) {
    const input = bytes(`${line}\n${"PING\n".repeat(30)}`);
    assertEquals(read("request", input, [], limits).map(brief), [expected], line);
  }
});

Deno.test("Framer tells the right form of an ambiguous length", () => {
  const [lost] = read("request", bytes("PUT {-1}\n"));
  assert(lost.kind === "malformed");
  assert(lost.message.includes("{n}, 1 to 10 digits, last on its line"), lost.message);
});
