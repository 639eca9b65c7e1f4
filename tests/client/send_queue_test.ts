import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Throttled } from "../../client/errors.ts";
import { SendQueue } from "../../client/send_queue.ts";

const MOST = 20;

Deno.test("waiting requests come out in order, for any removals in between", () => {
  const step = fc.oneof(
    { arbitrary: fc.constant("add" as const), weight: 5 },
    { arbitrary: fc.constant("shift" as const), weight: 3 },
    { arbitrary: fc.nat(MOST), weight: 2 },
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
    const waiting = new SendQueue<object>(MOST);
    let expected: object[] = [];
    for (const step of steps) {
      if (step === "add") {
        const request = {};
        if (expected.length === MOST) {
          assertThrows(() => waiting.add(request, { text: "" }), Throttled, `${MOST} requests`);
        } else {
          waiting.add(request, { text: "" });
          expected.push(request);
        }
      } else if (step === "shift") assertEquals(waiting.shift() === expected.shift(), true);
      else {
        const request = expected[step] ?? {};
        assertEquals(waiting.delete(request), step < expected.length);
        expected = expected.filter((each) => each !== request);
      }
      assertEquals(waiting.size, expected.length);
    }
  }));
});

Deno.test("no more than 64 MiB of requests wait", () => {
  const waiting = new SendQueue<object>(MOST);
  const [large, small] = [{}, {}];
  waiting.add(large, { text: "", body: new Uint8Array((1 << 26) - 1) });
  assertThrows(() => waiting.add(small, { text: "" }), Throttled);
  waiting.delete(large);
  waiting.add(small, { text: "" });
  assertEquals(waiting.shift() === small, true);
});
