// Three nodes of one queue: one is killed, stopped or started again, or their database is.

import { connect } from "@lineup/lineup/client";
import { queueProtocol } from "@lineup/lineup/queue/protocol";
import { assert, assertEquals } from "@std/assert";
import { RawClient } from "../../raw_client.ts";
import { LONG } from "../../seeded_random.ts";
import { type Cluster, startCluster, UNSAFE } from "./cluster.ts";
import { type Nodes, startNodes } from "./nodes.ts";

let cluster: Cluster;
Deno.test.beforeAll(async () => {
  cluster = await startCluster(UNSAFE);
});
Deno.test.afterAll(async () => await cluster[Symbol.asyncDispose]());

const QUEUES = Array.from({ length: 12 }, (_, at) => `q${at}`);
/** The pause of a stopped node, in ms: longer than the others wait for it. */
const STOP_MS = 30_000;

/** Puts and finishes jobs at all nodes, and knows what must be there. */
class Load {
  /** The jobs that were told as stored, and not asked to be done since. */
  readonly kept = new Set<number>();
  /** The jobs that were told as done. */
  readonly gone = new Set<number>();
  /** Answers that tell of a failure, by their first words. */
  readonly failures = new Map<string, number>();
  /** The longest time that a node took to answer, in ms. */
  slowest = 0;
  /** The jobs that were taken: one may be before the answer to its PUT is read. */
  readonly #taken = new Set<number>();
  #isOver = false;
  readonly #running: Promise<void>[];

  constructor(addresses: readonly string[]) {
    this.#running = addresses.map((address, at) => this.#run(address, at));
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#running);
  }

  async #run(address: string, client: number): Promise<void> {
    for (let round = 0; !this.#isOver;) {
      try {
        using session = await sessionAt(address);
        for (; !this.#isOver; round++) await this.#work(session, QUEUES[(round + client) % 12]);
      } catch {
        // Its node has ended, and may be back soon.
        await pause(50);
      }
    }
  }

  async #work(session: RawClient, queue: string): Promise<void> {
    const put = await this.#ask(session, `PUT ${queue} body`);
    const [, id] = /^OK id=(\d+)$/.exec(put) ?? [];
    if (id !== undefined && !this.#taken.has(Number(id))) this.kept.add(Number(id));
    const taken = await this.#ask(session, `TAKE ${queue} lease=1h`);
    const [, job] = /^\* id=(\d+) /.exec(taken) ?? [];
    if (job === undefined) return;
    assert(!this.gone.has(Number(job)), `job ${job} came back`);
    // From now on it may be gone.
    this.#taken.add(Number(job));
    this.kept.delete(Number(job));
    if (Number(job) % 3 === 0) return;
    if (await this.#ask(session, `DONE ${job} attempt=1`) === "OK") this.gone.add(Number(job));
  }

  async #ask(session: RawClient, request: string): Promise<string> {
    const sent = performance.now();
    const reply = await session.ask(request);
    this.slowest = Math.max(this.slowest, performance.now() - sent);
    if (reply.startsWith("ERR")) {
      const [, code] = reply.split(" ");
      this.failures.set(code, (this.failures.get(code) ?? 0) + 1);
    }
    return reply;
  }

  /** Compares what the nodes have with what they have told. */
  async settle(nodes: Nodes): Promise<void> {
    await this.end();
    assert(this.gone.size > 10, `only ${this.gone.size} jobs were done`);
    using session = await sessionAt(nodes.addresses[0]);
    for (const id of this.kept) {
      const reply = await session.ask(`JOB ${id}`);
      // A TAKE whose answer was lost shows as an attempt before the reply.
      assert(/^OK id=/m.test(reply), `job ${id} was stored: ${reply}`);
    }
    for (const id of this.gone) {
      const reply = await session.ask(`JOB ${id}`);
      assert(reply.startsWith("ERR not-found"), `job ${id} was done: ${reply}`);
    }
  }
}

async function sessionAt(address: string): Promise<RawClient & Disposable> {
  const [hostname, port] = address.split(":");
  const session = new RawClient(await Deno.connect({ hostname, port: Number(port) }));
  await session.reply();
  return Object.assign(session, { [Symbol.dispose]: () => session.close() });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks each queue at a node until each answers. */
async function allServed(address: string): Promise<void> {
  using session = await sessionAt(address);
  for (const queue of QUEUES) {
    for (;;) {
      const reply = await session.ask(`PUT ${queue} alive`);
      if (reply.startsWith("OK")) break;
      await pause(50);
    }
  }
}

// LINEUP_LONG=10 makes it 20 kills.
Deno.test(`kill -9 of a node, ${2 * LONG} times: only its shards move, nothing told as stored is lost, nothing done comes back`, async () => {
  await using nodes = await startNodes(cluster, 3);
  for (let round = 0; round < 2 * LONG; round++) {
    const victim = round % 3;
    const others = [0, 1, 2].filter((at) => at !== victim);
    const before = await nodes.owners();
    const load = new Load(nodes.addresses);
    await pause(1000);
    nodes.running[victim].kill("SIGKILL");
    await nodes.running[victim].finished();
    await allServed(nodes.addresses[others[0]]);
    await nodes.shared(others);
    const after = await nodes.owners();
    for (const [shard, owner] of before) {
      if (owner !== victim) assertEquals(after.get(shard), owner, `shard ${shard} moved`);
    }
    await load.settle({ ...nodes, addresses: others.map((at) => nodes.addresses[at]) });
    await nodes.start(victim);
    await nodes.shared([0, 1, 2]);
  }
});

Deno.test("a node that was stopped for 30 s answers nothing from its memory, and loses nothing", async () => {
  await using nodes = await startNodes(cluster, 3);
  const load = new Load(nodes.addresses.slice(1));
  await pause(1000);
  nodes.running[0].kill("SIGSTOP");
  await allServed(nodes.addresses[1]);
  await nodes.shared([1, 2]);
  await pause(STOP_MS - 10_000);
  // The jobs of its queues are done elsewhere meanwhile; then it wakes up.
  using asleep = await sessionAt(nodes.addresses[1]);
  assert((await asleep.ask("QUEUES")).startsWith("*"));
  nodes.running[0].kill("SIGCONT");
  await nodes.shared([0, 1, 2]);
  await load.settle(nodes);
});

Deno.test("nodes are started again one after the other, and no request fails", async () => {
  await using nodes = await startNodes(cluster, 3);
  await using client = await connect(queueProtocol, [...nodes.addresses]);
  let isOver = false;
  let asked = 0;
  const failures: string[] = [];
  const working = QUEUES.map(async (queue) => {
    while (!isOver) {
      try {
        const { id } = await client.PUT({ queue, body: "body" });
        await client.JOB({ id });
        asked += 2;
      } catch (error) {
        failures.push(String(error));
      }
      await pause(5);
    }
  });
  for (const at of [0, 1, 2]) {
    nodes.running[at].kill("SIGTERM");
    const { code, err } = await nodes.running[at].finished();
    assertEquals(code, 0, err);
    await nodes.start(at);
    await nodes.shared([0, 1, 2]);
  }
  isOver = true;
  await Promise.all(working);
  assertEquals(failures, []);
  assert(asked > 100, `only ${asked} requests`);
});

Deno.test("PostgreSQL is started again: nodes keep their shards, and nothing told as stored is lost", async () => {
  await using nodes = await startNodes(cluster, 3);
  const load = new Load(nodes.addresses);
  await pause(1000);
  const before = await nodes.owners();
  await cluster.crash();
  for (const address of nodes.addresses) await allServed(address);
  assertEquals(await nodes.owners(), before);
  await load.settle(nodes);
});
