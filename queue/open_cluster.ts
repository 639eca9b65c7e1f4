import { createHash } from "node:crypto";
import type { Service } from "../server/mod.ts";
import { Cluster } from "./cluster/cluster.ts";
import { ClusterDirectory } from "./cluster/cluster_directory.ts";
import { nodeService } from "./cluster/node_handlers.ts";
import type { NodeLink } from "./cluster/node_link.ts";
import type { OpenShard } from "./cluster/open_shard.ts";
import { RemoteEngine } from "./cluster/remote_engine.ts";
import { ShardedRankedEngine } from "./cluster/sharded_ranked_engine.ts";
import type { Holdings } from "./engine/capacity.ts";
import type { QueueSummary } from "./engine/engine.ts";
import { LocalEngine } from "./engine/local_engine.ts";
import { ownedEngine } from "./engine/owned_engine.ts";
import { shardNumbers } from "./job_numbers.ts";
import { queueMetrics } from "./metrics.ts";
import { type OpenQueue, openQueueOver } from "./open_queue.ts";
import { type QueueOptions, settingsOf } from "./queue_options.ts";
import { PostgresCluster } from "./store/postgres/postgres_cluster.ts";
import { placeOf, type PostgresOptions } from "./store/postgres/postgres_store.ts";
import type { Ownership, Store } from "./store/store.ts";

/** The way of a node to others of its cluster. */
export interface NodeLinkOptions {
  /** The id of this node. */
  readonly id: string;
  /** The secret of the cluster. */
  readonly secret: string;
}

/** The options of a node; each has a default. */
export interface ClusterOptions extends Omit<QueueOptions, "store">, PostgresOptions {
  /**
   * The secret of the cluster: this node shares the queue with all nodes that know the same one. It needs `address`, where
   * they dial it, and `link`. Default: it shares with nobody.
   */
  secret?: string;
  /** Makes the connections to the node at an address. */
  link?: (address: string, options: NodeLinkOptions) => NodeLink;
  /** Wraps the store of each shard before it is loaded, such as to show its progress. Default: no wrapper. */
  around?: (store: Store) => Store;
}

/** A queue of which this process is a node. */
export interface OpenCluster extends OpenQueue {
  /** The parts of one of several nodes; `undefined` where it shares with nobody. */
  readonly nodes: {
    /** The requests of other nodes, and NODES: it is served beside the protocol of the queue. */
    readonly service: Service;
    /** Takes part in serving the queue. Call it once other nodes can connect. */
    begin(): void;
    /** Gives all shards to other nodes, and leaves the cluster. Requests are passed on meanwhile. */
    leave(): Promise<void>;
  } | undefined;
}

/**
 * Opens a queue in a PostgreSQL database as one of its nodes. A node that shares with nobody has loaded all jobs then. One of
 * several owns nothing yet.
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
export async function openCluster(
  url: string,
  options: ClusterOptions = {},
): Promise<OpenCluster> {
  const settings = settingsOf(options);
  const { around = (store: Store): Store => store, secret, link } = options;
  if (secret !== undefined && (link === undefined || options.address === undefined)) {
    throw new Error("a node that shares a queue needs an address and a link to other nodes");
  }
  const place = {
    ...placeOf(url, options),
    ...secret === undefined ? {} : { secret: digestOf(secret) },
  };
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
      keepsHolds: secret !== undefined,
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
    waits: secret !== undefined,
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
    connect: ({ address }) => {
      if (secret === undefined) throw new Error("a node that shares with nobody knows no other");
      return new RemoteEngine(link!(address, { id: cluster.id!, secret }), settings.clock);
    },
    onSilent({ id, address }) {
      // It renews its row, so it lives: a wrong address, or a network between them.
      const message = "this node cannot reach another one at the address that it has given to " +
        "others (--advertise), and requests for its queues wait";
      settings.log({ level: "error", message, node: id, address });
    },
  });
  let leaving: Promise<void> | undefined;
  const leave = (): Promise<void> => leaving ??= cluster.leave();
  const close = async (): Promise<number> => {
    await leave();
    await directory.close();
    return lost;
  };
  try {
    if (secret === undefined) await Promise.race([failed.promise, directory.complete()]);
  } catch (error) {
    await close();
    throw error;
  }
  isOpen = true;
  const { clock } = settings;
  const engine = new ShardedRankedEngine({ directory, clock, close });
  const queue = openQueueOver(engine, {
    metrics: (options) => queueMetrics(Array.from(open, ({ measured }) => measured), options),
    queues: (after) => byName([...open].map((local) => local.queues({ after }))),
    unready: () =>
      cluster.holds
        ? Iterator.from(open).map((local) => local.unready()).find((why) => why !== undefined)
        : "the database cannot be reached",
    lost: database.lost,
    reconfigure: (changes) => settings.reconfigure(changes),
    close: () => engine.close(),
  });
  if (secret === undefined) return { ...queue, nodes: undefined };
  const service = nodeService({ engine, directory, clock, secret });
  return { ...queue, nodes: { service, begin: () => cluster.begin(), leave } };
}

/** The queues of several engines by name, as those of each are. */
function* byName(all: readonly Iterable<QueueSummary>[]): Generator<QueueSummary, void, void> {
  const heads = all.map((queues) => Iterator.from(queues)).flatMap((rest) => {
    const { value, done } = rest.next();
    return done ? [] : [{ rest, first: value }];
  });
  while (heads.length > 0) {
    const next = heads.reduce((a, b) => b.first.queue < a.first.queue ? b : a);
    yield next.first;
    const { value, done } = next.rest.next();
    if (done) heads.splice(heads.indexOf(next), 1);
    else next.first = value;
  }
}

/** A digest by which nodes know that they have the same secret, as hexadecimal digits. */
function digestOf(secret: string): string {
  return createHash("sha256").update(`lineup cluster ${secret}`).digest("hex");
}
