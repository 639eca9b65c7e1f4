// The Redis example beside redis-server, under the load of redis-benchmark: 50 connections with 16 requests in flight on
// each. Rounds alternate, so a drift of the machine meets both. Prints medians of ratios.
//
//     deno run --config bench/deno.json --allow-all bench/redis_bench.ts [ROUNDS]

import { parseArgs } from "@std/cli/parse-args";
import { verdict } from "./queue/gates.ts";
import { type RunningServer, startExample, startRedis } from "./servers.ts";
import { median } from "./statistics.ts";

const CONNECTIONS = 50, DEPTH = 16, KEYS = 10_000, VALUE_BYTES = 100;
/** How many requests a round has, about a second of them. */
const REQUESTS = 300_000;
/** How many rounds do not count: a server runs for long, and compiles in its first seconds. */
const WARM_UP = 3;
/** The requests, in their order: the gets find the values of the sets. The least ratio that a request must have. */
const TESTS: readonly (readonly [test: string, least?: number])[] = [
  ["set"],
  ["get", 0.5],
  ["incr"],
  ["ping_mbulk"],
];

const { _: [count = 7] } = parseArgs(Deno.args);
const ROUNDS = Number(count);
if (!(Number.isInteger(ROUNDS) && ROUNDS > 0)) {
  console.error("give the number of rounds, at least 1");
  Deno.exit(1);
}

/** The requests a second of one round. */
async function rateOf({ port }: RunningServer, test: string): Promise<number> {
  const numbers = { p: port, c: CONNECTIONS, P: DEPTH, n: REQUESTS, r: KEYS, d: VALUE_BYTES };
  const args = Object.entries(numbers).flatMap(([flag, value]) => [`-${flag}`, String(value)]);
  const command = new Deno.Command("redis-benchmark", {
    args: ["-h", "127.0.0.1", ...args, "-t", test, "--csv"],
  });
  const { stdout, stderr } = await command.output().catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.error("redis-benchmark is not installed (Debian: redis-tools)");
    Deno.exit(1);
  });
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  const rate = Number(lines.at(-1)!.split(",")[1]?.replaceAll('"', ""));
  if (rate > 0) return rate;
  throw new Error(`redis-benchmark failed: ${new TextDecoder().decode(stderr)}`);
}

using example = await startExample("redis");
using original = await startRedis();
if (original === undefined) console.log("redis-server is not installed (Debian: redis-server)");
const servers = [example, original].filter((server) => server !== undefined);
const rates = new Map<string, number[]>();
for (let round = 0; round < WARM_UP + ROUNDS; round++) {
  for (const [test] of TESTS) {
    for (const server of servers) {
      const rate = await rateOf(server, test);
      const of = `${test} ${server.name}`;
      if (round >= WARM_UP) rates.set(of, [...rates.get(of) ?? [], rate]);
    }
  }
}
console.log(`\n${CONNECTIONS} connections, ${DEPTH} deep (median of ${ROUNDS} rounds)`);
for (const [test, least] of TESTS) {
  const gate = least === undefined ? undefined : { least };
  const own = rates.get(`${test} ${example.name}`)!;
  console.log(`  ${test.padEnd(12)}${shown(own)} requests/s, ${example.name}`);
  if (original === undefined) {
    console.log(`  ${"".padEnd(12)}${verdict(gate)}`);
    continue;
  }
  const theirs = rates.get(`${test} ${original.name}`)!;
  const ratio = median(own.map((rate, round) => rate / theirs[round]));
  console.log(`  ${"".padEnd(12)}${shown(theirs)} requests/s, ${original.name}`);
  console.log(
    `  ${"".padEnd(12)}${ratio.toFixed(2).padStart(10)} of that   ${
      least === undefined ? "" : verdict({ least }, ratio)
    }`,
  );
}

function shown(rates: readonly number[]): string {
  return Math.round(median(rates)).toLocaleString("en").padStart(10);
}
