// A node of a cluster on a simulated machine: the real membership and the real engines, on a simulated database.

import type { Log } from "../../../queue/log.ts";
import { type Change, type Moment, type Store, StoreLost } from "@lineup/lineup/queue";
import { Cluster } from "../../../queue/cluster/cluster.ts";
import type { ClusterMap, ClusterStore, NodeName } from "../../../queue/cluster/cluster_store.ts";
import type { OpenShard } from "../../../queue/cluster/open_shard.ts";
import { LocalEngine } from "../../../queue/engine/local_engine.ts";
import { ownedEngine } from "../../../queue/engine/owned_engine.ts";
import type { Ownership } from "../../../queue/store/store.ts";
import type { History } from "./history.ts";
import { Broken, type Network, SimulatedConnection } from "./simulated_connection.ts";
import type { ShardRows, Statement } from "./simulated_database.ts";

/** Parts of a node that may be left out, to see that the simulation finds it. */
export interface NodeFaults {
  /** A new connection goes on without raising the incarnation. */
  readonly skipsRaise?: boolean;
  /** A shard is loaded from what was there when its takeover began. */
  readonly loadsInTakeover?: boolean;
  /** The membership, with a fault. */
  readonly Cluster?: typeof Cluster;
}

/** What a node shares with the others. */
export interface NodeParts extends Network {
  readonly history: History;
  readonly faults: NodeFaults;
  readonly address: string;
  /** Takes what the node and its engines log. */
  readonly onLog?: Log;
  /** Tells all nodes that the map has changed. */
  readonly tell: () => void;
}

/** Where the commits of a shard stand: what its memory is built on. */
interface ShardMemory {
  readonly shard: number;
  /** The version of the rows that it has read or written. */
  version: number;
}

export class SimulatedNode {
  cluster: Cluster | undefined = undefined;
  onNews: () => void = () => {};
  readonly parts: NodeParts;
  /** The connection of commits, of renewals, and the third one. */
  readonly #connections: (SimulatedConnection | undefined)[] = [undefined, undefined, undefined];
  readonly #tails: Promise<unknown>[] = [Promise.resolve(), Promise.resolve(), Promise.resolve()];
  /** What was read of shards before they were this node's, by a fault. */
  readonly #early = new Map<number, ReturnType<typeof storedIn>>();
  #name: NodeName = { id: "", incarnation: 0 };

  constructor(parts: NodeParts) {
    this.parts = parts;
  }

  /** Joins the cluster. */
  async start(options: { readonly waits?: boolean } = {}): Promise<void> {
    const { process, address, faults } = this.parts;
    while (this.cluster === undefined) {
      try {
        this.cluster = await (faults.Cluster ?? Cluster).join({
          store: this.#store(),
          address,
          clock: process,
          open: (shard, ownership) => this.#open(shard, ownership),
          ...options,
          log: (entry) => void this.parts.onLog?.(entry),
          ttlMs: this.parts.database.ttlMs,
        });
      } catch {
        await new Promise<void>((resolve) => process.after(500, resolve));
      }
    }
  }

  #store(): ClusterStore {
    const { database, tell } = this.parts;
    const gone = (): StoreLost => new StoreLost("the row of the node is gone");
    return {
      join: (address) =>
        this.#ask(1, {
          commit: () => {
            const name = { id: `${address} ${++database.joined}`, incarnation: 1 };
            const now = database.now();
            database.nodes.set(name.id, {
              ...name,
              address,
              since: now,
              until: now + database.ttlMs,
              isLeaving: false,
            });
            return name;
          },
        }).then((name) => {
          tell();
          return this.#name = name;
        }),
      renew: async (isLeaving): Promise<ClusterMap> => {
        const { id } = this.#name;
        const map = await this.#ask<ClusterMap | undefined>(1, {
          lock: { id, mode: "renew" },
          commit: () => {
            const row = database.nodes.get(id);
            if (row === undefined) return undefined;
            row.until = database.now() + database.ttlMs;
            row.isLeaving = isLeaving;
            return database.map();
          },
        });
        if (map === undefined) throw gone();
        return map;
      },
      claim: (shards) => {
        const { id } = this.#name;
        return this.#ask(2, {
          commit: () => {
            const got = shards.filter((shard) => database.ownerOf(shard) === undefined);
            for (const shard of got) database.move(shard, id);
            return got;
          },
        });
      },
      remove: async (node, take) => {
        const { id } = this.#name;
        if (this.parts.faults.loadsInTakeover) {
          for (const shard of take) this.#early.set(shard, storedIn(database.shards[shard]));
        }
        const taken = await this.#ask<number[] | undefined>(2, {
          lock: { id: node.id, mode: "remove" },
          commit: () => {
            const row = database.nodes.get(node.id);
            if (row === undefined || row.incarnation !== node.incarnation) return undefined;
            if (row.until > database.now()) return undefined;
            const taken: number[] = [];
            database.shards.forEach(({ owner }, shard) => {
              if (owner !== node.id) return;
              const mine = take.includes(shard);
              database.move(shard, mine ? id : undefined);
              if (mine) taken.push(shard);
            });
            database.nodes.delete(node.id);
            return taken;
          },
        });
        if (taken !== undefined) tell();
        return taken;
      },
      give: (shard, to) =>
        this.#inOrder(0, () =>
          this.#twice((connection) => {
            const me = this.#name;
            return connection.query({
              lock: { id: me.id, mode: "share" },
              commit: () => {
                const there = database.nodes.get(to);
                if (!database.isFenced(me) || database.shards[shard].owner !== me.id) return false;
                if (there === undefined || there.until <= database.now()) return false;
                database.move(shard, to);
                tell();
                return true;
              },
            });
          })),
      leave: () =>
        this.#inOrder(0, () =>
          this.#twice((connection) => {
            const { id } = this.#name;
            return connection.query({
              lock: { id, mode: "remove" },
              commit: () => {
                database.shards.forEach(({ owner }, shard) => {
                  if (owner === id) database.move(shard, undefined);
                });
                database.nodes.delete(id);
                tell();
              },
            });
          })),
      listen: (onNews) => void (this.onNews = onNews),
    };
  }

  /** A statement beside the commits. */
  #ask<T>(which: number, statement: Statement<T>): Promise<T> {
    return this.#inOrder(which, () => this.#connection(which).query(statement));
  }

  #inOrder<T>(which: number, step: () => Promise<T>): Promise<T> {
    const done = this.#tails[which].then(step);
    this.#tails[which] = done.catch(() => {});
    return done;
  }

  #connection(which: number): SimulatedConnection {
    const before = this.#connections[which];
    if (before?.isBroken === false) return before;
    return this.#connections[which] = new SimulatedConnection(this.parts);
  }

  /** A step on the connection of commits; once more if that breaks. */
  async #twice<T>(step: (connection: SimulatedConnection) => Promise<T>): Promise<T> {
    try {
      return await step(await this.#commits());
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
    }
    return await step(await this.#commits());
  }

  async #commits(): Promise<SimulatedConnection> {
    const before = this.#connections[0];
    if (before?.isBroken === false) return before;
    const connection = new SimulatedConnection(this.parts);
    if (this.parts.faults.skipsRaise !== true) await this.#raise(connection);
    return this.#connections[0] = connection;
  }

  async #raise(connection: SimulatedConnection): Promise<void> {
    const { id } = this.#name;
    const incarnation = await connection.query({
      lock: { id, mode: "remove" },
      commit: () => {
        const row = this.parts.database.nodes.get(id);
        return row && ++row.incarnation;
      },
    });
    if (incarnation === undefined) throw new StoreLost("the row of the node is gone");
    this.#name = { id, incarnation };
  }

  async #commit(memory: ShardMemory, changes: readonly Change[], moment?: Moment): Promise<void> {
    const { database, history, process } = this.parts;
    const { shard } = memory;
    const rows = database.shards[shard];
    const real = moment && { now: moment.now, wall: moment.wall - process.ahead };
    const statement = (me: NodeName): Statement<boolean> => ({
      lock: { id: me.id, mode: "share" },
      commit: () => {
        if (!database.isFenced(me)) return false;
        if (rows.owner !== me.id) {
          history.fail(`${me.id} commits to shard ${shard}, which ${rows.owner} owns`);
        }
        if (rows.version !== memory.version) {
          history.fail(`${me.id} commits to shard ${shard}, and has not read what was before`);
        }
        database.apply(shard, changes, real);
        memory.version = rows.version;
        return true;
      },
    });
    for (;;) {
      const isDone = await this.#twice((connection) => connection.query(statement(this.#name)));
      if (isDone) return;
      await this.#twice((connection) => this.#raise(connection));
    }
  }

  async #open(shard: number, ownership: Ownership): Promise<OpenShard> {
    const { database, process, random } = this.parts;
    const read = <T>(rows: (rows: ShardRows) => T): Promise<T> =>
      this.#inOrder(
        0,
        () =>
          this.#twice((connection) =>
            connection.query({ read: () => rows(database.shards[shard]) })
          ),
      );
    const { id } = this.#name;
    const owner = await read(({ owner }) => owner);
    if (owner !== id) {
      throw new StoreLost(`shard ${shard} belongs to another node`);
    }
    const stored = this.#early.get(shard) ?? await read(storedIn);
    this.#early.delete(shard);
    const memory: ShardMemory = { shard, version: stored.version };
    const { moment } = stored;
    const store: Store = {
      ownership,
      commit: (changes, moment) => this.#inOrder(0, () => this.#commit(memory, changes, moment)),
      async *load() {
        yield* stored.jobs.sort((a, b) => a.id - b.id);
      },
      limits: () => Promise.resolve(stored.limits),
      schedules: () => Promise.resolve([]),
      scheduleBodies: () => Promise.resolve([]),
      lastId: () => Promise.resolve(stored.lastId),
      moment: () =>
        Promise.resolve(moment && { now: moment.now, wall: moment.wall + process.ahead }),
      bodies: (ids) => read(() => ids.map(() => EMPTY)),
      close: () => Promise.resolve(),
    };
    const local = await LocalEngine.open({
      store,
      clock: process,
      log: (entry) => void this.parts.onLog?.(entry),
      random,
      max: CAPACITY,
      yield: (go) => void process.after(0, go),
    });
    const engine = ownedEngine(local, ownership);
    return { engine, close: () => engine.close().then(() => {}) };
  }
}

const EMPTY = new Uint8Array();
const CAPACITY = {
  maxMemory: Infinity,
  maxJobs: 1000,
  maxQueues: 10,
  maxTakers: 10,
  maxRules: 10,
  maxSchedules: 1,
  maxResults: 10,
  resultTime: 1000,
};

/** What a shard is loaded from. */
function storedIn({ jobs, limits, lastId, moment, version }: ShardRows) {
  return { jobs: [...jobs.values()], limits: [...limits.values()], lastId, moment, version };
}
