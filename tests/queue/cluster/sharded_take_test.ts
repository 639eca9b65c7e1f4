// TAKE over queues of several nodes, some of which fail. A promise that nobody waits for would end the test, as it ends a node.

import { assertEquals, assertRejects } from "@std/assert";
import type { Directory, ShardPlace } from "../../../queue/cluster/directory.ts";
import { localDirectory } from "../../../queue/cluster/local_directory.ts";
import { LinkLost, type NodeCall } from "../../../queue/cluster/node_link.ts";
import { RemoteEngine } from "../../../queue/cluster/remote_engine.ts";
import { ShardedEngine } from "../../../queue/cluster/sharded_engine.ts";
import { fromBody, fromWire, toBody, toWire } from "../../../queue/cluster/wire_values.ts";
import { LocalEngine } from "../../../queue/engine/local_engine.ts";
import type { ShardEngine } from "../../../queue/engine/shard_engine.ts";
import { memoryStore } from "../../../queue/mod.ts";
import { settingsOf } from "../../../queue/queue_options.ts";
import { Refusal } from "../../../protocol/mod.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";

const client = { closed: false, halfClosed: false, whenClosed() {} };
const caller = {
  client,
  signal: new AbortController().signal,
  park: <T>(promise: PromiseLike<T>): Promise<T> => Promise.resolve(promise),
};
const job = {
  body: new Uint8Array([1]),
  priority: 5,
  attempts: 10,
  lease: 60_000,
  backoff: 0,
  keep: false,
  delay: 0,
};
const names = ["a", "b", "c"];
const take = { queues: names, max: 5, lease: undefined, releaseOnDisconnect: false, client };

/** A directory of the queues a, b and c, each in a shard of its own; jobs are those of the last. */
function directoryOf(places: readonly ShardPlace[], doubt: () => void): Directory {
  return {
    shards: places.length,
    shardOfJob: () => places.length - 1,
    shardOf: (queue) => names.indexOf(queue),
    assign: (queue) => names.indexOf(queue),
    placeOf: (shard) => places[shard],
    doubt,
    owners: () => [],
    watch: () => () => {},
  };
}

/** A node whose calls end so, after as many turns of the event loop. */
function nodeThat(
  clock: VirtualClock,
  turns: number,
  answer: (call: NodeCall) => Uint8Array,
): ShardPlace {
  const reply = async (call: NodeCall): Promise<Uint8Array> => {
    for (let turn = 0; turn < turns; turn++) await nextTurn();
    return answer(call);
  };
  const link = {
    send: (call: NodeCall) => ({ reply: reply(call), stop() {} }),
    close: () => Promise.resolve(),
  };
  return { node: `node ${turns}`, engine: new RemoteEngine(link, clock) };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function lose(): never {
  throw new LinkLost("maybe", new Error("reset"));
}

async function localEngine(clock: VirtualClock): Promise<LocalEngine> {
  return await LocalEngine.open({
    ...settingsOf({ clock, log() {} }),
    store: memoryStore(),
    keepsHolds: true,
  });
}

Deno.test("a TAKE takes what there is where two nodes are lost, and waits for their successor", async () => {
  const clock = new VirtualClock();
  await using local = closing(await localEngine(clock));
  const here: ShardPlace = { node: undefined, engine: local.engine };
  // The second fails while the first is waited for.
  const places = [nodeThat(clock, 5, lose), nodeThat(clock, 1, lose), here];
  let doubts = 0;
  const directory = directoryOf(places, () => {
    if (++doubts === 9) places.fill(here);
  });
  const engine = new ShardedEngine({ directory, clock, close: () => Promise.resolve(0) });

  for (let put = 0; put < 3; put++) await engine.put({ ...job, queue: "c" }, caller);
  const jobs = await engine.take(take, 0, caller);
  assertEquals([jobs.map(({ id }) => id), doubts], [[1, 2, 3], 0]);

  const taking = engine.take(take, 60_000, caller);
  for (let turn = 0; turn < 100 && doubts < 9; turn++) await nextTurn();
  assertEquals(doubts, 9);
  await engine.put({ ...job, queue: "b" }, caller);
  assertEquals((await taking).map(({ queue }) => queue), ["b"]);
});

Deno.test("a TAKE takes what there is while a queue has no node, and waits for that otherwise", async () => {
  const clock = new VirtualClock();
  await using local = closing(await localEngine(clock));
  const here: ShardPlace = { node: undefined, engine: local.engine };
  const found = Promise.withResolvers<ShardPlace>();
  const directory: Directory = {
    ...directoryOf([here, here, here], () => {}),
    placeOf: (shard) => shard === 0 ? found.promise : here,
  };
  const engine = new ShardedEngine({ directory, clock, close: () => Promise.resolve(0) });
  await engine.put({ ...job, queue: "c" }, caller);
  await engine.put({ ...job, queue: "b" }, caller);
  const jobs = await engine.take(take, 60_000, caller);
  assertEquals(jobs.map(({ queue }) => queue), ["b", "c"]);
  await local.engine.put({ ...job, queue: "a" }, caller);
  for (const wait of [0, 60_000]) {
    const taking = engine.take({ ...take, max: 1 }, wait, caller);
    await nextTurn();
    found.resolve(here);
    assertEquals((await taking).map(({ queue }) => queue), ["a"]);
    await local.engine.put({ ...job, queue: "a" }, caller);
  }
});

Deno.test("a TAKE is refused with busy where lost nodes have no successor", async () => {
  const clock = new VirtualClock();
  await using local = closing(await localEngine(clock));
  const places: ShardPlace[] = [
    nodeThat(clock, 3, lose),
    nodeThat(clock, 1, lose),
    { node: undefined, engine: local.engine },
  ];
  const directory = directoryOf(places, () => {});
  const engine = new ShardedEngine({ directory, clock, close: () => Promise.resolve(0) });
  for (const wait of [0, 60_000]) {
    const error = await assertRejects(() => engine.take(take, wait, caller), Refusal);
    assertEquals(error.code, "busy");
  }
});

Deno.test("a shard of this node that closes during a TAKE loses no job that others have delivered", async () => {
  const clock = new VirtualClock();
  await using local = closing(await localEngine(clock));
  await using other = closing(await localEngine(clock));
  for (const queue of ["a", "a", "b"]) await local.engine.put({ ...job, queue }, caller);
  await other.engine.put({ ...job, queue: "c" }, caller);
  const closed = (): never => {
    throw new Refusal("draining", "The queue is shutting down.");
  };
  const places: ShardPlace[] = [
    { node: undefined, engine: local.engine },
    { node: undefined, engine: local.engine },
    { node: undefined, engine: override(other.engine, { take: closed }) },
  ];
  const engine = new ShardedEngine({
    directory: directoryOf(places, () => {}),
    clock,
    close: () => Promise.resolve(0),
  });
  const jobs = await engine.take(take, 0, caller);
  assertEquals(jobs.map(({ queue }) => queue), ["a", "b", "a"]);
});

Deno.test("a node refuses a TAKE of queues that are all elsewhere", async () => {
  const clock = new VirtualClock();
  const elsewhere = nodeThat(clock, 0, lose);
  const directory: Directory = {
    ...directoryOf([elsewhere, elsewhere, elsewhere], () => {}),
    // The database is asked for the shard of the first, and that of the second is known.
    shardOf: (queue) => queue === "a" ? nextTurn().then(() => 0) : 1,
  };
  const engine = new ShardedEngine({
    directory: localDirectory(directory),
    clock,
    close: () => Promise.resolve(0),
  });
  const error = await assertRejects(async () => await engine.take(take, 0, caller), Refusal);
  assertEquals(error.code, "not-owner");
  await nextTurn();
  await nextTurn();
});

Deno.test("DONE of jobs of a lost node and of a shard that closes is one error", async () => {
  const clock = new VirtualClock();
  await using local = closing(await localEngine(clock));
  const calls: string[] = [];
  const remote = nodeThat(clock, 1, ({ call, body }) => {
    const [method] = (call === undefined ? fromBody(body) : fromWire(call, body)) as [string];
    calls.push(method);
    return method === "needTaken" ? toBody(toWire(undefined)) : lose();
  });
  const closes = override(local.engine, {
    needTaken() {},
    done(): never {
      throw new Refusal("draining", "The queue is shutting down.");
    },
  });
  const directory: Directory = {
    ...directoryOf([remote, { node: undefined, engine: closes }], () => {}),
    shardOfJob: (id) => id,
  };
  const engine = new ShardedEngine({ directory, clock, close: () => Promise.resolve(0) });
  const claim = { client, attempt: undefined };
  const error = await assertRejects(
    () => engine.done([0, 1], claim, new Uint8Array(), caller.signal),
    Refusal,
  );
  assertEquals(error.code, "draining");
  while (!calls.includes("done")) await nextTurn();
  await nextTurn();
});

/** An engine, some methods of which are others. */
function override(engine: LocalEngine, methods: Partial<ShardEngine>): ShardEngine {
  return new Proxy(engine, {
    get(target, name) {
      const value = Reflect.get(methods, name) ?? Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** An engine that is closed at the end of a block. */
function closing(engine: LocalEngine): { engine: LocalEngine } & AsyncDisposable {
  return {
    engine,
    async [Symbol.asyncDispose](): Promise<void> {
      await engine.close();
    },
  };
}
