// What a client writes with: that of browsers beside that of the others.

import { assertEquals } from "@std/assert";
import { type ByteStream, memoryPair } from "../../net/mod.ts";
import * as inBrowser from "../../net/browser_output.ts";
import * as elsewhere from "../../net/output.ts";

/** A stream that takes half of what it is given, once it is let. */
class Slow {
  /** What it was given, a write each. */
  readonly given: string[] = [];
  /** All that it took. */
  taken = "";
  #let = Promise.withResolvers<void>();
  readonly stream: ByteStream = {
    ...memoryPair()[0],
    write: async (bytes) => {
      const text = new TextDecoder("latin1").decode(bytes);
      this.given.push(text);
      await this.#let.promise;
      const count = Math.ceil(bytes.length / 2);
      this.taken += text.slice(0, count);
      return count;
    },
  };

  go(): void {
    this.#let.resolve();
  }

  fail(error: Error): void {
    this.#let.reject(error);
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

for (const [where, { createOutlet }] of Object.entries({ inBrowser, elsewhere })) {
  const open = (slow: Slow) =>
    createOutlet(slow.stream, (error) => {
      throw error;
    });

  Deno.test(`an outlet writes once a turn, and all in order: ${where}`, async () => {
    const slow = new Slow();
    const outlet = open(slow);
    outlet.add("a\n");
    outlet.schedule();
    await null;
    outlet.add("b {2}\n", Uint8Array.of(0x63, 0xff));
    outlet.add("\n");
    outlet.schedule();
    assertEquals(slow.given, []);
    await turn();
    assertEquals(slow.given, ["a\nb {2}\nc\xff\n"]);
    outlet.add("d\n");
    outlet.schedule();
    let finished = false;
    const finish = outlet.finish().then(() => finished = true);
    await turn();
    assertEquals([slow.given.length, finished], [1, false]);
    slow.go();
    await finish;
    assertEquals(slow.taken, "a\nb {2}\nc\xff\nd\n");
    await outlet.finish();
  });

  Deno.test(`an outlet is full while the other end takes nothing: ${where}`, async () => {
    const slow = new Slow();
    const outlet = open(slow);
    outlet.add("a");
    outlet.flush();
    await turn();
    assertEquals(outlet.full, false);
    outlet.add("b", new Uint8Array(65_536));
    assertEquals(outlet.full, true);
    let drained = false;
    const drain = outlet.drained().then(() => drained = true);
    await turn();
    assertEquals([drained, outlet.full], [false, true]);
    slow.go();
    await drain;
    assertEquals(outlet.full, false);
    await outlet.finish();
    assertEquals(slow.taken.length, 65_538);
  });

  Deno.test(`an outlet tells of what goes wrong, and ends what waits for it: ${where}`, async () => {
    const slow = new Slow();
    const errors: unknown[] = [];
    const outlet = createOutlet(slow.stream, (error) => errors.push(error));
    outlet.add("a", new Uint8Array(100_000));
    const waiting = [outlet.drained(), outlet.finish()];
    await turn();
    const error = new Error("lost");
    slow.fail(error);
    await Promise.all(waiting);
    assertEquals([errors, outlet.full], [[error], false]);
  });
}
