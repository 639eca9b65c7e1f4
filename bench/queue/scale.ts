// A million ready jobs over 10,000 keys: the memory of the process, the time of a start, and the rates beside those with a
// thousand jobs.

import { Crowd } from "./crowd.ts";
import { type Gate, SCALE, verdict } from "./gates.ts";
import { type QueueServer, startLineup } from "./servers.ts";
import { median } from "../statistics.ts";

const MANY = 1_000_000;
const FEW = 1_000;
const KEYS = 10_000;
const CONNECTIONS = 50;
const DEPTH = 16;
/** How many batches each connection sends in one measurement of a rate. */
const BATCHES = 20;
const BODY = "x".repeat(100);
/** How long to wait before the second look at the memory, in milliseconds: garbage may go, and more may come. */
const SECOND_LOOK_MS = 10_000;

function figure(name: string, text: string, gate?: Gate, value?: number): void {
  console.log(
    `  ${(name + ":").padEnd(50)}${text.padStart(20)}   ${verdict(gate, value)}`.trimEnd(),
  );
}

/** The resident memory of a process, in MiB. */
function resident({ pid }: QueueServer): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) / 1024;
}

async function showResident(when: string, target: QueueServer): Promise<void> {
  const show = (when: string): void => {
    const size = resident(target);
    figure(`resident ${when}`, `${Math.round(size)} MiB`, SCALE.resident, size);
  };
  show(when);
  await new Promise((resolve) => setTimeout(resolve, SECOND_LOOK_MS));
  show(`${when}, ${SECOND_LOOK_MS / 1000} s later`);
}

/** Puts jobs. Resolves with the jobs a second. */
async function fill(target: QueueServer, jobs: number, connections: number): Promise<number> {
  using crowd = await Crowd.open(target, connections);
  return await crowd.put(jobs / connections / DEPTH, DEPTH, BODY, KEYS);
}

/** Measures the queue with a million jobs and prints the figures. */
export async function measureScale(directory: string, rounds: number): Promise<void> {
  console.log(`\n${MANY.toLocaleString("en")} jobs of ${BODY.length} bytes over ${KEYS} keys`);
  const path = `${directory}/scale.db`;
  let ended: Promise<unknown>;
  {
    using target = await startLineup(path);
    figure("resident without jobs", `${Math.round(resident(target))} MiB`);
    const rate = await fill(target, MANY, CONNECTIONS);
    figure("PUT, until they are there", `${Math.round(rate).toLocaleString("en")} jobs/s`);
    await showResident("once they are put", target);
    ended = target.ended;
  }
  // Until then the process locks its file.
  await ended;
  let told = "";
  const start = performance.now();
  using many = await startLineup(path, (text) => told += text);
  const seconds = (performance.now() - start) / 1000;
  figure("start", `${seconds.toFixed(1)} s`, SCALE.start, seconds);
  await showResident("once they are loaded", many);
  const lines = told.split("\n").filter((line) => line.startsWith("jobs loaded:")).length;
  figure("progress on standard error", `${lines} lines`, SCALE.progress, lines);

  using few = await startLineup(`${directory}/few.db`);
  await fill(few, FEW, 1);
  const ratios: Record<"PUT" | "TAKE and DONE", number[]> = { PUT: [], "TAKE and DONE": [] };
  for (let at = 0; at <= rounds; at++) {
    const [fewer, more] = [await round(few), await round(many)];
    // The first round warms up.
    if (at === 0) continue;
    ratios.PUT.push(more.put / fewer.put);
    ratios["TAKE and DONE"].push(more.work / fewer.work);
  }
  for (const [name, each] of Object.entries(ratios)) {
    const ratio = median(each);
    figure(`${name}, beside ${FEW.toLocaleString("en")} jobs`, ratio.toFixed(2), SCALE.rate, ratio);
  }
  figure("resident behind that load", `${Math.round(resident(many))} MiB`);
}

/** Puts jobs and takes as many. Resolves with the jobs a second of both. */
async function round(target: QueueServer): Promise<{ put: number; work: number }> {
  using crowd = await Crowd.open(target, CONNECTIONS);
  const put = await crowd.put(BATCHES, DEPTH, BODY, KEYS);
  return { put, work: await crowd.work(BATCHES, DEPTH) };
}
