// The requests that other nodes may pass on to this one: those for its own shards. A request goes over one node at the most.

import { Refusal } from "../../protocol/errors.ts";
import type { Directory, LocalShard, Owner, ShardPlace } from "./directory.ts";
import { NOT_OWNER } from "./routing.ts";
import { heard } from "./heard.ts";

/** The directory with the shards of this node. All others are refused with `not-owner`. */
export function localDirectory(directory: Directory): Directory {
  const own = (place: ShardPlace): LocalShard => {
    if (place.node === undefined) return place;
    // The other node may have read a newer map than this one.
    directory.doubt(place);
    throw new Refusal(NOT_OWNER, "The queue is on another node.", { retry: 0 });
  };
  return {
    get shards(): number {
      return directory.shards;
    },
    shardOfJob: (id) => directory.shardOfJob(id),
    shardOf: (queue) => directory.shardOf(queue),
    assign: (queue) => directory.assign(queue),
    placeOf(shard, caller): LocalShard | Promise<LocalShard> {
      const place = directory.placeOf(shard, caller);
      return place instanceof Promise ? heard(place.then(own)) : own(place);
    },
    doubt() {},
    owners: (): readonly Owner[] => directory.owners().filter(({ isSelf }) => isSelf),
    watch: (told) => directory.watch(told),
  };
}
