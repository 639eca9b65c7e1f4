// PINGs through two clients, in Deno or bundled for Node: ioredis to redis-server, and ours to a server of ours. Rounds
// alternate, so a drift of the machine meets both alike. A ratio is the median of the ratios of the rounds.

import type { Connect } from "../../client/api.ts";
import { median } from "../statistics.ts";

const PIPELINED = 20_000;
const BATCH = 1000;
const ONE_BY_ONE = 3000;
const WARM_UP = 10;

interface PingClient {
  readonly name: string;
  readonly ping: () => Promise<unknown>;
  readonly rates: number[];
  readonly latencies: number[];
}

/** Calls in batches, and waits for each batch. Resolves with the calls a second. */
async function pipelined({ ping }: PingClient): Promise<number> {
  const start = performance.now();
  for (let done = 0; done < PIPELINED; done += BATCH) {
    await Promise.all(Array.from({ length: BATCH }, ping));
  }
  return PIPELINED / (performance.now() - start) * 1000;
}

/** Calls one at a time. Resolves with the median latency in microseconds. */
async function oneByOne({ ping }: PingClient): Promise<number> {
  const latencies: number[] = [];
  for (let i = 0; i < ONE_BY_ONE; i++) {
    const start = performance.now();
    await ping();
    latencies.push((performance.now() - start) * 1000);
  }
  return median(latencies);
}

/** Measures ioredis and the client of a runtime at a port, and prints the result; `where` names the runtime. */
export async function comparePings(
  where: string,
  connect: Connect,
  redis: { ping(): Promise<unknown> },
  port: number,
  rounds: number,
): Promise<void> {
  const bare = { name: "calc", version: "1.0", summary: "PING is enough.", commands: {} } as const;
  const client = await connect(bare, `127.0.0.1:${port}`);
  const peer: PingClient = { name: "ioredis", ping: () => redis.ping(), rates: [], latencies: [] };
  const ours: PingClient = { name: "lineup", ping: () => client.PING(), rates: [], latencies: [] };
  // Until the compilers at both ends have done their work.
  for (const side of [peer, ours]) {
    for (let i = 0; i < WARM_UP; i++) await pipelined(side);
    await oneByOne(side);
  }
  for (let round = 0; round < rounds; round++) {
    for (const side of [peer, ours]) side.rates.push(await pipelined(side));
    for (const side of [peer, ours]) side.latencies.push(await oneByOne(side));
  }
  await client.close();

  const ratio = (of: (side: PingClient) => readonly number[]): string =>
    median(of(ours).map((each, round) => each / of(peer)[round])).toFixed(2);
  console.log(`${where}, one connection, median of ${rounds} rounds`);
  for (const { name, rates, latencies } of [peer, ours]) {
    const rate = Math.round(median(rates)).toLocaleString("en").padStart(9);
    const latency = Math.round(median(latencies)).toString().padStart(5);
    console.log(`  ${name.padEnd(10)}${rate} PING/s pipelined  ${latency} us one at a time`);
  }
  console.log(
    `  lineup / ioredis: ${ratio((side) => side.rates)} of its rate, ` +
      `${ratio((side) => side.latencies)} of its latency`,
  );
}
