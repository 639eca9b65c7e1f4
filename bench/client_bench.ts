// PINGs through a client: ours to a server of ours, ioredis (enableAutoPipelining) to redis-server. Rounds alternate,
// so that a drift of the machine meets both alike; the ratios are medians of the rounds' ratios.

import { Redis } from "ioredis";
import { connect } from "../client/mod.ts";
import calc from "../examples/calc.ts";
import { median } from "./load.ts";
import { startRedis, startScript } from "./servers.ts";

const ROUNDS = Number(Deno.env.get("LINEUP_BENCH_ROUNDS") ?? 9);
const PIPELINED = 20_000;
const BATCH = 1000;
const ONE_BY_ONE = 3000;

interface Side {
  readonly name: string;
  readonly ping: () => Promise<unknown>;
  readonly rates: number[];
  readonly latencies: number[];
}

/** Calls a second, `BATCH` at a time, all awaited. */
async function pipelined({ ping }: Side): Promise<number> {
  const start = performance.now();
  for (let done = 0; done < PIPELINED; done += BATCH) {
    await Promise.all(Array.from({ length: BATCH }, ping));
  }
  return PIPELINED / (performance.now() - start) * 1000;
}

/** The median latency of one call at a time, in microseconds. */
async function oneByOne({ ping }: Side): Promise<number> {
  const latencies: number[] = [];
  for (let i = 0; i < ONE_BY_ONE; i++) {
    const start = performance.now();
    await ping();
    latencies.push((performance.now() - start) * 1000);
  }
  return median(latencies);
}

const redisServer = await startRedis();
if (redisServer === undefined) {
  console.log("redis-server is not installed (Debian: apt-get install redis-server)");
  Deno.exit(0);
}
using _redisServer = redisServer;
using lineupServer = await startScript("lineup", "lineup.ts", 1);
await using client = await connect(calc.protocol, `127.0.0.1:${lineupServer.port}`);
const redis = new Redis({
  host: "127.0.0.1",
  port: redisServer.port,
  enableAutoPipelining: true,
});

const sides: readonly Side[] = [
  { name: "ioredis", ping: () => redis.ping(), rates: [], latencies: [] },
  { name: "lineup", ping: () => client.PING(), rates: [], latencies: [] },
];
// Until the compilers of both ends have done their work.
for (const side of sides) {
  for (let i = 0; i < 10; i++) await pipelined(side);
  await oneByOne(side);
}
for (let round = 0; round < ROUNDS; round++) {
  for (const side of sides) side.rates.push(await pipelined(side));
  for (const side of sides) side.latencies.push(await oneByOne(side));
}
redis.disconnect();

const [peer, ours] = sides;
const ratio = (of: (side: Side) => readonly number[]): string =>
  median(of(ours).map((each, round) => each / of(peer)[round])).toFixed(2);
console.log(`one connection, median of ${ROUNDS} rounds`);
for (const { name, rates, latencies } of sides) {
  const rate = Math.round(median(rates)).toLocaleString("en").padStart(9);
  const latency = Math.round(median(latencies)).toString().padStart(5);
  console.log(`  ${name.padEnd(10)}${rate} PING/s pipelined  ${latency} us one at a time`);
}
console.log(
  `  lineup / ioredis: ${ratio((side) => side.rates)} of its rate, ` +
    `${ratio((side) => side.latencies)} of its latency`,
);
