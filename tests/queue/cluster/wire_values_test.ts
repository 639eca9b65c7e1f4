import { Buffer } from "node:buffer";
import { assertEquals, assertThrows } from "@std/assert";
import { fromBody, fromWire, toBody, toWire } from "../../../queue/cluster/wire_values.ts";
import { Patterns } from "../../../queue/patterns.ts";

Deno.test("every value that nodes exchange comes as it was", () => {
  const bytes = new Uint8Array([1, 2, 3]);
  const values: unknown[] = [
    undefined,
    7,
    '{"$b":[0,1]}',
    [1, null, "ü\u0000"],
    { left: Infinity, right: -Infinity },
    { body: bytes, other: { body: new Uint8Array() } },
    new Map([["a", new Set(["x", "y"])], ["b", new Set<string>()]]),
  ];
  for (const value of values) {
    const expected = structuredClone(value);
    assertEquals(fromBody(toBody(toWire(value))), expected);
    const { json, parts } = toWire(value);
    if (parts.length <= 1) assertEquals(fromWire(json, parts[0] ?? new Uint8Array()), expected);
  }
  assertEquals(fromBody(toBody(toWire(Buffer.from("hi")))), new Uint8Array([104, 105]));
  const [first, second] = fromBody(toBody(toWire([undefined, 1]))) as unknown[];
  assertEquals([first, second], [undefined, 1]);
  const patterns = fromBody(toBody(toWire(new Patterns(["a*", "b"])))) as Patterns;
  assertEquals(patterns.texts, ["a*", "b"]);
});

Deno.test("what is no call of a node is refused", () => {
  for (const body of [[], [0, 0, 0], [0, 0, 0, 9, 1], [255, 255, 255, 255, 123]]) {
    assertThrows(() => fromBody(new Uint8Array(body)), Error, "no call of a node");
  }
});
