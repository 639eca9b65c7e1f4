// pg-boss and Graphile Worker, in a process of their own, as their documentation uses them:
// `postgres_peers.ts PEER ROLE URL COUNT`. Prints the jobs a second.

import { type AddJobFunction, makeWorkerUtils, run, runMigrations } from "graphile-worker";
import { PgBoss } from "pg-boss";

const [peer, role, url, total] = Deno.args;
const count = Number(total);
/** As many callers as the queue has connections. */
const CALLERS = 50;
const BATCH = 1000;
const FETCH = 100;
const FETCHERS = 4;
const job = { body: "x".repeat(100) };

/** Calls `step` so many times, from so many callers at once. Resolves with the calls a second. */
async function rateOf(
  calls: number,
  callers: number,
  step: () => Promise<unknown>,
): Promise<number> {
  let left = calls;
  const start = performance.now();
  await Promise.all(Array.from({ length: callers }, async () => {
    while (left-- > 0) await step();
  }));
  return calls / (performance.now() - start) * 1000;
}

async function boss(): Promise<number> {
  const boss = new PgBoss({ connectionString: url, max: 20 });
  boss.on("error", (error: unknown) => console.error(error));
  await boss.start();
  await boss.createQueue("work");
  try {
    if (role === "send") return await rateOf(count, CALLERS, () => boss.send("work", job));
    if (role === "insert") {
      const batch = Array.from({ length: BATCH }, () => ({ data: job }));
      return await rateOf(count / BATCH, 4, () => boss.insert("work", batch)) * BATCH;
    }
    return await rateOf(count / FETCH, FETCHERS, async () => {
      const jobs = await boss.fetch("work", { batchSize: FETCH });
      await boss.complete("work", jobs.map(({ id }: { id: string }) => id));
    }) * FETCH;
  } finally {
    await boss.stop({ graceful: false });
  }
}

async function graphile(): Promise<number> {
  await runMigrations({ connectionString: url });
  if (role === "run") return await graphileRun();
  const utils = await makeWorkerUtils({ connectionString: url, maxPoolSize: 20 });
  const addJob: AddJobFunction = utils.addJob;
  try {
    if (role === "send") return await rateOf(count, CALLERS, () => addJob("work", job));
    const batch = Array.from({ length: BATCH }, () => ({ identifier: "work", payload: job }));
    return await rateOf(count / BATCH, 4, () => utils.addJobs(batch)) * BATCH;
  } finally {
    await utils.release();
  }
}

async function graphileRun(): Promise<number> {
  const ended = Promise.withResolvers<void>();
  let done = 0;
  const start = performance.now();
  const runner = await run({
    connectionString: url,
    maxPoolSize: 20,
    concurrency: CALLERS,
    noHandleSignals: true,
    pollInterval: 500,
    preset: {
      worker: {
        localQueue: { size: 500 },
        completeJobBatchDelay: 0,
        failJobBatchDelay: 0,
      },
    },
    taskList: {
      work: () => {
        if (++done === count) ended.resolve();
      },
    },
  });
  await ended.promise;
  const rate = count / (performance.now() - start) * 1000;
  await runner.stop();
  return rate;
}

console.log(await (peer === "pg-boss" ? boss() : graphile()));
Deno.exit(0);
