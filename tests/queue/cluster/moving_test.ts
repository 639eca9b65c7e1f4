// Requests follow a shard that moves.

import { assertEquals, assertRejects } from "@std/assert";
import type { Directory, ShardPlace } from "../../../queue/cluster/directory.ts";
import { localDirectory } from "../../../queue/cluster/local_directory.ts";
import { LinkLost, type NodeCall, type NodeLink } from "../../../queue/cluster/node_link.ts";
import { RemoteEngine } from "../../../queue/cluster/remote_engine.ts";
import { ShardedEngine } from "../../../queue/cluster/sharded_engine.ts";
import { toBody, toWire } from "../../../queue/cluster/wire_values.ts";
import { LocalEngine } from "../../../queue/engine/local_engine.ts";
import { memoryStore, type Store } from "../../../queue/mod.ts";
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
  queue: "mail",
  body: new Uint8Array([1]),
  priority: 5,
  attempts: 10,
  lease: 60_000,
  backoff: 0,
  keep: false,
  delay: 0,
};
const take = { queues: ["mail"], max: 1, lease: undefined, releaseOnDisconnect: false, client };

/** A directory of one shard, which is where `place` says. */
function directoryOf(
  place: () => ShardPlace | Promise<ShardPlace>,
): Directory & { doubts: number } {
  return {
    shards: 1,
    doubts: 0,
    shardOfJob: () => 0,
    shardOf: () => 0,
    assign: () => 0,
    placeOf: () => place(),
    doubt() {
      this.doubts++;
    },
    owners: () => [],
    watch: () => () => {},
  };
}

/** A store that outlives the engine that closes it. */
function kept(store: Store): Store {
  return { ...store, close: () => Promise.resolve() };
}

Deno.test("requests that wait go on where the shard is, and those that come meanwhile wait for it", async () => {
  const clock = new VirtualClock();
  const settings = settingsOf({ clock, log() {} });
  const store = kept(memoryStore());
  const first = await LocalEngine.open({ ...settings, store, keepsHolds: true });
  let place: ShardPlace | Promise<ShardPlace> = { node: undefined, engine: first };
  const engine = new ShardedEngine({
    directory: directoryOf(() => place),
    clock,
    close: () => Promise.resolve(0),
  });
  const { id } = await engine.put({ ...job, queue: "other" }, caller);
  const result = engine.result(id, caller);
  const taking = engine.take(take, 60_000, caller);
  const both = engine.take({ ...take, queues: ["mail", "news"] }, 60_000, caller);
  await clock.elapse(0);

  const arrived = Promise.withResolvers<ShardPlace>();
  place = arrived.promise;
  await first.close();
  const putting = [engine.put(job, caller), engine.put({ ...job, queue: "news" }, caller)];
  const second = await LocalEngine.open({ ...settings, store, keepsHolds: true });
  place = { node: undefined, engine: second };
  arrived.resolve(place);

  assertEquals((await Promise.all(putting)).map(({ id }) => id), [2, 3]);
  assertEquals((await taking).map(({ id }) => id), [2]);
  assertEquals((await both).map(({ id }) => id), [3]);
  const [other] = await engine.take({ ...take, queues: ["other"] }, 0, caller);
  await engine.done([other.id], { client, attempt: 1 }, new Uint8Array([7]), caller.signal);
  assertEquals(await result, new Uint8Array([7]));
  await second.close();
});

/** A connection to a node that answers each call so. */
function linkTo(answer: (call: NodeCall) => Promise<Uint8Array>): NodeLink {
  return {
    send: (call) => ({ reply: answer(call), stop() {} }),
    close: () => Promise.resolve(),
  };
}

Deno.test("a call that was not executed goes to the node that has the shard by then", async () => {
  const clock = new VirtualClock();
  const engines = [
    () => Promise.reject(new LinkLost("no", new Error("refused"))),
    () => Promise.reject(new Refusal("not-owner", "The queue is on another node.")),
    () => Promise.resolve(toBody(toWire({ id: 7 }))),
  ].map((answer) => new RemoteEngine(linkTo(answer), clock));
  const directory = directoryOf(() => ({
    node: `n${directory.doubts}`,
    engine: engines[directory.doubts],
  }));
  const engine = new ShardedEngine({ directory, clock, close: () => Promise.resolve(0) });
  assertEquals(await engine.put(job, caller), { id: 7 });
  assertEquals(directory.doubts, 2);
});

Deno.test("a change that may have been made is not repeated, and a look is", async () => {
  const clock = new VirtualClock();
  let calls = 0;
  const lost = new RemoteEngine(
    linkTo(() => {
      if (++calls % 2 === 0) return Promise.resolve(toBody(toWire({ queue: "mail", key: "" })));
      return Promise.reject(new LinkLost("maybe", new Error("reset")));
    }),
    clock,
  );
  const directory = directoryOf(() => ({ node: "n1", engine: lost }));
  const engine = new ShardedEngine({ directory, clock, close: () => Promise.resolve(0) });
  assertEquals(await engine.find(1), { queue: "mail", key: "" } as unknown);
  assertEquals(calls, 2);
  const error = await assertRejects(() => engine.put(job, caller), Refusal);
  assertEquals([error.code, error.executed, calls], ["internal", "maybe", 3]);
});

Deno.test("a node passes nothing on that another node has passed to it", async () => {
  const clock = new VirtualClock();
  const remote = new RemoteEngine(linkTo(() => Promise.reject(new Error("asked"))), clock);
  const directory = localDirectory(directoryOf(() => ({ node: "n2", engine: remote })));
  const engine = new ShardedEngine({ directory, clock, close: () => Promise.resolve(0) });
  const error = await assertRejects(async () => await engine.put(job, caller), Refusal);
  assertEquals(error.code, "not-owner");
});
