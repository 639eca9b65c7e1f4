// The work queue beside beanstalkd and BullMQ. Rounds alternate, so a drift of the machine meets all alike. Prints medians
// of ratios, and whether they reach the required ones. 50 connections, bodies of 100 bytes. Then 10,000 waiting TAKEs, and
// a million jobs. All processes share the cores of this machine.
//
//     deno task bench:queue [ROUNDS] [--only beanstalkd|dialect|bullmq|waiting|scale]
//                           [--generator PROGRAM]
//
// PROGRAM puts the jobs instead of this process, which needs a core for that. Its arguments are: host, port, connections,
// requests in flight on each, requests in all, lines of a reply, a request (with \r and \n as escapes), lines of greeting,
// the text to send first. It prints the answered requests a second at the start of its output.

import { parseArgs } from "@std/cli/parse-args";
import { Crowd } from "./queue/crowd.ts";
import { RATIOS, verdict } from "./queue/gates.ts";
import { measureScale } from "./queue/scale.ts";
import {
  type QueueServer,
  startBeanstalkd,
  startLineup,
  startLineupTubes,
} from "./queue/servers.ts";
import { measureWaiting } from "./queue/waiting.ts";
import { median } from "./statistics.ts";
import { type RunningServer, startRedis } from "./servers.ts";

const PARTS = ["beanstalkd", "dialect", "bullmq", "waiting", "scale"];
const { _: [count], only, generator } = parseArgs(Deno.args, { string: ["only", "generator"] });
const ROUNDS = Number(count ?? Deno.env.get("LINEUP_BENCH_ROUNDS") ?? 5);
if (!(Number.isInteger(ROUNDS) && ROUNDS > 0)) {
  console.error("give the number of rounds, at least 1");
  Deno.exit(1);
}
if (only !== undefined && !PARTS.includes(only)) {
  console.error(`--only takes one of: ${PARTS.join(", ")}`);
  Deno.exit(1);
}
const CONNECTIONS = 50;
const DEPTH = 16;
const BODY = "x".repeat(100);
// A round takes about a second. A server that syncs each change does less in that time, so it gets a slow round.
const SHAPES = {
  "PUT, 16 deep": { connections: CONNECTIONS, depth: DEPTH, put: true, fast: 150, slow: 5 },
  "TAKE and DONE, 16 deep": { connections: CONNECTIONS, depth: DEPTH, fast: 150, slow: 5 },
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
type LoadShape = keyof typeof SHAPES;
/** How many rounds do not count: a server runs for long, and compiles in its first seconds. */
const WARM_UP = 5;
const BULLMQ_JOBS = 5000;

const directory = await Deno.makeTempDir({ prefix: "lineup-bench-" });
const targets: RunningServer[] = [];
globalThis.addEventListener("unload", () => {
  for (const target of targets) target[Symbol.dispose]();
  Deno.removeSync(directory, { recursive: true });
});

/** The rates of all rounds, by shape. */
type RatesByShape = Map<LoadShape, number[]>;

async function round(target: QueueServer, rates: RatesByShape): Promise<void> {
  const slow = target.name.endsWith("-f0");
  for (const [name, shape] of Object.entries(SHAPES)) {
    using crowd = await Crowd.open(target, shape.connections);
    const rounds = slow ? shape.slow : shape.fast;
    const rate = !("put" in shape)
      ? await crowd.work(rounds, shape.depth)
      : generator === undefined
      ? await crowd.put(rounds, shape.depth, BODY)
      : await generate(generator, target, shape, rounds);
    rates.set(name as LoadShape, [...rates.get(name as LoadShape) ?? [], rate]);
  }
}

/** Has a program put jobs. Resolves with the jobs a second. */
async function generate(
  program: string,
  { port, protocol }: QueueServer,
  { connections, depth }: { readonly connections: number; readonly depth: number },
  rounds: number,
): Promise<number> {
  const { greeting, preamble: [before, lines] } = protocol;
  const total = connections * depth * rounds;
  const escaped = [protocol.put(BODY), before].map((text) =>
    text.replaceAll("\r", "\\r").replaceAll("\n", "\\n")
  );
  const args = [port, connections, depth, total, 1, escaped[0], greeting + lines, escaped[1]];
  const command = new Deno.Command(program, { args: ["127.0.0.1", ...args.map(String)] });
  const { success, stdout, stderr } = await command.output();
  const rate = parseFloat(new TextDecoder().decode(stdout));
  if (!success || !(rate > 0)) {
    throw new Error(`${program} failed: ${new TextDecoder().decode(stderr)}`);
  }
  return rate;
}

const BULLMQ = new URL("queue/bullmq.mjs", import.meta.url).pathname;
const INSTALL_BULLMQ =
  "npm install --prefix bench/queue --no-save --omit=optional bullmq@6.7.0 ioredis@5.8.2";

/** The programs that BullMQ lacks here, and the way to get them. */
function missing(redis: RunningServer | undefined): string | undefined {
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
  { peer, shape, ours }: { peer?: string; shape?: LoadShape; ours?: readonly number[] } = {},
): void {
  const rate = Math.round(median(rates)).toLocaleString("en").padStart(10);
  let ratio = "";
  if (ours !== undefined) {
    const times = median(ours.map((our, at) => our / rates[at]));
    const gate = verdict(RATIOS[peer!]?.[shape!], times);
    ratio = `   lineup queue has ${times.toFixed(2)} times that   ${gate}`.trimEnd();
  }
  console.log(`  ${(name + ":").padEnd(16)}${rate} jobs/s${ratio}`);
}

/** Prints the required ratios to a peer that is not there. */
function showMissing(peer: string, how: string): void {
  console.log(`\n${peer} is not measured: it lacks ${how}`);
  for (const [shape, gate] of Object.entries(RATIOS[peer])) {
    console.log(`  ${shape}   ${verdict(gate)}`);
  }
}

async function besideBeanstalkd(lineup: QueueServer): Promise<void> {
  Deno.mkdirSync(`${directory}/beanstalkd`);
  const peers = [await startBeanstalkd(), await startBeanstalkd(`${directory}/beanstalkd`)]
    .filter((peer) => peer !== undefined);
  targets.push(...peers);
  const all = [lineup, ...peers];
  const rates = new Map<QueueServer, RatesByShape>(all.map((target) => [target, new Map()]));
  for (let at = 0; at < WARM_UP; at++) {
    for (const target of all) await round(target, new Map());
  }
  for (let at = 0; at < ROUNDS; at++) {
    for (const target of all) await round(target, rates.get(target)!);
  }
  for (const shape of Object.keys(SHAPES) as LoadShape[]) {
    console.log(`\n${shape} (median of ${ROUNDS} rounds)`);
    const ours = rates.get(lineup)!.get(shape)!;
    show(lineup.name, ours);
    for (const target of peers) {
      show(target.name, rates.get(target)!.get(shape)!, { peer: target.name, shape, ours });
    }
  }
  if (peers.length > 0) return;
  for (const peer of ["beanstalkd", "beanstalkd -f0"]) {
    showMissing(peer, "beanstalkd (Debian: apt install beanstalkd)");
  }
}

async function besideBullmq(lineup: QueueServer): Promise<void> {
  const redis = await startRedis();
  if (redis !== undefined) targets.push(redis);
  const lacking = missing(redis);
  if (lacking !== undefined) return showMissing("BullMQ", lacking);
  const theirs = { "PUT, 16 deep": [] as number[], "TAKE and DONE, 16 deep": [] as number[] };
  const ours: RatesByShape = new Map();
  for (let at = 0; at < Math.min(ROUNDS, 3); at++) {
    await round(lineup, ours);
    theirs["PUT, 16 deep"].push(await bullmq("add", redis!.port));
    theirs["TAKE and DONE, 16 deep"].push(await bullmq("process", redis!.port));
  }
  console.log("\nBullMQ on redis-server in memory: one process that adds, then one that processes");
  for (const shape of ["PUT, 16 deep", "TAKE and DONE, 16 deep"] as const) {
    const name = shape.startsWith("PUT") ? "BullMQ adds" : "BullMQ works";
    show(name, theirs[shape], { peer: "BullMQ", shape, ours: ours.get(shape) });
  }
}

/** The two servers in memory, with the same clients. */
async function asBeanstalkd(): Promise<void> {
  const peer = "beanstalkd to its own clients";
  const theirs = await startBeanstalkd();
  if (theirs === undefined) {
    return showMissing(peer, "beanstalkd (Debian: apt install beanstalkd)");
  }
  const all = [await startLineupTubes(), theirs];
  targets.push(...all);
  const rates = new Map<QueueServer, RatesByShape>(all.map((target) => [target, new Map()]));
  for (let at = -WARM_UP; at < ROUNDS; at++) {
    for (const target of all) await round(target, at < 0 ? new Map() : rates.get(target)!);
  }
  for (const shape of Object.keys(SHAPES) as LoadShape[]) {
    console.log(`\n${shape}, clients of beanstalkd (median of ${ROUNDS} rounds)`);
    const [ours, others] = all.map((target) => rates.get(target)!.get(shape)!);
    show(all[0].name, ours);
    show(theirs.name, others, { peer, shape, ours });
  }
}

const wants = (part: string): boolean => only === undefined || only === part;
if (wants("beanstalkd") || wants("bullmq")) {
  const lineup = await startLineup(`${directory}/queue.db`);
  targets.push(lineup);
  if (wants("beanstalkd")) await besideBeanstalkd(lineup);
  if (wants("bullmq")) await besideBullmq(lineup);
  for (const target of targets.splice(0)) target[Symbol.dispose]();
}
if (wants("dialect")) {
  await asBeanstalkd();
  for (const target of targets.splice(0)) target[Symbol.dispose]();
}
if (wants("waiting")) await measureWaiting(`${directory}/waiting.db`);
if (wants("scale")) await measureScale(directory, ROUNDS);
Deno.exit();
