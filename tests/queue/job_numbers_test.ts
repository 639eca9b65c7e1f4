import { assertEquals } from "@std/assert";
import { allNumbers, shardNumbers } from "../../queue/job_numbers.ts";

Deno.test("the numbers of a shard go up, and have the shard as their remainder", () => {
  for (const shards of [1, 2, 3, 64]) {
    for (let shard = 0; shard < shards; shard++) {
      const numbers = shardNumbers(shard, shards);
      const given: number[] = [];
      for (let last = 0; given.length < 5; given.push(last)) last = numbers.after(last);
      const first = shard === 0 ? shards : shard;
      assertEquals(given, [0, 1, 2, 3, 4].map((n) => first + n * shards), `${shard} of ${shards}`);
      // Also behind a number that another program has given.
      for (let last = 0; last < 2 * shards; last++) {
        const next = numbers.after(last);
        assertEquals(next % shards, shard);
        assertEquals(next > last && next <= last + shards, true, `${next} after ${last}`);
      }
    }
  }
  assertEquals([0, 1, 2].map((last) => allNumbers.after(last)), [1, 2, 3]);
});
