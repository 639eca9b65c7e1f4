// BullMQ on Node, in a process of its own, as most people use it: `bullmq.mjs add|process PORT COUNT`. Prints the jobs a
// second.

import process from "node:process";
import { Queue, Worker } from "bullmq";

const [role, port, total] = process.argv.slice(2);
const connection = { host: "127.0.0.1", port: Number(port), maxRetriesPerRequest: null };
const count = Number(total);
// As many as 50 connections with 16 requests each.
const IN_FLIGHT = 800;
const body = "x".repeat(100);

function withResolvers() {
  let resolve;
  const promise = new Promise((resolved) => resolve = resolved);
  return { promise, resolve };
}

async function add() {
  const queue = new Queue("work", { connection });
  await queue.waitUntilReady();
  await queue.add("job", { body });
  const start = performance.now();
  let left = count - 1;
  const adder = async () => {
    while (left-- > 0) await queue.add("job", { body });
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, adder));
  console.log((count - 1) / (performance.now() - start) * 1000);
  await queue.close();
}

async function work() {
  const ended = withResolvers();
  let start = 0;
  let done = 0;
  const worker = new Worker("work", () => Promise.resolve(), {
    connection,
    concurrency: IN_FLIGHT,
    autorun: false,
    removeOnComplete: { count: 0 },
  });
  worker.on("completed", () => {
    if (++done === 1) start = performance.now();
    if (done === count) ended.resolve();
  });
  await worker.waitUntilReady();
  worker.run();
  await ended.promise;
  console.log((count - 1) / (performance.now() - start) * 1000);
  await worker.close();
}

await (role === "add" ? add() : work());
process.exit();
