// Nodes of one queue, each `lineup queue` in a process of its own that a test may kill, stop and start again.

import { ranked } from "../../../queue/cluster/rendezvous.ts";
import { type Running, startLineup } from "../../cli/lineup_process.ts";
import type { Cluster } from "./cluster.ts";

/** Some nodes of a queue. */
export interface Nodes extends AsyncDisposable {
  /** The addresses of their clients. */
  readonly addresses: readonly string[];
  /** The running nodes, by place. */
  readonly running: Running[];
  /** Starts the node of a place, which has ended, at its old address. */
  start(at: number): Promise<void>;
  /** The owner of each shard by the database: its place. */
  owners(): Promise<Map<number, number>>;
  /** Resolves once all shards are where they belong among these places. */
  shared(places: readonly number[]): Promise<void>;
}

/** Those of a new database. */
const SHARDS = 64;
const LOOK_MS = 50;
/** How often a test looks before it gives up. */
const LOOKS = 600;

/** Starts so many nodes on a new database. */
export async function startNodes(cluster: Cluster, count: number): Promise<Nodes> {
  const url = await cluster.newDatabase();
  const database = new URL(url).pathname.slice(1);
  const secret = await Deno.makeTempFile();
  await Deno.writeTextFile(secret, crypto.randomUUID());
  await Deno.chmod(secret, 0o600);
  const ports = Array.from({ length: count }, freePort);
  const start = (port: number): Promise<Running> =>
    startLineup(["queue", "--port", `${port}`, "--data", url, "--cluster-secret-file", secret]);
  // The first one makes the tables.
  const running = [await start(ports[0])];
  running.push(...await Promise.all(ports.slice(1).map(start)));
  const owners = async (): Promise<Map<number, number>> => {
    const rows = await cluster.sql(
      "select shard, address from lineup.shard join lineup.node on node.id = owner order by 1",
      database,
    );
    return new Map(rows.map(([shard, address]) => [
      Number(shard),
      ports.indexOf(Number(/\d+$/.exec(address)![0])),
    ]));
  };
  const nodes: Nodes = {
    addresses: ports.map((port) => `127.0.0.1:${port}`),
    running,
    async start(at): Promise<void> {
      running[at] = await start(ports[at]);
    },
    owners,
    async shared(places): Promise<void> {
      const candidates = places.map((at) => ({
        id: `${at}`,
        address: `tcp://127.0.0.1:${ports[at]}`,
      }));
      for (let look = 0; look < LOOKS; look++) {
        const now = await owners();
        const isShared = Array.from({ length: SHARDS }, (_, shard) => shard)
          .every((shard) => `${now.get(shard)}` === ranked(shard, candidates)[0].id);
        if (isShared) return;
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
      throw new Error(`the shards are not where they belong: ${[...await owners()].join(" ")}`);
    },
    async [Symbol.asyncDispose](): Promise<void> {
      for (const node of running) {
        node.kill("SIGCONT");
        node.kill("SIGTERM");
      }
      await Promise.all(running.map((node) => node.finished()));
      await Deno.remove(secret);
    },
  };
  await nodes.shared(ports.map((_, at) => at));
  return nodes;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
