/**
 * `deno bench --config bench/deno.json --allow-all bench/scheduling_bench.ts`: the scheduler beside its JavaScript peers.
 *
 * One iteration submits a backlog of requests and waits until all are done. Divide the backlog by the time for operations
 * a second. Each contender runs the same async job, which does nothing, 16 at once, with the same random classes and flows,
 * and fails if it loses one. Those marked "FIFO" have neither priorities nor fairness, so they do less. p-queue and
 * cockatiel do not run at a million, as their time grows with the square of the backlog.
 *
 * `LINEUP_BACKLOGS=1000,100000` picks the backlogs.
 */
import FlatQueue from "flatqueue";
import { Heap } from "heap-js";
import { RateLimiter as Limiter } from "limiter";
import { RateLimiterMemory } from "rate-limiter-flexible";
import TinyQueue from "tinyqueue";
import { Entry, FairQueue, Lane, RateLimiter } from "../scheduling/mod.ts";
import { clock, lineup, names } from "./scheduling/lineup.ts";
import { BACKLOGS, draws, LARGEST } from "./scheduling/load.ts";
import { PEERS } from "./scheduling/peers.ts";

const FLOWS = [1, 100, 10_000];

for (const backlog of BACKLOGS) {
  const group = `schedule and run, backlog ${backlog}`;
  // Enough runs for a median, and few enough to end soon: 500, 10 and 3.
  const n = Math.max(3, Math.min(500, Math.round(1_000_000 / backlog)));
  const warmup = Math.min(n, 50);
  for (const flows of FLOWS) {
    const contender = lineup(flows);
    const name = `Lineup, all on, ${flows} flows, backlog ${backlog}`;
    // Deno waits only for a function that is declared async.
    Deno.bench({ name, group, n, warmup, baseline: flows === 100 }, async () => {
      await contender(backlog);
    });
  }
  for (const [peer, contender, most] of PEERS) {
    if (backlog > most) continue;
    const name = `${peer}, backlog ${backlog}`;
    // A contender that takes seconds runs twice.
    const slow = backlog >= 100_000 && most < Infinity;
    Deno.bench({ name, group, n: slow ? 2 : n, warmup: slow ? 1 : warmup }, async () => {
      await contender(backlog);
    });
  }
}

/** How many times a bench of a steady backlog serves one entry and adds one. */
const ROUNDS = 10_000;

for (const size of [100, 10_000, 1_000_000].filter((size) => size <= LARGEST)) {
  const group = `hold ${size}: ${ROUNDS} times one out, one in`;
  const key = (i: number): number => draws[i % LARGEST];

  for (const flows of FLOWS) {
    const queue = new FairQueue([8, 4, 2, 1]);
    const lanes = Array.from(
      { length: flows },
      (_, i) => names.map((_, rank) => new Lane(queue.flow(rank, i))),
    );
    for (let i = 0; i < size; i++) {
      queue.push(new Entry(lanes[key(i) % flows][key(i) >>> 30], 1 + i % 7));
    }
    let next = 0;
    Deno.bench(
      `FairQueue, ${flows} flows, hold ${size}`,
      { group, baseline: flows === 100 },
      () => {
        for (let i = 0; i < ROUNDS; i++) {
          const entry = queue.pop()!;
          next = (next + 1) % LARGEST;
          entry.lane = lanes[key(next) % flows][key(next) >>> 30];
          queue.push(entry);
        }
      },
    );
  }

  const flat = new FlatQueue<number>();
  const tiny = new TinyQueue<number>();
  const heap = new Heap<number>();
  for (let i = 0; i < size; i++) {
    flat.push(i, key(i));
    tiny.push(key(i));
    heap.push(key(i));
  }
  let at = 0;
  const step = (): number => key(at = (at + 1) % LARGEST);
  Deno.bench(`flatqueue (a heap, no fairness), hold ${size}`, { group }, () => {
    for (let i = 0; i < ROUNDS; i++) {
      const least = flat.peekValue()!;
      flat.push(flat.pop()!, least + step());
    }
  });
  Deno.bench(`tinyqueue (a heap, no fairness), hold ${size}`, { group }, () => {
    for (let i = 0; i < ROUNDS; i++) tiny.push(tiny.pop()! + step());
  });
  Deno.bench(`heap-js (a heap, no fairness), hold ${size}`, { group }, () => {
    for (let i = 0; i < ROUNDS; i++) heap.push(heap.pop()! + step());
  });
}

{
  const group = `rate limit: ${ROUNDS} requests of 10,000 keys`;
  const keys = Array.from({ length: ROUNDS }, (_, i) => `key ${draws[i] % 10_000}`);
  const gcra = new RateLimiter({ rate: 1e6, burst: 1e6 });
  Deno.bench("RateLimiter (GCRA)", { group, baseline: true }, () => {
    const now = clock.now();
    for (const key of keys) gcra.take(key, now);
  });
  const flexible = new RateLimiterMemory({ points: 1e9, duration: 0 });
  Deno.bench("rate-limiter-flexible (memory, no duration)", { group }, async () => {
    for (const key of keys) await flexible.consume(key);
  });
  const limiters = new Map<string, Limiter>();
  Deno.bench("limiter (a token bucket a key)", { group }, () => {
    for (const key of keys) {
      let limiter = limiters.get(key);
      if (limiter === undefined) {
        limiter = new Limiter({ tokensPerInterval: 1e6, interval: "second" });
        limiters.set(key, limiter);
      }
      limiter.tryRemoveTokens(1);
    }
  });
}
