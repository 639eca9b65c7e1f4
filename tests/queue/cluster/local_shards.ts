// A queue over several engines of this process.

import type { Directory, LocalShard } from "../../../queue/cluster/directory.ts";
import { ShardedRankedEngine } from "../../../queue/cluster/sharded_ranked_engine.ts";
import { LocalEngine } from "../../../queue/engine/local_engine.ts";
import type { ShardEngine } from "../../../queue/engine/shard_engine.ts";
import { queueMetrics } from "../../../queue/metrics.ts";
import { memoryStore, type OpenQueue, type QueueOptions } from "../../../queue/mod.ts";
import { listenMemory } from "../../../net/mod.ts";
import type { TestNode } from "../../test_queue.ts";
import { openQueueOver } from "../../../queue/open_queue.ts";
import { settingsOf } from "../../../queue/queue_options.ts";

/** Engines whose jobs have the numbers that those of one engine would have. */
export interface LocalShards {
  readonly engines: readonly LocalEngine[];
  readonly directory: Directory;
}

/** Opens so many engines. Queues get them in turn; a store that is given is that of the only one. */
export async function openShards(options: QueueOptions, count: number): Promise<LocalShards> {
  const settings = settingsOf(options);
  const shards = options.store === undefined ? count : 1;
  const shardOfJob = new Map<number, number>();
  const shardOf = new Map<string, number>();
  let lastId = 0;
  const together: never[] = [];
  const engines: LocalEngine[] = [];
  for (let shard = 0; shard < shards; shard++) {
    const numbers = {
      stride: 1,
      after(last: number): number {
        lastId = Math.max(last, lastId) + 1;
        shardOfJob.set(lastId, shard);
        return lastId;
      },
    };
    const store = options.store ?? memoryStore();
    engines.push(await LocalEngine.open({ ...settings, store, numbers, together }));
  }
  const places = engines.map((engine): LocalShard => ({ node: undefined, engine }));
  const directory: Directory = {
    shards,
    shardOfJob: (id) => shardOfJob.get(id) ?? 0,
    // The store of an engine before may have queues.
    shardOf: (queue) => shards === 1 ? 0 : shardOf.get(queue),
    assign(queue) {
      const shard = shardOf.get(queue) ?? shardOf.size % shards;
      shardOf.set(queue, shard);
      return shard;
    },
    placeOf: (shard) => places[shard],
    doubt() {},
    owners: () => [{
      node: { id: "1", address: "memory", since: 0, age: 0 },
      isSelf: true,
      shards: places.keys().toArray(),
    }],
    watch: () => () => {},
  };
  return { engines, directory };
}

/** The engine over engines of this process. */
export function engineOver(
  { engines, directory }: LocalShards,
  { clock }: Required<Pick<QueueOptions, "clock">>,
): ShardedRankedEngine {
  const close = async (): Promise<number> => {
    const lost = await Promise.all(engines.map((engine: ShardEngine) => engine.close()));
    return lost.reduce((sum, each) => sum + each, 0);
  };
  return new ShardedRankedEngine({ directory, clock, close });
}

/** Opens a queue over so many engines of one node. */
export async function openShardedNode(
  options: QueueOptions & Required<Pick<QueueOptions, "clock">>,
  count: number,
): Promise<TestNode[]> {
  const shards = await openShards(options, count);
  const engine = engineOver(shards, options);
  return [{ queue: openOver(engine, shards.engines, options), listener: listenMemory() }];
}

/** An open queue over an engine. */
export function openOver(
  engine: ShardedRankedEngine,
  engines: readonly LocalEngine[],
  options: QueueOptions,
): OpenQueue {
  return openQueueOver(engine, {
    metrics: (metrics) => queueMetrics(engines.map(({ measured }) => measured), metrics),
    queues: () => [],
    unready: () => undefined,
    lost: undefined,
    reconfigure: (changes) => settingsOf(options).reconfigure(changes),
    close: () => engine.close(),
  });
}
