/**
 * `deno bench --config bench/deno.json --allow-all bench/scheduling_bench.ts`: the scheduler beside its JavaScript peers.
 *
 * One iteration hands in a backlog of requests and waits until all are done; divide the backlog by
 * the time for operations a second. Every contender runs the same no-op async job, 16 at once, with
 * the same random classes and flows, by its own best interface, and fails if it lost one. Those
 * marked "FIFO" know neither priorities nor fairness: they do less. Not run, for their time grows with
 * the square of the backlog: p-queue and cockatiel at a million.
 *
 * `LINEUP_BACKLOGS=1000,100000` picks the backlogs.
 */
import async from "async";
import { bulkhead } from "cockatiel";
import fastq from "fastq";
import FlatQueue from "flatqueue";
import { Heap } from "heap-js";
import { RateLimiter as Limiter } from "limiter";
import { setImmediate } from "node:timers";
import pLimit from "p-limit";
import PQueue from "p-queue";
import { RateLimiterMemory } from "rate-limiter-flexible";
import TinyQueue from "tinyqueue";
import {
  CLASSES,
  type Clock,
  CostEstimate,
  Entry,
  FairQueue,
  fixedSeats,
  Lane,
  RateLimiter,
  Scheduler,
  Ticket,
} from "../scheduling/mod.ts";

const AT_ONCE = 16;
const BACKLOGS = (Deno.env.get("LINEUP_BACKLOGS") ?? "1000,100000,1000000").split(",").map(Number);
const FLOWS = [1, 100, 10_000];
const MOST = Math.max(...BACKLOGS, 100_000);

/** The same random numbers for all: class and flow of each request. */
const draws = Uint32Array.from({ length: MOST }, () => Math.random() * 2 ** 32);
const names = ["interactive", "normal", "bulk", "background"];
const rankOf = (i: number): number => draws[i] >>> 30;

const origin = performance.timeOrigin;
const clock: Clock = {
  now: () => origin + performance.now(),
  after(delay, action) {
    const timer = setTimeout(action, delay);
    return () => clearTimeout(timer);
  },
};

async function job(): Promise<void> {}

/** Hands in so many requests; the promise resolves when all are done. */
type Contender = (backlog: number) => Promise<void>;

/** Everything on, except that no bound is so low that it would shed what is counted. */
function lineup(flows: number): Contender {
  let done = 0;
  let target = 0;
  let resolve = () => {};
  const scheduler: Scheduler = new Scheduler({
    clock,
    random: Math.random,
    seats: fixedSeats(AT_ONCE),
    yield: (go) => void setImmediate(go),
    run: (ticket) => {
      job().then(() => {
        scheduler.finish(ticket);
        if (++done === target) resolve();
      });
    },
    refuse: (_, reason) => {
      throw new Error(reason);
    },
    classes: CLASSES.map((options) => ({ ...options, target: 60_000, patience: 60_000 })),
    limits: { flow: MOST, waiting: MOST, bytes: 2 ** 40 },
  });
  const limiter = new RateLimiter({ rate: 1e9, burst: 1e9 });
  const handles = Array.from({ length: flows }, (_, i) => {
    const meters = [limiter.meter(`${i}`)];
    return names.map((name) => scheduler.openFlow(name, `${i}`, { meters }));
  });
  const command = new CostEstimate();
  return (backlog) => {
    target = done + backlog;
    const all = new Promise<void>((settle) => resolve = settle);
    // As a server does: the clock is read once for what came in one turn.
    const now = clock.now();
    for (let i = 0; i < backlog; i++) {
      const handle = handles[draws[i] % flows][rankOf(i)];
      scheduler.submit(new Ticket(handle, command, 100, now + 60_000), now);
    }
    return all;
  };
}

const fastqFifo: Contender = (backlog) => {
  const queue = fastq((_: number, done: (error: null) => void) => {
    job().then(() => done(null));
  }, AT_ONCE);
  return new Promise((resolve) => {
    let left = backlog;
    const counted = () => {
      if (--left === 0) resolve();
    };
    for (let i = 0; i < backlog; i++) queue.push(i, counted);
  });
};

const fastqPromise: Contender = async (backlog) => {
  const queue = fastq.promise(job, AT_ONCE);
  const jobs = new Array<Promise<void>>(backlog);
  for (let i = 0; i < backlog; i++) jobs[i] = queue.push(i);
  await Promise.all(jobs);
};

const pLimitFifo: Contender = async (backlog) => {
  const limit = pLimit(AT_ONCE);
  const jobs = new Array<Promise<void>>(backlog);
  for (let i = 0; i < backlog; i++) jobs[i] = limit(job);
  await Promise.all(jobs);
};

const pQueue: Contender = async (backlog) => {
  const queue = new PQueue({ concurrency: AT_ONCE });
  let done = 0;
  const counted = async () => {
    await job();
    done++;
  };
  for (let i = 0; i < backlog; i++) queue.add(counted, { priority: rankOf(i) });
  await queue.onIdle();
  if (done !== backlog) throw new Error(`${done} done`);
};

/** As above with a priority of its own for every request, which is what the issue asks for. */
const pQueueRandom: Contender = async (backlog) => {
  const queue = new PQueue({ concurrency: AT_ONCE });
  for (let i = 0; i < backlog; i++) queue.add(job, { priority: draws[i] });
  await queue.onIdle();
};

const asyncPriority: Contender = (backlog) =>
  new Promise((resolve) => {
    let left = backlog;
    const queue = async.priorityQueue(async (_: number) => {
      await job();
      if (--left === 0) resolve();
    }, AT_ONCE);
    for (let i = 0; i < backlog; i++) queue.push(i, rankOf(i));
  });

const cockatielFifo: Contender = async (backlog) => {
  const policy = bulkhead(AT_ONCE, backlog);
  const jobs = new Array<Promise<void>>(backlog);
  for (let i = 0; i < backlog; i++) jobs[i] = policy.execute(job);
  await Promise.all(jobs);
};

/** A contender and the largest backlog at which it ends within minutes. */
const PEERS: [string, Contender, number][] = [
  ["fastq (FIFO, callbacks)", fastqFifo, Infinity],
  ["fastq.promise (FIFO)", fastqPromise, Infinity],
  ["p-limit (FIFO)", pLimitFifo, Infinity],
  ["async.priorityQueue (4 priorities)", asyncPriority, Infinity],
  ["p-queue (4 priorities)", pQueue, 100_000],
  ["p-queue (random priorities)", pQueueRandom, 100_000],
  ["cockatiel bulkhead (FIFO)", cockatielFifo, 100_000],
];

for (const backlog of BACKLOGS) {
  const group = `schedule and run, backlog ${backlog}`;
  // Enough runs for a median, few enough to end: 500, 10 and 3.
  const n = Math.max(3, Math.min(500, Math.round(1_000_000 / backlog)));
  const warmup = Math.min(n, 50);
  for (const flows of FLOWS) {
    const contender = lineup(flows);
    const name = `Lineup, all on, ${flows} flows, backlog ${backlog}`;
    // A function that is not declared async is not waited for.
    Deno.bench({ name, group, n, warmup, baseline: flows === 100 }, async () => {
      await contender(backlog);
    });
  }
  for (const [peer, contender, most] of PEERS) {
    if (backlog > most) continue;
    const name = `${peer}, backlog ${backlog}`;
    // What takes seconds runs twice.
    const slow = backlog >= 100_000 && most < Infinity;
    Deno.bench({ name, group, n: slow ? 2 : n, warmup: slow ? 1 : warmup }, async () => {
      await contender(backlog);
    });
  }
}

/** A steady backlog: serves one and takes one in, so many times. */
const ROUNDS = 10_000;

for (const size of [100, 10_000, 1_000_000].filter((size) => size <= MOST)) {
  const group = `hold ${size}: ${ROUNDS} times one out, one in`;
  const key = (i: number): number => draws[i % MOST];

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
          next = (next + 1) % MOST;
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
  const step = (): number => key(at = (at + 1) % MOST);
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
