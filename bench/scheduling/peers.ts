// The JavaScript peers as contenders, each by its own best interface.

import async from "async";
import { bulkhead } from "cockatiel";
import fastq from "fastq";
import pLimit from "p-limit";
import PQueue from "p-queue";
import { AT_ONCE, type Contender, draws, job, rankOf } from "./load.ts";

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

/** Each request has another priority. */
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

/** The peers, each with the largest backlog that it ends within minutes. */
export const PEERS: [string, Contender, number][] = [
  ["fastq (FIFO, callbacks)", fastqFifo, Infinity],
  ["fastq.promise (FIFO)", fastqPromise, Infinity],
  ["p-limit (FIFO)", pLimitFifo, Infinity],
  ["async.priorityQueue (4 priorities)", asyncPriority, Infinity],
  ["p-queue (4 priorities)", pQueue, 100_000],
  ["p-queue (random priorities)", pQueueRandom, 100_000],
  ["cockatiel bulkhead (FIFO)", cockatielFifo, 100_000],
];
