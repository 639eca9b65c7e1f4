import { Cluster } from "./cluster/cluster.ts";
import { ClusterDirectory } from "./cluster/cluster_directory.ts";
import type { OpenShard } from "./cluster/open_shard.ts";
import { ShardedRankedEngine } from "./cluster/sharded_ranked_engine.ts";
import type { Holdings } from "./engine/capacity.ts";
import { LocalEngine } from "./engine/local_engine.ts";
import { ownedEngine } from "./engine/owned_engine.ts";
import { shardNumbers } from "./job_numbers.ts";
import { queueMetrics } from "./metrics.ts";
import { type OpenQueue, openQueueOver } from "./open_queue.ts";
import { type QueueOptions, settingsOf } from "./queue_options.ts";
import { PostgresCluster } from "./store/postgres/postgres_cluster.ts";
import { placeOf, type PostgresOptions } from "./store/postgres/postgres_store.ts";
import type { Ownership, Store } from "./store/store.ts";

/** The options of a node; each has a default. */
export interface ClusterOptions extends Omit<QueueOptions, "store">, PostgresOptions {
  /** What happens to the store of each shard before it is loaded, such as that its progress is shown. Default: nothing. */
  around?: (store: Store) => Store;
}

/**
 * Opens a queue in a PostgreSQL database as one of its nodes. Its shards are loaded, or other nodes have them.
 *
 * Rejects with an `Error` that says in words why the database cannot be used, or which server uses it.
 *
 * @param url of the database, see `postgresStore`
 *
 * @example
 * ```ts ignore
 * import { openCluster } from "@lineup/lineup/queue";
 *
 * await using queue = await openCluster("postgres://app@db.example/app");
 * ```
 */
export async function openCluster(url: string, options: ClusterOptions = {}): Promise<OpenQueue> {
  const settings = settingsOf(options);
  const { around = (store: Store): Store => store } = options;
  const place = placeOf(url, options);
  const database = new PostgresCluster(place);
  const open = new Set<LocalEngine>();
  const together: Holdings[] = [];
  let lost = 0;
  let isOpen = false;
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});

  const openShard = async (shard: number, ownership: Ownership): Promise<OpenShard> => {
    const store = around(await database.openStore(shard, ownership));
    const numbers = shardNumbers(shard, database.shards);
    const local = await LocalEngine.open({
      ...settings,
      store,
      numbers,
      together,
      keepsHolds: place.secret !== undefined,
    });
    open.add(local);
    const engine = ownedEngine(local, ownership);
    return {
      engine,
      async close(): Promise<void> {
        open.delete(local);
        lost += await engine.close();
      },
    };
  };
  const cluster = await Cluster.join({
    store: database,
    address: place.address,
    clock: settings.clock,
    log: settings.log,
    ttlMs: place.ttlMs,
    open: (shard, ownership) =>
      openShard(shard, ownership).catch((error) => {
        // Later on the next map is another try.
        if (!isOpen) failed.reject(error);
        throw error;
      }),
  });
  const directory = new ClusterDirectory({
    cluster,
    queues: database,
    clock: settings.clock,
    connect: () => {
      throw new Error("nodes have no way to each other yet");
    },
  });
  const close = async (): Promise<number> => {
    await cluster.leave();
    await directory.close();
    return lost;
  };
  try {
    await Promise.race([failed.promise, directory.complete()]);
  } catch (error) {
    await close();
    throw error;
  }
  isOpen = true;
  const engine = new ShardedRankedEngine({ directory, clock: settings.clock, close });
  return openQueueOver(engine, {
    metrics: (options) => queueMetrics(Array.from(open, ({ measured }) => measured), options),
    queues: () =>
      [...open].flatMap((local) => [...local.queues()])
        .sort((a, b) => a.queue < b.queue ? -1 : 1),
    unready: () =>
      cluster.holds
        ? Iterator.from(open).map((local) => local.unready()).find((why) => why !== undefined)
        : "the database cannot be reached",
    lost: database.lost,
    reconfigure: (changes) => settings.reconfigure(changes),
    close: () => engine.close(),
  });
}
