// The output of a connection.

import { assertEquals } from "@std/assert";
import { type ByteStream, memoryPair, Output } from "../../net/mod.ts";

/** A stream that takes half of the bytes of each write, once the test lets it. */
class Slow {
  /** The bytes of each write. */
  readonly given: string[] = [];
  /** All bytes that the stream took. */
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

const open = (slow: Slow) =>
  new Output(slow.stream, (error) => {
    throw error;
  });

Deno.test("an output writes once a turn, and all in order", async () => {
  const slow = new Slow();
  const output = open(slow);
  output.add("a\n");
  output.schedule();
  await null;
  output.add("b {2}\n", Uint8Array.of(0x63, 0xff));
  output.add("\n");
  output.schedule();
  assertEquals(slow.given, []);
  await turn();
  assertEquals(slow.given, ["a\nb {2}\nc\xff\n"]);
  output.add("d\n");
  output.schedule();
  let finished = false;
  const finish = output.finish().then(() => finished = true);
  await turn();
  assertEquals([slow.given.length, finished], [1, false]);
  slow.go();
  await finish;
  assertEquals(slow.taken, "a\nb {2}\nc\xff\nd\n");
  await output.finish();
});

Deno.test("an output is full while the other end takes nothing", async () => {
  const slow = new Slow();
  const output = open(slow);
  output.add("a");
  output.flush();
  await turn();
  assertEquals(output.full, false);
  output.add("b", new Uint8Array(65_536));
  assertEquals(output.full, true);
  let drained = false;
  const drain = output.drained().then(() => drained = true);
  await turn();
  assertEquals([drained, output.full], [false, true]);
  slow.go();
  await drain;
  assertEquals(output.full, false);
  await output.finish();
  assertEquals(slow.taken.length, 65_538);
});

Deno.test("an output reports an error, and ends the calls that wait for it", async () => {
  const slow = new Slow();
  const errors: unknown[] = [];
  const output = new Output(slow.stream, (error) => errors.push(error));
  output.add("a", new Uint8Array(100_000));
  const waiting = [output.drained(), output.finish()];
  await turn();
  const error = new Error("lost");
  slow.fail(error);
  await Promise.all(waiting);
  assertEquals([errors, output.full], [[error], false]);
});
