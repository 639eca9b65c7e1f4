// What a browser's file has instead of some modules, beside these.

import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { InFlight as InFlightInBrowser } from "../../client/browser_in_flight.ts";
import { InFlight } from "../../client/in_flight.ts";
import * as address from "../../net/address.ts";
import * as inBrowser from "../../net/browser_address.ts";
import * as stringsInBrowser from "../../protocol/browser_strings.ts";
import * as strings from "../../protocol/strings.ts";

/** What a function returns, or that it throws. */
function outcome<T>(run: () => T): T | "thrown" {
  try {
    return run();
  } catch {
    return "thrown";
  }
}

Deno.test("browsers read and show WebSocket addresses as others do, and refuse the rest", () => {
  const host = fc.constantFrom("h", "example.org", "[::1]", "::1", "127.0.0.1", "a b", "u@h", "");
  const port = fc.constantFrom("", ":0", ":80", ":65535", ":65536", ":123456", ":", ":x");
  const path = fc.constantFrom("", "/", "/a?b=c", "/a b", "/a#b", "?b", "é");
  const scheme = fc.constantFrom("ws://", "wss://", "WS://", "http://", "");
  fc.assert(fc.property(scheme, host, port, path, (...parts) => {
    const text = parts.join("");
    const known = outcome(() => address.parseAddress(text));
    const isOurs = known !== "thrown" && address.isWebSocket(known);
    const read = outcome(() => inBrowser.parseAddress(text));
    assertEquals(read, isOurs ? known : "thrown");
    if (read !== "thrown") assertEquals(inBrowser.isWebSocket(read), true);
  }));
  for (const text of ["tcp://h:1", "tls://[::1]:1", "unix:/run/s", "ws://h", "wss://[::1]/a"]) {
    const known = address.parseAddress(text);
    assertEquals(inBrowser.formatAddress(known), address.formatAddress(known));
    assertEquals(inBrowser.isWebSocket(known), address.isWebSocket(known));
  }
  assertThrows(() => inBrowser.parseAddress("tcp://h:1"), inBrowser.AddressError, "a browser");
});

Deno.test("browsers write and read text as others do", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), fc.nat(40), fc.nat(40), (text, a, b) => {
    const bytes = outcome(() => strings.encodeText(text));
    assertEquals(outcome(() => stringsInBrowser.encodeText(text)), bytes);
    if (bytes === "thrown") return;
    const [start, end] = [a, b].map((at) => Math.min(at, bytes.length)).sort((x, y) => x - y);
    assertEquals(
      outcome(() => stringsInBrowser.decodeText(bytes, start, end)),
      outcome(() => strings.decodeText(bytes, start, end)),
    );
  }));
  const marked = strings.encodeText("\ufeffa");
  assertEquals(stringsInBrowser.decodeText(marked), strings.decodeText(marked));
  assertEquals(outcome(() => stringsInBrowser.decodeText(Uint8Array.of(0x61, 0xff))), "thrown");
  assertThrows(() => stringsInBrowser.encodeText("\ud800"), TypeError, "lone surrogate");
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
