// The work queue beside beanstalkd and BullMQ: rounds alternate, so that a drift of the machine meets all alike, and what
// is printed are medians of ratios. 50 connections, bodies of 100 bytes. Everybody shares this machine's cores.
//
//     deno task bench:queue [ROUNDS]

import { median } from "./load.ts";
import { Crowd } from "./queue/crowd.ts";
import { startBeanstalkd, startLineup, startRedis, type Target } from "./queue/targets.ts";

const ROUNDS = Number(Deno.args[0] ?? Deno.env.get("LINEUP_BENCH_ROUNDS") ?? 5);
const CONNECTIONS = 50;
const DEPTH = 16;
const BODY = "x".repeat(100);
// A round is about half a second; what writes each change through by itself does less in that time.
const SHAPES = {
  "PUT, 16 deep": { connections: CONNECTIONS, depth: DEPTH, put: true, fast: 40, slow: 2 },
  "TAKE and DONE, 16 deep": { connections: CONNECTIONS, depth: DEPTH, fast: 40, slow: 2 },
  "PUT, one at a time, 50 connections": {
    connections: CONNECTIONS,
    depth: 1,
    put: true,
    fast: 160,
    slow: 20,
  },
  "TAKE and DONE, one at a time, 50 connections": {
    connections: CONNECTIONS,
    depth: 1,
    fast: 160,
    slow: 20,
  },
  "PUT, one at a time, 1 connection": {
    connections: 1,
    depth: 1,
    put: true,
    fast: 500,
    slow: 500,
  },
  "TAKE and DONE, one at a time, 1 connection": { connections: 1, depth: 1, fast: 500, slow: 500 },
} as const;
type Shape = keyof typeof SHAPES;
const BULLMQ_JOBS = 5000;

const directory = await Deno.makeTempDir({ prefix: "lineup-bench-" });
const targets: Target[] = [];
globalThis.addEventListener("unload", () => {
  for (const target of targets) target[Symbol.dispose]();
  Deno.removeSync(directory, { recursive: true });
});

/** The rates of each round, by shape. */
type Rates = Map<Shape, number[]>;

async function round(target: Target, rates: Rates): Promise<void> {
  const slow = target.name.endsWith("-f0");
  for (const [name, shape] of Object.entries(SHAPES)) {
    using crowd = await Crowd.open(target, shape.connections);
    const rounds = slow ? shape.slow : shape.fast;
    const rate = "put" in shape
      ? await crowd.put(rounds, shape.depth, BODY)
      : await crowd.work(rounds, shape.depth);
    rates.set(name as Shape, [...rates.get(name as Shape) ?? [], rate]);
  }
}

const BULLMQ = new URL("queue/bullmq.mjs", import.meta.url).pathname;
const INSTALL_BULLMQ =
  "npm install --prefix bench/queue --no-save --omit=optional bullmq@6.7.0 ioredis@5.8.2";

/** What BullMQ lacks here, and how to get it. */
function missing(redis: Target | undefined): string | undefined {
  if (redis === undefined) return "redis-server (Debian: apt install redis-server)";
  try {
    Deno.statSync(new URL("queue/node_modules/bullmq", import.meta.url));
    new Deno.Command("node", { args: ["--version"], stdout: "null" }).outputSync();
  } catch {
    return `node and its packages (${INSTALL_BULLMQ})`;
  }
}

async function bullmq(role: "add" | "process", port: number): Promise<number> {
  const args = [BULLMQ, role, String(port), String(BULLMQ_JOBS)];
  const { stdout, success } = await new Deno.Command("node", { args, stderr: "inherit" }).output();
  if (!success) throw new Error(`BullMQ's ${role} failed`);
  return Number(new TextDecoder().decode(stdout));
}

function show(
  name: string,
  rates: readonly number[],
  ours?: readonly number[],
): void {
  const rate = Math.round(median(rates)).toLocaleString("en").padStart(10);
  const ratio = ours === undefined
    ? ""
    : `   lineup queue has ${median(ours.map((our, at) => our / rates[at])).toFixed(2)} times that`;
  console.log(`  ${(name + ":").padEnd(16)}${rate} jobs/s${ratio}`);
}

const lineup = await startLineup(`${directory}/queue.db`);
targets.push(lineup);
Deno.mkdirSync(`${directory}/beanstalkd`);
for (const peer of [await startBeanstalkd(), await startBeanstalkd(`${directory}/beanstalkd`)]) {
  if (peer !== undefined) targets.push(peer);
}
if (targets.length === 1) {
  console.log("beanstalkd is not installed (Debian: apt install beanstalkd)");
}

const rates = new Map<Target, Rates>(targets.map((target) => [target, new Map()]));
for (const target of targets) await round(target, new Map());
for (let at = 0; at < ROUNDS; at++) {
  for (const target of targets) await round(target, rates.get(target)!);
}
for (const shape of Object.keys(SHAPES) as Shape[]) {
  console.log(`\n${shape} (median of ${ROUNDS} rounds)`);
  const ours = rates.get(lineup)!.get(shape)!;
  for (const target of targets) {
    show(target.name, rates.get(target)!.get(shape)!, target === lineup ? undefined : ours);
  }
}

const redis = await startRedis();
const lacking = missing(redis);
if (redis !== undefined) targets.push(redis);
if (lacking !== undefined) console.log(`\nBullMQ is not measured: it lacks ${lacking}`);
else {
  const theirs: Record<"PUT, 16 deep" | "TAKE and DONE, 16 deep", number[]> = {
    "PUT, 16 deep": [],
    "TAKE and DONE, 16 deep": [],
  };
  const ours: Rates = new Map();
  for (let at = 0; at < Math.min(ROUNDS, 3); at++) {
    await round(lineup, ours);
    theirs["PUT, 16 deep"].push(await bullmq("add", redis!.port));
    theirs["TAKE and DONE, 16 deep"].push(await bullmq("process", redis!.port));
  }
  console.log("\nBullMQ on redis-server in memory: one process that adds, then one that processes");
  for (const shape of ["PUT, 16 deep", "TAKE and DONE, 16 deep"] as const) {
    show(shape.startsWith("PUT") ? "BullMQ adds" : "BullMQ works", theirs[shape], ours.get(shape));
  }
}
Deno.exit();
