// The bounds of a request's cost: no request of one line holds the event loop for more than 20 ms, and the server
// counts every text of a client that it keeps. `tests/peers/queue_cost_test.ts` has the first for a queue in memory.

import { assert } from "@std/assert";
import { HAS_PROC } from "../../attacks/attacked_process.ts";
import { LONG, SEED, seededRandom } from "../../seeded_random.ts";
import { makeFixture } from "./cost_fixture.ts";
import { fuzz, IN_MEMORY, ON_DISK, spec } from "./cost_fuzz.ts";
import { CostRequests } from "./cost_requests.ts";
import { Costed } from "./costed.ts";
import { withDirectory } from "../../temporary_directory.ts";

Deno.test({
  name: `lineup queue on disk is held by no request for long (LINEUP_SEED=${SEED})`,
  ignore: !HAS_PROC,
  fn: () =>
    withDirectory(async (directory) => {
      const fixture = `${directory}/fixture.db`;
      await makeFixture(fixture, ON_DISK);
      let files = 0;
      await fuzz(async () => {
        const file = `${directory}/${files++}.db`;
        await Deno.copyFile(fixture, file);
        return await Costed.start(file);
      }, ON_DISK);
    }),
});

/** The bounds of uncounted growth, of the heap and of resident memory: V8 and the allocator need some room. */
const UNCOUNTED = { heap: 4 << 20, rss: 40 << 20 };
const TEXTS = 30 * LONG;
const AT_ONCE = 200;

Deno.test({
  name: `lineup queue keeps no text that it does not count (LINEUP_SEED=${SEED})`,
  ignore: !HAS_PROC,
  async fn() {
    // The store is in memory: the thread that writes a file has a heap of its own, and its garbage would be measured.
    await using server = await Costed.start(":memory:");
    const requests = new CostRequests(seededRandom(SEED), spec, IN_MEMORY);
    const flush = async (batch: readonly string[]): Promise<void> => {
      using attacker = await server.attacker();
      const text = batch.map((line, n) => `#t${n} ${line}`).join("");
      await attacker.send(new TextEncoder().encode(text));
      await attacker.answers(batch.length);
    };
    const send = async (from: number, to: number): Promise<void> => {
      let batch: string[] = [];
      for (const text of requests.texts(from, to)) {
        if (batch.push(text) < AT_ONCE) continue;
        await flush(batch);
        batch = [];
      }
      await flush(batch);
    };
    const held = async (): Promise<number> => {
      const figures = await server.figures();
      return figures.get("queue-held-bytes")! + figures.get("held-bytes")!;
    };
    // After the first half, everything that is made once exists, and bounded tables are full.
    await send(0, TEXTS);
    const [before, countedBefore] = [await server.report(), await held()];
    await send(TEXTS, 2 * TEXTS);
    const [after, counted] = [await server.report(), await held()];
    const shown = JSON.stringify({ before, after, counted: counted - countedBefore });
    const allowed = 1.2 * (counted - countedBefore);
    assert(after.heap - before.heap < allowed + UNCOUNTED.heap, shown);
    assert(after.rss - before.rss < allowed + UNCOUNTED.rss, shown);
  },
});
