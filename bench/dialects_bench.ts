// The examples that speak other protocols beside the original servers, in C. Rounds alternate, so a drift of the machine
// meets both. Prints medians of ratios. 50 connections with 16 requests in flight on each. All processes share the cores
// of this machine.
//
//     deno run --config bench/deno.json --allow-all bench/dialects_bench.ts [ROUNDS] [--only NAME] [--generator PROGRAM]
//
// PROGRAM makes the load instead of this process, which needs a core for that; bench/dialects/load.ts has its arguments.

import { parseArgs } from "@std/cli/parse-args";
import { generated, pipelined } from "./dialects/load.ts";
import { memcached } from "./dialects/memcached.ts";
import type { DialectPart } from "./dialects/part.ts";
import { verdict } from "./queue/gates.ts";
import type { RunningServer } from "./servers.ts";
import { median } from "./statistics.ts";

const PARTS: readonly DialectPart[] = [memcached];
/** How many batches each connection sends in a round of about a second. */
const BATCHES = 250;
/** How many rounds do not count: a server runs for long, and compiles in its first seconds. */
const WARM_UP = 3;

const { _: [count = 7], only, generator } = parseArgs(Deno.args, { string: ["only", "generator"] });
const ROUNDS = Number(count);
if (!(Number.isInteger(ROUNDS) && ROUNDS > 0)) {
  console.error("give the number of rounds, at least 1");
  Deno.exit(1);
}
if (only !== undefined && !PARTS.some(({ name }) => name === only)) {
  console.error(`--only takes one of: ${PARTS.map(({ name }) => name).join(", ")}`);
  Deno.exit(1);
}

for (const part of PARTS) if (only === undefined || only === part.name) await measure(part);
Deno.exit();

async function measure({ name, ours, peer, missing, loads, least }: DialectPart): Promise<void> {
  using example = await ours();
  using original = await peer();
  const servers = [example, original].filter((server) => server !== undefined);
  const rates = new Map<RunningServer, Record<string, number[]>>();
  for (const server of servers) rates.set(server, {});
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    for (const server of servers) {
      for (const [kind, load] of Object.entries(loads)) {
        const rate = generator === undefined
          ? await pipelined(server.port, load, BATCHES)
          : await generated(generator, server.port, load, BATCHES);
        if (round >= WARM_UP) (rates.get(server)![kind] ??= []).push(rate);
      }
    }
  }
  console.log(`\n${name} (median of ${ROUNDS} rounds)`);
  for (const kind of Object.keys(loads)) {
    const own = rates.get(example)![kind];
    show(`${kind}, ${example.name}`, own);
    if (original === undefined) {
      console.log(`  no original: ${missing}   ${verdict({ least: least[kind] })}`);
      continue;
    }
    const theirs = rates.get(original)![kind];
    const ratio = median(own.map((rate, at) => rate / theirs[at]));
    show(`${kind}, ${original.name}`, theirs);
    console.log(
      `  the example has ${ratio.toFixed(2)} times that   ${
        verdict({ least: least[kind] }, ratio)
      }`,
    );
  }
}

function show(name: string, rates: readonly number[]): void {
  const rate = Math.round(median(rates)).toLocaleString("en").padStart(10);
  console.log(`  ${(name + ":").padEnd(24)}${rate} requests/s`);
}
