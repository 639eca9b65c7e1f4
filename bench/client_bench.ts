// Our client beside ioredis, in Deno, and bundled for Node if node and the package ioredis are there.

import { Redis } from "ioredis";
import { bundle, endBundling } from "../build/bundle.ts";
import { connect } from "../client/mod.ts";
import { comparePings } from "./client/pings.ts";
import { startRedis, startScript } from "./servers.ts";

const ROUNDS = Number(Deno.env.get("LINEUP_BENCH_ROUNDS") ?? 9);
const INSTALL = "npm install --prefix bench/client --no-save ioredis@6.0.0";

/** The bundle for Node, or the reason why there is none. */
async function bundleForNode(): Promise<Uint8Array | string> {
  try {
    await new Deno.Command("node", { args: ["--version"], stdout: "null" }).output();
    await Deno.stat(new URL("client/node_modules/ioredis", import.meta.url));
  } catch {
    return `In Node: not measured. It needs node, and: ${INSTALL}`;
  }
  try {
    const name = "pings.js";
    return (await bundle("bench/client/pings_in_node.ts", "node", { minify: true, name })).code;
  } finally {
    await endBundling();
  }
}

const redisServer = await startRedis();
if (redisServer === undefined) {
  console.log("redis-server is not installed (Debian: apt-get install redis-server)");
  Deno.exit(0);
}
using _redis = redisServer;
using lineup = await startScript("lineup", "lineup.ts", 1);
const redis = new Redis({ host: "127.0.0.1", port: redisServer.port, enableAutoPipelining: true });
await comparePings(`Deno ${Deno.version.deno}`, connect, redis, lineup.port, ROUNDS);
redis.disconnect();

const script = await bundleForNode();
if (typeof script === "string") console.log(script);
else {
  const file = await Deno.makeTempFile({ suffix: ".mjs" });
  await Deno.writeFile(file, script);
  const runner = new URL("client/node.mjs", import.meta.url).pathname;
  const args = [runner, file, redisServer.port, lineup.port, ROUNDS].map(String);
  await new Deno.Command("node", { args, stdout: "inherit", stderr: "inherit" }).output();
  await Deno.remove(file);
}
