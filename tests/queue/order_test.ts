import { assertEquals } from "@std/assert";
import { Job } from "../../queue/job.ts";
import { Order } from "../../queue/order.ts";
import { Queue } from "../../queue/queue.ts";
import type { StoredJob } from "../../queue/store.ts";
import { LONG, SEED, seededRandom } from "../seeded_random.ts";
import { job as stored } from "./store_conformance.ts";

function newJob(queue: Queue, id: number, rest: Partial<StoredJob>): Job {
  const each = stored(id, rest);
  return new Job(each, queue.tenant(each.key).kind(each));
}

/** A job that tells each time somebody reads what decides about its place. */
function watched(job: Job, count: () => void): Job {
  const { ready } = job;
  Object.defineProperty(job, "ready", {
    get() {
      count();
      return ready;
    },
  });
  return job;
}

Deno.test("Order loses any job that is removed and none else, and knows the oldest", () => {
  const queue = new Queue("mail");
  for (let seed = SEED; seed < SEED + 50 * LONG; seed++) {
    const random = seededRandom(seed);
    const below = (limit: number): number => Math.floor(random() * limit);
    const order = new Order();
    let jobs: Job[] = [];
    for (let id = 1; id <= 400; id++) {
      if (random() < 0.5) {
        const rest = { key: `k${below(3)}`, priority: below(3), ready: below(100) };
        const job = newJob(queue, id, rest);
        order.push(job);
        jobs.push(job);
      } else if (jobs.length > 0) {
        const job = random() < 0.3 ? order.next! : jobs[below(jobs.length)];
        if (job === order.next && random() < 0.5) assertEquals(order.take(), job);
        else order.remove(job);
        jobs = jobs.filter((other) => other !== job);
      }
      const oldest = jobs.length === 0 ? undefined : Math.min(...jobs.map(({ ready }) => ready));
      assertEquals([order.size, order.oldest], [jobs.length, oldest], `LINEUP_SEED=${seed}`);
      assertEquals(order.next === undefined, jobs.length === 0);
    }
    const left = new Set(jobs);
    while (order.size > 0) left.delete(order.take());
    assertEquals([left.size, order.oldest], [0, undefined], `LINEUP_SEED=${seed}`);
  }
});

Deno.test("Order removes any of 20,000 with few comparisons: O(log n)", () => {
  const queue = new Queue("mail");
  const random = seededRandom(SEED);
  let reads = 0;
  const order = new Order();
  const jobs = Array.from({ length: 20_000 }, (_, at) => {
    const rest = { key: at % 2 === 0 ? "large" : `k${at % 5_000}`, ready: random() };
    return watched(newJob(queue, at + 1, rest), () => reads++);
  });
  for (const job of jobs) order.push(job);
  let most = 0;
  for (let i = 0; i < 10_000; i++) {
    const [job] = jobs.splice(Math.floor(random() * jobs.length), 1);
    reads = 0;
    order.remove(job);
    most = Math.max(most, reads);
  }
  // Two heaps of at most 15 levels; four reads at each of two comparisons a level.
  assertEquals(most <= 2 * 15 * 8, true, `${most} reads`);
  assertEquals(order.size, 10_000);
});
