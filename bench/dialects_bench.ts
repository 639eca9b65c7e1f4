// The examples that speak other protocols beside the original servers, in C, and beside a server in Deno that does
// nothing but read and write. Rounds alternate, so a drift of the machine meets all. Prints medians of ratios to the
// original. 50 connections with 16 requests in flight on each. All processes share the cores of this machine.
//
//     deno run --config bench/deno.json --allow-all bench/dialects_bench.ts [ROUNDS] [--only NAME] [--generator PROGRAM]
//
// PROGRAM makes the load instead of this process, which needs a core for that; bench/dialects/load.ts has its arguments.

import { parseArgs } from "@std/cli/parse-args";
import { generated, pipelined } from "./dialects/load.ts";
import { memcached } from "./dialects/memcached.ts";
import type { DialectPart } from "./dialects/part.ts";
import { redis } from "./dialects/redis.ts";
import { verdict } from "./queue/gates.ts";
import { type RunningServer, startScript } from "./servers.ts";
import { median } from "./statistics.ts";

const PARTS: readonly DialectPart[] = [memcached, redis];
/** The name of the server that does nothing but read and write. */
const BARE = "bare Deno";
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
  const kinds = Object.keys(loads);
  using bare = new DisposableStack();
  const servers: (readonly [name: string, of: Readonly<Record<string, RunningServer>>])[] = [
    [example.name, everywhere(example, kinds)],
    [BARE, await startBare(loads, bare)],
  ];
  if (original !== undefined) servers.push([original.name, everywhere(original, kinds)]);
  const rates = new Map(servers.map(([server]) => [server, {} as Record<string, number[]>]));
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    for (const [kind, load] of Object.entries(loads)) {
      for (const [server, { [kind]: { port } }] of servers) {
        const rate = generator === undefined
          ? await pipelined(port, load, BATCHES)
          : await generated(generator, port, load, BATCHES);
        if (round >= WARM_UP) (rates.get(server)![kind] ??= []).push(rate);
      }
    }
  }
  console.log(`\n${name} (median of ${ROUNDS} rounds)`);
  if (original === undefined) console.log(`  no original: ${missing}`);
  for (const kind of kinds) {
    const reference = rates.get(original?.name ?? BARE)![kind];
    for (const [server] of servers) {
      const own = rates.get(server)![kind];
      const ratio = median(own.map((rate, at) => rate / reference[at]));
      const gate = server === example.name && kind in least ? { least: least[kind] } : undefined;
      const met = verdict(gate, original && ratio);
      const rate = Math.round(median(own)).toLocaleString("en").padStart(10);
      console.log(
        `  ${`${kind}, ${server}:`.padEnd(28)}${rate} requests/s   ${ratio.toFixed(2)}   ${met}`
          .trimEnd(),
      );
    }
  }
}

/** One server for all kinds of requests. */
function everywhere(
  server: RunningServer,
  kinds: readonly string[],
): Readonly<Record<string, RunningServer>> {
  return Object.fromEntries(kinds.map((kind) => [kind, server]));
}

/** For each load, a server that does nothing but read and write: no server in Deno can be faster. */
async function startBare(
  loads: DialectPart["loads"],
  stack: DisposableStack,
): Promise<Readonly<Record<string, RunningServer>>> {
  const servers: Record<string, RunningServer> = {};
  for (const [kind, { requests: [{ length }], reply }] of Object.entries(loads)) {
    const server = await startScript(BARE, "bare_replies.ts", 0, [String(length), reply]);
    servers[kind] = stack.use(server);
  }
  return servers;
}
