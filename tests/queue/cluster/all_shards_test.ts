// Requests that ask all shards, while some move or their node is gone.

import { assertEquals, assertRejects } from "@std/assert";
import { Refusal } from "../../../protocol/mod.ts";
import type { Directory, RemoteNode, ShardPlace } from "../../../queue/cluster/directory.ts";
import { LinkLost } from "../../../queue/cluster/node_link.ts";
import { RemoteEngine } from "../../../queue/cluster/remote_engine.ts";
import { ShardedEngine } from "../../../queue/cluster/sharded_engine.ts";
import type { LocalEngine } from "../../../queue/engine/local_engine.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { openShards } from "./local_shards.ts";

const SHARDS = 4;
const client = { closed: false, halfClosed: false, whenClosed() {} };
const caller = {
  client,
  signal: new AbortController().signal,
  park: <T>(promise: PromiseLike<T>): Promise<T> => Promise.resolve(promise),
};
const names = ["a", "b", "c", "d"];

/** Four shards, each with a queue, a limit, and a schedule. `b` and `d` are in shards 1 and 3. */
async function fourShards() {
  const clock = new VirtualClock();
  const { engines, directory } = await openShards({ clock, log() {} }, SHARDS);
  for (const [shard, queue] of names.entries()) {
    await directory.assign(queue);
    await engines[shard].setLimits(queue, "", { running: 1 });
    await engines[shard].setSchedule(scheduleOf(queue), caller);
  }
  const over = (placeOf: Directory["placeOf"], doubt: Directory["doubt"] = () => {}) =>
    new ShardedEngine({
      directory: { ...directory, placeOf, doubt, owners: () => owners },
      clock,
      close: () => Promise.resolve(0),
    });
  const close = () => Promise.all(engines.map((engine) => engine.close()));
  return { clock, engines, over, [Symbol.asyncDispose]: () => close().then(() => {}) };
}

const owners = [{
  node: { id: "n2", address: "tcp://10.0.0.8:5463", since: 0, age: 0 },
  isSelf: false,
  shards: [1, 3],
}];

function scheduleOf(queue: string) {
  const spec = { queue, key: "", cron: undefined, zone: undefined, interval: 60_000 };
  const job = { priority: 5, attempts: 10, lease: 60_000, backoff: 0, keep: false, expires: 0 };
  return { name: `s-${queue}`, ...spec, ...job, body: new Uint8Array([1]) };
}

/** A node that cannot be reached. */
function lostNode(clock: VirtualClock): RemoteNode {
  return new RemoteEngine({
    send: () => ({ reply: Promise.reject(new LinkLost("no", new Error("refused"))), stop() {} }),
    close: () => Promise.resolve(),
  }, clock);
}

/** What QUEUES, SCHEDULES and LIMITS tell. */
async function listed(engine: ShardedEngine) {
  return [
    (await Array.fromAsync(engine.queues())).map(({ queue }) => queue),
    (await Array.fromAsync(engine.schedules())).map(({ schedule }) => schedule.queue),
    (await Array.fromAsync(engine.allLimits())).map(({ queue }) => queue),
  ];
}

const localTo = (engine: LocalEngine): ShardPlace => ({ node: undefined, engine });

const requests: Readonly<Record<string, (engine: ShardedEngine) => Promise<unknown>>> = {
  "QUEUES, SCHEDULES and LIMITS": async (engine) =>
    assertEquals(await listed(engine), [names, names, names]),
  "LIMITS of a queue": async (engine) =>
    assertEquals((await Array.fromAsync(engine.allLimits("b"))).length, 1),
  "EVERY": async (engine) => {
    await engine.setSchedule({ ...scheduleOf("b"), interval: 90_000 }, caller);
    assertEquals((await engine.findSchedule("s-b"))?.interval, 90_000);
  },
  "EVERY for a queue of another shard": async (engine) => {
    await engine.setSchedule({ ...scheduleOf("a"), name: "s-b" }, caller);
    assertEquals((await engine.findSchedule("s-b"))?.queue, "a");
    assertEquals((await Array.fromAsync(engine.schedules())).length, 4);
  },
  "EVERY off": async (engine) => {
    await engine.endSchedule("s-d");
    assertEquals(await engine.findSchedule("s-d"), undefined);
    const error = await assertRejects(() => engine.endSchedule("s-d"), Refusal);
    assertEquals(error.code, "not-found");
  },
  "EVERY pause": async (engine) => {
    assertEquals(await engine.pauseSchedule("s-b", true), undefined);
    assertEquals((await engine.findSchedule("s-b"))?.paused, true);
  },
};

for (const [name, request] of Object.entries(requests)) {
  Deno.test(`${name} waits for the shards of a node that is gone`, async () => {
    await using shards = await fourShards();
    const { clock, engines, over } = shards;
    const gone: ShardPlace = { node: "n2", engine: lostNode(clock) };
    const takenOver = Promise.withResolvers<void>();
    let isDoubted = false;
    let isOver = false;
    const engine = over((shard) => {
      const own = localTo(engines[shard]);
      if (shard % 2 === 0 || isOver) return own;
      return isDoubted ? takenOver.promise.then(() => own) : gone;
    }, () => {
      isDoubted = true;
      clock.after(5_000, () => {
        isOver = true;
        takenOver.resolve();
      });
    });
    const answered = request(engine);
    await Promise.all([answered, clock.elapse(5_000)]);
  });

  Deno.test(`${name} finds a shard that has moved from node to node`, async () => {
    await using shards = await fourShards();
    const { engines, over } = shards;
    // The second node has given shard 3 to the third one, and this one does not know it yet.
    const partOf = (id: string, own: readonly number[]): ShardPlace => ({
      node: id,
      engine: over((shard) =>
        own.includes(shard) ? localTo(engines[shard]) : { node: "other" } as ShardPlace
      ).ofThisNode() as unknown as RemoteNode,
    });
    const second = partOf("n2", [1]);
    const third = partOf("n3", [3]);
    let knows = false;
    const engine = over((shard) => {
      if (shard % 2 === 0) return localTo(engines[shard]);
      return shard === 3 && knows ? third : second;
    }, () => {
      knows = true;
    });
    await request(engine);
  });
}

Deno.test("QUEUES that has told some queues of a shard goes on behind them where it is then", async () => {
  await using shards = await fourShards();
  const { engines, over } = shards;
  const moves = {
    now: () => 0,
    async *queues() {
      yield* [...engines[1].queues()];
      await Promise.resolve();
      throw new Refusal("not-owner", "The queue is on another node.");
    },
  } as unknown as RemoteNode;
  let knows = false;
  const engine = over(
    (shard) => shard % 2 === 0 || knows ? localTo(engines[shard]) : { node: "n2", engine: moves },
    () => void (knows = true),
  );
  // The node has told b, but not d.
  const queues = await Array.fromAsync(engine.queues());
  assertEquals(queues.map(({ queue }) => queue), names);
});

Deno.test("a node that nobody reaches is named in the refusal", async () => {
  await using shards = await fourShards();
  const { clock, engines, over } = shards;
  const silent: ShardPlace = { node: "n2", engine: lostNode(clock) };
  const engine = over((shard) => shard % 2 === 0 ? localTo(engines[shard]) : silent);
  const asked = [
    () => Array.fromAsync(engine.queues()),
    () => engine.endSchedule("s-b"),
    () => Promise.resolve(engine.limits("b", "")),
  ].map((ask) => assertRejects(ask, Refusal));
  for (const { code, message, retry } of await Promise.all(asked)) {
    assertEquals([code, retry], ["busy", 1000]);
    assertEquals(
      message,
      "This node cannot reach the one at tcp://10.0.0.8:5463, which has the queue.",
    );
  }
});
