// Three nodes of one queue in memory. Each has the engine of one shard, and passes the requests for others on.

import { nodeLink } from "../../../cli/queue/node_link.ts";
import { listenMemory } from "../../../net/mod.ts";
import type { Directory, Owner, ShardPlace } from "../../../queue/cluster/directory.ts";
import { nodeService } from "../../../queue/cluster/node_handlers.ts";
import { RemoteEngine } from "../../../queue/cluster/remote_engine.ts";
import { ShardedRankedEngine } from "../../../queue/cluster/sharded_ranked_engine.ts";
import type { QueueOptions } from "../../../queue/mod.ts";
import type { TestNode } from "../../test_queue.ts";
import { openOver, openShards } from "./local_shards.ts";

const secret = "a secret of the cluster";

/** Opens the nodes: as many as shards, or one for a store that is given. */
export async function openNodes(
  options: QueueOptions & Required<Pick<QueueOptions, "clock">>,
  count: number,
): Promise<TestNode[]> {
  const { clock } = options;
  const { engines, directory } = await openShards(options, count);
  const listeners = engines.map(() => listenMemory());
  const owners = engines.map((_, shard): Owner => ({
    node: { id: `n${shard}`, address: `127.0.0.1:${7000 + shard}`, since: clock.now(), age: 0 },
    isSelf: false,
    shards: [shard],
  }));
  return engines.map((engine, own) => {
    const places = owners.map(({ node: { id, address } }, shard): ShardPlace => {
      if (shard === own) return { node: undefined, engine };
      const link = nodeLink(address, {
        id: owners[own].node.id,
        secret,
        clock,
        heartbeat: Infinity,
        dial: () => Promise.resolve(listeners[shard].connect()),
      });
      return { node: id, engine: new RemoteEngine(link, clock) };
    });
    const seen: Directory = {
      ...directory,
      placeOf: (shard) => places[shard],
      owners: () => [{ ...owners[own], isSelf: true }, ...owners.toSpliced(own, 1)],
    };
    const close = async (): Promise<number> => {
      await Promise.all(places.map(({ engine }) => engine.close()));
      return 0;
    };
    const over = new ShardedRankedEngine({ directory: seen, clock, close });
    return {
      queue: openOver(over, [engine], options),
      also: nodeService({ engine: over, directory: seen, clock, secret }),
      listener: listeners[own],
    };
  });
}
