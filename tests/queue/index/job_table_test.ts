import { assertEquals } from "@std/assert";
import { JobTable } from "../../../queue/index/job_table.ts";
import { Queue } from "../../../queue/index/queue.ts";
import type { StoredJob } from "../../../queue/store/job_fields.ts";
import { LONG, SEED, seededRandom } from "../../seeded_random.ts";
import { job as stored } from "../../../queue/store/conformance/samples.ts";

/** The most slots beyond the largest number of jobs at a time. */
const SLACK = 4096;

Deno.test("JobTable has all fields of each job, by id and by slot, and uses slots again", () => {
  for (let seed = SEED; seed < SEED + 2 * LONG; seed++) {
    const random = seededRandom(seed);
    const below = (limit: number): number => Math.floor(random() * limit);
    const table = new JobTable();
    const queue = new Queue("mail", table);
    const all = new Map<number, StoredJob>();
    const ids: number[] = [];
    let [id, most, highest] = [0, 0, 0];
    const add = (): void => {
      // The ids of jobs are consecutive, except where some were lost. Beyond 2^31 they are no small integers.
      id += random() < 0.999 ? 1 : below(2) === 0 ? below(500) : 2 ** 30;
      const each = stored(id, {
        key: `k${below(50)}`,
        priority: below(10),
        enqueuedAt: random() * 1e13,
        size: below(1e8),
        state: (["delayed", "ready", "taken", "dead", "done"] as const)[below(5)],
        attempt: random() < 0.9 ? below(5) : Number.MAX_SAFE_INTEGER,
        readyAt: random() * 1e13,
        endsAt: random() * 1e13,
        releaseOnDisconnect: below(2) === 0,
        ...below(4) === 0 && { unique: `u${id}` },
        ...below(4) === 0 && { expiresAt: random() * 1e13 },
        ...below(4) === 0 && { uncountedAttempts: below(5), reason: "disk full" },
      });
      all.set(id, each);
      ids.push(id);
      const { slot } = table.add(each, queue.key(each.key).share(each));
      most = Math.max(most, all.size);
      highest = Math.max(highest, slot);
    };
    const remove = (gone: number): void => {
      all.delete(gone);
      table.delete(table.get(gone)!);
      assertEquals(table.get(gone), undefined);
    };
    // The number of jobs goes up and down. The oldest goes first, or any.
    for (
      const [count, left, inOrder] of [[9000, 100, true], [9000, 5000, false], [9000, 0, true]]
    ) {
      while (all.size < Number(count)) add();
      while (all.size > Number(left)) {
        remove(ids.splice(inOrder ? 0 : below(ids.length), 1)[0]);
        if (below(10) === 0) add();
      }
      assertEquals(
        Array.from(table, (job) => job.stored()),
        [...all.values()],
        `LINEUP_SEED=${seed}`,
      );
      for (const { id, slot } of table) {
        assertEquals([table.get(id)!.slot, table.at(slot).id], [slot, id]);
      }
      assertEquals(table.size, all.size);
    }
    assertEquals(highest < most + SLACK, true, `slot ${highest} of ${most} jobs`);
  }
});
