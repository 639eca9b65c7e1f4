import { assertEquals } from "@std/assert";
import type { Job } from "../../../queue/index/job.ts";
import { JobTable } from "../../../queue/index/job_table.ts";
import { Order } from "../../../queue/index/order.ts";
import { Queue } from "../../../queue/index/queue.ts";
import type { StoredJob } from "../../../queue/store/job_fields.ts";
import { LONG, SEED, seededRandom } from "../../seeded_random.ts";
import { job as stored } from "../../../queue/store/conformance/samples.ts";

/** A table that counts the reads of ready times: the order compares them. */
class WatchedTable extends JobTable {
  reads = 0;

  override readyAtOf(slot: number): number {
    this.reads++;
    return super.readyAtOf(slot);
  }
}

function newJob(table: JobTable, queue: Queue, id: number, rest: Partial<StoredJob>): Job {
  const each = stored(id, rest);
  return table.add(each, queue.key(each.key).share(each));
}

Deno.test("Order loses exactly the removed jobs, and knows the oldest", () => {
  const table = new JobTable();
  const queue = new Queue("mail", table);
  let id = 0;
  for (let seed = SEED; seed < SEED + 50 * LONG; seed++) {
    const random = seededRandom(seed);
    const below = (limit: number): number => Math.floor(random() * limit);
    const order = new Order(table);
    let jobs: Job[] = [];
    for (let step = 0; step < 400; step++) {
      if (random() < 0.5) {
        const rest = { key: `k${below(3)}`, priority: below(3), readyAt: below(100) };
        const job = newJob(table, queue, ++id, rest);
        order.push(job.slot);
        jobs.push(job);
      } else if (jobs.length > 0) {
        const job = random() < 0.3 ? table.at(order.next!) : jobs[below(jobs.length)];
        if (job.slot === order.next && random() < 0.5) order.take();
        else order.remove(job.slot);
        jobs = jobs.filter((other) => other.id !== job.id);
        table.delete(job);
      }
      const oldest = jobs.length === 0
        ? undefined
        : Math.min(...jobs.map(({ readyAt }) => readyAt));
      assertEquals([order.size, order.oldest], [jobs.length, oldest], `LINEUP_SEED=${seed}`);
      assertEquals(order.next === undefined, jobs.length === 0);
    }
    const left = new Set(jobs.map(({ id }) => id));
    while (order.size > 0) {
      const job = table.at(order.next!);
      order.take();
      left.delete(job.id);
      table.delete(job);
    }
    assertEquals([left.size, order.oldest], [0, undefined], `LINEUP_SEED=${seed}`);
  }
});

Deno.test("Order removes any of 20,000 with few comparisons: O(log n)", () => {
  const table = new WatchedTable();
  const queue = new Queue("mail", table);
  const random = seededRandom(SEED);
  const order = new Order(table);
  const jobs = Array.from({ length: 20_000 }, (_, at) => {
    const rest = { key: at % 2 === 0 ? "large" : `k${at % 5_000}`, readyAt: random() };
    return newJob(table, queue, at + 1, rest);
  });
  for (const job of jobs) order.push(job.slot);
  let most = 0;
  for (let i = 0; i < 10_000; i++) {
    const [job] = jobs.splice(Math.floor(random() * jobs.length), 1);
    table.reads = 0;
    order.remove(job.slot);
    most = Math.max(most, table.reads);
  }
  // There are two heaps of at most 15 levels, two comparisons a level, and two reads a comparison.
  assertEquals(most <= 2 * 15 * 4, true, `${most} reads`);
  assertEquals(order.size, 10_000);
});
