// What a browser's file has instead of some modules, beside these.

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InFlight as InFlightInBrowser } from "../../client/browser_in_flight.ts";
import { InFlight } from "../../client/in_flight.ts";
import * as address from "../../net/address.ts";
import * as inBrowser from "../../net/browser_address.ts";
import { describe } from "../../protocol/browser_describe.ts";
import { formatDuration } from "../../protocol/browser_duration.ts";
import * as quotingInBrowser from "../../protocol/browser_quoting.ts";
import * as specErrorsInBrowser from "../../protocol/browser_spec_error.ts";
import * as stringsInBrowser from "../../protocol/browser_strings.ts";
import { Framer } from "../../dialects/lineup1/framer.ts";
import { DEFAULT_LIMITS } from "../../dialects/wire_limits.ts";
import * as specErrors from "../../protocol/spec_error.ts";
import * as strings from "../../protocol/strings.ts";
import { parseValue } from "../../protocol/values.ts";

/** What a function returns, or that it throws. */
function outcome<T>(run: () => T): T | "thrown" {
  try {
    return run();
  } catch {
    return "thrown";
  }
}

Deno.test("browsers read and show WebSocket addresses as others do, and refuse the rest", () => {
  const scheme = fc.constantFrom("ws://", "wss://");
  const host = fc.constantFrom("h", "example.org", "[::1]", "127.0.0.1");
  const port = fc.constantFrom("", ":0", ":80", ":443", ":5480", ":65535");
  const path = fc.constantFrom("", "/", "/a", "/a/b?c=d");
  fc.assert(fc.property(scheme, host, port, path, (...parts) => {
    const text = parts.join("");
    const read = inBrowser.parseAddress(text);
    assertEquals(read, address.parseAddress(text));
    assertEquals(inBrowser.formatAddress(read), address.formatAddress(read));
  }));
  for (
    const text of ["tcp://h:1", "http://h", "unix:/run/s", "h:1", "h", "", "ws://", "ws://h:65536"]
  ) {
    assertThrows(
      () => inBrowser.parseAddress(text),
      inBrowser.AddressError,
      "is neither ws:// nor wss://",
    );
  }
  const tcp = address.parseAddress("tcp://[::1]:1");
  assertEquals(inBrowser.formatAddress(tcp), address.formatAddress(tcp));
});

Deno.test("browsers write words that are read as what they were", () => {
  fc.assert(fc.property(fc.array(fc.string({ unit: "grapheme-composite" })), (words) => {
    const framer = new Framer("request", DEFAULT_LIMITS);
    framer.push(
      strings.encodeText(["PUT", ...words.map(quotingInBrowser.formatWord)].join(" ") + "\n"),
    );
    const frame = framer.next();
    assertEquals(frame?.kind === "frame" && frame.words, words);
  }));
  assertEquals(quotingInBrowser.formatWord('a\n\x9f"\\'), String.raw`"a\u{a}\u{9f}\"\\"`);
  assertEquals(quotingInBrowser.formatWord("HTTP/1.1"), '"HTTP/1.1"');
  assertEquals(quotingInBrowser.show("x".repeat(50)), `"${"x".repeat(40)}..."`);
});

Deno.test("browsers write durations that are read as what they were", () => {
  const field = { type: "duration" } as const;
  for (const ms of [0, 1, 500, 1000, 60_000, 90_061_001]) {
    assertEquals(parseValue(formatDuration(ms), field), ms);
  }
});

Deno.test("browsers say what a field asks for as a protocol says it", () => {
  const field = { name: "n", type: "integer", min: 1, optional: true } as const;
  assertEquals(describe(field), '{"type":"integer","min":1}');
  assertEquals(
    describe({ type: "enum", values: ["a", "b"] }),
    '{"type":"enum","values":["a","b"]}',
  );
});

Deno.test("browsers hold a description to what others hold it to", () => {
  for (const [condition, wrong] of [[true, false], [false, true]]) {
    for (const { need } of [specErrors, specErrorsInBrowser]) {
      const run = () => need(condition, "a.b", "is no field");
      if (wrong) assertThrows(run, Error, "a.b: is no field");
      else run();
    }
  }
  for (const value of [{}, [], null, undefined, "a", 1]) {
    assertEquals(specErrorsInBrowser.isRecord(value), specErrors.isRecord(value));
  }
});

Deno.test("browsers write and read text as others do", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), fc.nat(40), fc.nat(40), (text, a, b) => {
    const bytes = outcome(() => strings.encodeText(text));
    if (bytes === "thrown") return;
    assertEquals(stringsInBrowser.encodeText(text), bytes);
    const [start, end] = [a, b].map((at) => Math.min(at, bytes.length)).sort((x, y) => x - y);
    assertEquals(
      outcome(() => stringsInBrowser.decodeText(bytes, start, end)),
      outcome(() => strings.decodeText(bytes, start, end)),
    );
  }));
  const marked = strings.encodeText("\ufeffa");
  assertEquals(stringsInBrowser.decodeText(marked), strings.decodeText(marked));
  assertEquals(outcome(() => stringsInBrowser.decodeText(Uint8Array.of(0x61, 0xff))), "thrown");
});

Deno.test("browsers keep what is in flight as others do", () => {
  interface Request {
    readonly key: number;
  }
  const step = fc.oneof(fc.constant("add" as const), fc.nat(300));
  fc.assert(fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
    const sides = [new InFlight<Request>(), new InFlightInBrowser<number, Request>()]
      .map((table) => ({ table, all: [] as Request[], last: 0 }));
    for (const step of steps) {
      for (const side of sides) {
        const { table, all } = side;
        if (step === "add") {
          do side.last++; while (table.has(side.last));
          const request = { key: side.last };
          all.push(request);
          table.set(request.key, request);
          assertEquals(table.has(request.key), true);
        } else if (step < all.length) table.delete(all[step].key);
      }
      const [a, b] = sides.map(({ table }) => [...table.values()].length);
      assertEquals([b, sides[1].table.size], [a, sides[0].table.size]);
    }
    // Tags differ where a place was taken; who is in there does not.
    const [a, b] = sides.map(({ table, all }) => [...table.values()].map((r) => all.indexOf(r)));
    assertEquals(b, a);
    for (const { table, all } of sides) {
      const inside = new Set(table.values());
      for (const request of all) {
        assertEquals(table.get(request.key), inside.has(request) ? request : undefined);
      }
    }
  }));
});
