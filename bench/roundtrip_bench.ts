// PING over TCP: Lineup beside a bare loop that only counts line ends, and beside redis-server if it is installed. First
// all servers take turns, round by round, so a drift of the machine meets all alike: quote these ratios. Then each server
// by itself, with `deno bench`.

import { Load } from "./load.ts";
import { type PingServer, startRedis, startScript } from "./servers.ts";
import { median } from "./statistics.ts";

const servers: PingServer[] = [
  await startScript("bare loop", "bare_loop.ts", 0),
  await startScript("lineup", "lineup.ts", 1),
];
const redis = await startRedis();
if (redis === undefined) console.log("redis-server is not installed (Debian: redis-server)");
else servers.push(redis);
globalThis.addEventListener("unload", () => {
  for (const server of servers) server[Symbol.dispose]();
});

const SHAPES = [
  { connections: 50, depth: 16, rounds: 200 },
  { connections: 50, depth: 1, rounds: 400 },
  { connections: 1, depth: 1, rounds: 3000 },
];
const ROUNDS = Number(Deno.env.get("LINEUP_BENCH_ROUNDS") ?? 7);

for (const { connections, depth, rounds } of SHAPES) {
  const loads = await Promise.all(servers.map((server) => Load.open(server, connections, depth)));
  for (const load of loads) await load.run(rounds);
  const rates: number[][] = servers.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, load] of loads.entries()) rates[i].push(await load.run(rounds));
  }
  console.log(`\n${connections} connections, ${depth} deep (median of ${ROUNDS} rounds)`);
  for (const [i, { name }] of servers.entries()) {
    const rate = Math.round(median(rates[i])).toLocaleString("en");
    const ratio = median(rates[i].map((rate, round) => rate / rates[0][round])).toFixed(2);
    console.log(`  ${name.padEnd(14)}${rate.padStart(12)} PING/s   ${ratio} of the bare loop`);
  }
  for (const load of loads) load[Symbol.dispose]();
}
console.log();

for (const server of servers) {
  Deno.bench({
    name: `${server.name}: 800 PINGs, 50 connections, 16 deep`,
    group: "ping",
    baseline: server === servers[0],
    async fn(b) {
      using load = await Load.open(server, 50, 16);
      b.start();
      await load.run(1);
      b.end();
    },
    n: 200,
    warmup: 50,
  });
}
