import { assert, assertEquals, assertRejects } from "@std/assert";
import { ranked } from "../../../queue/cluster/rendezvous.ts";
import type { Caller } from "../../../queue/engine/caller.ts";
import type { NewJob } from "../../../queue/store/job_values.ts";
import { FakeClient } from "../engine/simulated_client.ts";
import { CalmCluster, SHARDS } from "./calm_cluster.ts";

const ALL = Array.from({ length: SHARDS }, (_, shard) => shard);

const JOB: NewJob = {
  queue: "q",
  key: "",
  body: new Uint8Array(),
  priority: 5,
  delay: 0,
  lease: 1_000,
  attempts: 1,
  backoff: 0,
  unique: "",
  expires: undefined,
  keep: false,
};

const CALLER: Caller = {
  client: new FakeClient(1),
  signal: new AbortController().signal,
  park: (promise) => Promise.resolve(promise),
};

/** Which of these nodes is to serve each shard. */
function homes(...addresses: readonly string[]): string[] {
  const nodes = addresses.map((address) => ({ id: address, address }));
  return ALL.map((shard) => ranked(shard, nodes)[0].address);
}

async function three(): Promise<CalmCluster> {
  const cluster = new CalmCluster();
  for (const address of ["a", "b", "c"]) cluster.start(address);
  await cluster.pass(5_000);
  assertEquals(cluster.servers, homes("a", "b", "c"));
  cluster.forget();
  return cluster;
}

Deno.test("the first node of a cluster serves all shards at once", async () => {
  const cluster = new CalmCluster();
  cluster.start("a");
  await cluster.pass(500);
  assertEquals(cluster.servers, ALL.map(() => "a"));
});

Deno.test("a node that comes gets its shards, each with a short pause, and no other shard moves", async () => {
  const cluster = new CalmCluster();
  cluster.start("a");
  cluster.start("b");
  await cluster.pass(5_000);
  const before = homes("a", "b");
  cluster.forget();
  cluster.start("c");
  await cluster.pass(3_000);
  const after = homes("a", "b", "c");
  assertEquals(cluster.servers, after);
  for (const shard of ALL) {
    const moves = cluster.served[shard];
    assertEquals(moves.map(({ by }) => by), before[shard] === after[shard] ? [] : ["c"]);
    for (const { gap } of moves) assert(gap <= 300, `shard ${shard} was gone for ${gap} ms`);
  }
});

Deno.test("the shards of a node that dies are served again within 7 s, and the others do not notice", async () => {
  const cluster = await three();
  cluster.kill("b");
  await cluster.pass(7_000);
  const before = homes("a", "b", "c");
  assertEquals(cluster.servers, homes("a", "c"));
  for (const shard of ALL) {
    assertEquals(cluster.served[shard].length, before[shard] === "b" ? 1 : 0);
  }
});

Deno.test("a node that leaves gives its shards away, each with a short pause", async () => {
  const cluster = await three();
  const leaving = cluster.nodes.get("b")!.cluster!.leave();
  await cluster.until(leaving);
  cluster.nodes.delete("b");
  await cluster.pass(200);
  assertEquals(cluster.servers, homes("a", "c"));
  assertEquals(cluster.database.nodes.size, 2);
  for (const { gap } of cluster.served.flat()) assert(gap <= 300, `a shard was gone for ${gap} ms`);
});

Deno.test("a rolling restart serves each shard all the time but for short pauses", async () => {
  const cluster = await three();
  for (const address of ["a", "b", "c"]) {
    const node = cluster.nodes.get(address)!;
    await cluster.until(node.cluster!.leave());
    node.parts.process.kill();
    cluster.start(address);
    await cluster.pass(2_000);
  }
  assertEquals(cluster.servers, homes("a", "b", "c"));
  for (const { gap } of cluster.served.flat()) assert(gap <= 300, `a shard was gone for ${gap} ms`);
});

Deno.test("the last node frees its shards, and the next one gets them at once", async () => {
  const cluster = new CalmCluster();
  const first = cluster.start("a");
  await cluster.pass(500);
  await cluster.until(first.cluster!.leave());
  cluster.nodes.delete("a");
  assertEquals(cluster.database.map().nodes, []);
  cluster.start("b");
  await cluster.pass(500);
  assertEquals(cluster.servers, ALL.map(() => "b"));
});

Deno.test("a node that leaves answers first what it is asked already", async () => {
  const cluster = new CalmCluster();
  const node = cluster.start("a");
  await cluster.pass(500);
  const last = node.cluster!;
  const place = last.placeOf(3)!;
  assert("engine" in place);
  const put = place.engine.put(JOB, CALLER);
  const leaving = last.leave();
  await cluster.until(Promise.all([put, leaving]));
  assertEquals([...cluster.database.shards[3].jobs.keys()], [(await put).id]);
});

Deno.test("a node that was paused answers nothing when it wakes, and begins anew", async () => {
  const cluster = await three();
  const { parts, cluster: paused } = cluster.nodes.get("b")!;
  const shard = homes("a", "b", "c").indexOf("b");
  const place = paused!.placeOf(shard)!;
  assert("engine" in place);
  const { id } = paused!;
  parts.process.pause(30_000, false);
  let isAsked = false;
  // It is asked in the moment in which it wakes.
  parts.process.do(() => {
    isAsked = true;
    assertEquals(paused!.holds, false);
    let refused: unknown;
    try {
      place.engine.queue("q", 0);
    } catch (error) {
      refused = error;
    }
    assertEquals((refused as { code?: string }).code, "busy");
  });
  await cluster.pass(31_000);
  assert(isAsked);
  await cluster.pass(2_000);
  assert(paused!.id !== undefined && paused!.id !== id);
  assertEquals(cluster.servers, homes("a", "b", "c"));
});

Deno.test("a request that waits at a node that was removed may be asked again elsewhere", async () => {
  const cluster = await three();
  const { parts, cluster: paused } = cluster.nodes.get("b")!;
  const place = paused!.placeOf(homes("a", "b", "c").indexOf("b"))!;
  assert("engine" in place);
  const request = { queues: ["q"], max: 1, lease: undefined, releaseOnDisconnect: false };
  const waiting = place.engine.take({ ...request, client: CALLER.client }, 60_000, CALLER);
  const refused = assertRejects(() => waiting);
  parts.process.pause(10_000, false);
  await cluster.until(refused);
  assertEquals((await refused as { code?: string }).code, "draining");
});

Deno.test("an idle node that was removed lets its shards go", async () => {
  const cluster = await three();
  const { cluster: removed } = cluster.nodes.get("b")!;
  const row = cluster.database.nodes.get(removed!.id!)!;
  cluster.database.nodes.delete(row.id);
  await cluster.pass(1_100);
  assert(removed!.id !== row.id);
  await cluster.pass(3_000);
  assertEquals(cluster.servers, homes("a", "b", "c"));
});

Deno.test("a node that was suspended tells in two lines that it lost its part, and is back", async () => {
  const cluster = await three();
  const { parts } = cluster.nodes.get("b")!;
  parts.process.pause(10_000, false);
  await cluster.pass(15_000);
  assertEquals(cluster.servers, homes("a", "b", "c"));
  const [{ why, ...lost }, ...more] = cluster.logged;
  assertEquals(lost, {
    level: "error",
    message: "this node has lost its part of the queue, and drops what it has of it in memory",
    address: "b",
  });
  assertEquals(typeof why, "string");
  assertEquals(more, [
    { level: "info", message: "this node has joined the others again", address: "b" },
  ]);
});

Deno.test("a node that is cut off from its database is silent, and goes on if nobody took over", async () => {
  const cluster = new CalmCluster();
  const node = cluster.start("a");
  await cluster.pass(500);
  node.parts.cutUntil = cluster.clock.now() + 4_500;
  await cluster.pass(4_400);
  assertEquals(node.cluster!.holds, false);
  const { id } = node.cluster!;
  await cluster.pass(5_000);
  assertEquals(node.cluster!.holds, true);
  assertEquals(node.cluster!.id, id);
  assertEquals(cluster.served.flat().filter(({ by }) => by !== "a"), []);
});

Deno.test("a node that waits owns nothing until it begins", async () => {
  const cluster = new CalmCluster();
  const node = cluster.start("a", { waits: true });
  await cluster.pass(3_000);
  assertEquals(cluster.servers, ALL.map(() => undefined));
  node.cluster!.begin();
  await cluster.pass(500);
  assertEquals(cluster.servers, ALL.map(() => "a"));
});
