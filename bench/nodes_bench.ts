// `lineup queue` on PostgreSQL beside pg-boss and Graphile Worker on the same database. Rounds alternate, so a drift of the
// machine meets all alike. Prints medians of jobs a second, and the ratios. fsync is on; bodies have 100 bytes; all
// processes share the cores of this machine.
//
//     deno task bench:nodes [ROUNDS]

import { startCluster } from "../tests/peers/postgres/cluster.ts";
import { Crowd } from "./queue/crowd.ts";
import { startLineup } from "./queue/servers.ts";
import { median } from "./statistics.ts";

const ROUNDS = Number(Deno.args[0] ?? 3);
const CONNECTIONS = 50;
const DEPTH = 16;
const BODY = "x".repeat(100);
/** How many jobs each contender has in a round. */
const JOBS = { single: 4_000, batch: 40_000, lineup: 80_000 };

const cluster = await startCluster({ shared_buffers: "256MB" });
const rates = new Map<string, number[]>();

function note(name: string, rate: number): void {
  rates.set(name, [...rates.get(name) ?? [], rate]);
  console.error(`${name}: ${Math.round(rate).toLocaleString("en")} a second`);
}

const PEERS = new URL("./queue/postgres_peers.ts", import.meta.url).href;
const CONFIG = new URL("./deno.json", import.meta.url).pathname;

async function peer(name: string, role: string, url: string, count: number): Promise<void> {
  const args = ["run", "-A", "--no-check", "--config", CONFIG, PEERS, name, role, url];
  const command = new Deno.Command(Deno.execPath(), { args: [...args, String(count)] });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(`${name} failed: ${new TextDecoder().decode(stderr)}`);
  const lines = new TextDecoder().decode(stdout).trim().split("\n");
  note(`${name} ${role}`, Number(lines.at(-1)));
}

async function lineup(url: string): Promise<void> {
  using server = await startLineup(url);
  using crowd = await Crowd.open(server, CONNECTIONS);
  const rounds = JOBS.lineup / CONNECTIONS / DEPTH;
  note("lineup PUT", await crowd.put(rounds, DEPTH, BODY));
  note("lineup TAKE and DONE", await crowd.work(rounds, DEPTH));
}

try {
  const [[version]] = await cluster.sql("show server_version");
  console.log(`PostgreSQL ${version}, fsync on; pg-boss 12.38.0; Graphile Worker 0.18.0`);
  for (let round = 0; round < ROUNDS; round++) {
    await lineup(await cluster.newDatabase());
    for (const name of ["pg-boss", "graphile"]) {
      const url = await cluster.newDatabase();
      await peer(name, "send", url, JOBS.single);
      await peer(name, "insert", url, JOBS.batch);
      await peer(name, name === "pg-boss" ? "fetch" : "run", url, JOBS.batch);
    }
  }
} finally {
  await cluster[Symbol.asyncDispose]();
}

const of = (name: string): number => median(rates.get(name)!);
for (const name of rates.keys()) console.log(`${name}: ${Math.round(of(name))} a second`);
const put = of("lineup PUT");
const work = of("lineup TAKE and DONE");
for (
  const [what, ratio] of [
    ["PUT beside pg-boss send", put / of("pg-boss send")],
    ["PUT beside Graphile addJob", put / of("graphile send")],
    ["PUT beside pg-boss insert of 1,000", put / of("pg-boss insert")],
    ["PUT beside Graphile addJobs of 1,000", put / of("graphile insert")],
    ["TAKE and DONE beside pg-boss fetch and complete", work / of("pg-boss fetch")],
    ["TAKE and DONE beside Graphile run", work / of("graphile run")],
  ] as const
) console.log(`${what}: ${ratio.toFixed(2)}`);
