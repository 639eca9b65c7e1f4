// The nodes and shards of a queue in PostgreSQL, as one node sees and changes them.

import type {
  ClusterMap,
  ClusterNode,
  ClusterShard,
  ClusterStore,
  NodeName,
} from "../../cluster/cluster_store.ts";
import { type Ownership, type Store, StoreLost, StoreUnreachable } from "../store.ts";
import type { TextRow } from "./connection.ts";
import { PostgresInbox } from "./inbox.ts";
import { isBroken, type NodeOptions, PostgresNode, tellNodes } from "./node.ts";
import { storeOf } from "./postgres_store.ts";
import { nodesChannel } from "./schema_name.ts";
import { PostgresShard } from "./shard.ts";
import { StatementQueue } from "./statement_queue.ts";

/** How long a change of nodes waits for a commit that goes on, in ms. */
const PATIENCE_MS = 1_000;
/** So many queues with their shards are kept in memory. */
const MOST_KNOWN = 100_000;

/** This process among the nodes of a database. After its row was removed it may join again, as another node. */
export class PostgresCluster implements ClusterStore {
  readonly #place: Omit<NodeOptions, "address">;
  #node: PostgresNode | undefined = undefined;
  #statements: StatementQueue | undefined = undefined;
  #inbox: PostgresInbox | undefined = undefined;
  #onNews: () => void = () => {};
  /** The shards of queues. Those that have one keep it. */
  readonly #known = new Map<string, number>();
  readonly #asked = new Map<string, Promise<number | undefined>>();
  #shards = 0;
  readonly #lost = Promise.withResolvers<StoreLost>();

  constructor(place: Omit<NodeOptions, "address">) {
    this.#place = place;
  }

  /** Resolves where another server owns all shards now, because this one shares with nobody. */
  get lost(): Promise<StoreLost> {
    return this.#lost.promise;
  }

  /** How many shards there are; 0 before the first `join`. */
  get shards(): number {
    return this.#shards;
  }

  async join(address: string): Promise<NodeName> {
    const { loss } = this.#node ?? {};
    if (loss !== undefined && this.#place.secret === undefined) {
      this.#lost.resolve(loss);
      throw loss;
    }
    await this.#inbox?.close();
    await this.#node?.end();
    const node = await PostgresNode.join({ ...this.#place, address });
    this.#node = node;
    this.#shards = node.shards;
    node.listen(nodesChannel(node.options.schema), () => this.#onNews());
    this.#statements = new StatementQueue(node);
    this.#inbox = new PostgresInbox(node, this.#statements);
    return node.sender;
  }

  async renew(isLeaving: boolean): Promise<ClusterMap> {
    const node = this.#joined();
    const { schema } = node.options;
    const { rows } = await node.renew(
      `select t.now, null, null, id, address, incarnation, ${MS("since")},
          case when id = $1 then $2 else ${MS("until")} - t.now end,
          case when id = $1 then $3 else leaving end
        from ${schema}.node, t where exists (select from me)
      union all select t.now, shard, owner, null, null, null, ${MS("since")}, null, null
        from ${schema}.shard, t where exists (select from me)`,
      isLeaving,
    );
    return mapOf(rows);
  }

  async claim(shards: readonly number[]): Promise<readonly number[]> {
    const node = this.#joined();
    const { schema } = node.options;
    const connection = await node.control();
    // Compared with the owner that this statement saw: another node may have claimed it while this one waited for its row.
    const rows = await connection.query(
      `with me as (select from ${schema}.node where id = $1 for key share),
        free as (select shard, owner from ${schema}.shard where shard = any($2::smallint[])
          and (owner is null or owner not in (select id from ${schema}.node))),
        mine as (update ${schema}.shard set owner = $1, since = now() from free, me
          where shard.shard = free.shard and shard.owner is not distinct from free.owner
          returning shard.shard),
        told as (${tellNodes(schema)} from mine having count(*) > 0)
      select mine.shard, (select count(*) from me), (select count(*) from told) from mine
        right join me on true`,
      [node.id, `{${shards.join(",")}}`],
    );
    if (rows.length === 0) throw node.lose("another server has taken over");
    return rows.flatMap(([shard]) => shard === null ? [] : Number(shard));
  }

  async remove(other: NodeName, take: readonly number[]): Promise<readonly number[] | undefined> {
    const node = this.#joined();
    const { schema } = node.options;
    const connection = await node.control();
    return await connection.transaction(async () => {
      await connection.query(`set local lock_timeout = ${PATIENCE_MS}`);
      const [gone] = await connection.query(
        `delete from ${schema}.node where id = $1 and incarnation = $2
          and until < clock_timestamp() returning id`,
        [other.id, other.incarnation],
      );
      if (gone === undefined) return undefined;
      // A statement of its own: it sees what the other node did before it was removed. If this node is removed meanwhile, its
      // shards are free: nodes that remove each other need not wait for each other.
      const rows = await connection.query(
        `update ${schema}.shard set since = now(),
            owner = case when shard = any($2::smallint[]) then $1::uuid end
          where owner = $3 returning shard, owner`,
        [node.id, `{${take.join(",")}}`, other.id],
      );
      await connection.query(tellNodes(schema));
      return rows.flatMap(([shard, owner]) => owner === null ? [] : Number(shard));
    });
  }

  give(shard: number, to: string): Promise<boolean> {
    const node = this.#joined();
    const { schema } = node.options;
    return this.#statements!.inOrder(shard, async () => {
      const connection = await node.connection();
      const { id, incarnation } = node.sender;
      const [[given, sent]] = await connection.query(
        `with fence as materialized (select from ${schema}.node
            where id = $1 and incarnation = $2 for key share),
          heir as materialized (select from ${schema}.node
            where id = $4 and until > clock_timestamp() for key share),
          moved as (update ${schema}.shard set owner = $4, since = now() from fence, heir
            where shard.shard = $3 and shard.owner = $1 returning shard.shard),
          told as (${tellNodes(schema)} from moved)
        select (select count(*) from moved), (select count(*) from fence),
          (select count(*) from told)`,
        [id, incarnation, shard, to],
      );
      if (sent !== "1") throw new StoreUnreachable("the incarnation of this node was raised");
      return given === "1";
    });
  }

  async leave(): Promise<void> {
    await this.#inbox?.close();
    await this.#statements?.drained();
    await this.#node?.leave();
  }

  listen(onNews: () => void): void {
    this.#onNews = onNews;
  }

  /** The rows of a shard that this node owns. Rejects with `StoreLost` where it does not. */
  async openStore(shard: number, ownership: Ownership): Promise<Store> {
    this.#joined();
    const rows = await PostgresShard.open(shard, this.#statements!, this.#inbox!.of(shard));
    return storeOf(rows, ownership);
  }

  /** The shard of a queue; `undefined` if it has none yet. */
  shardOf(queue: string): number | undefined | Promise<number | undefined> {
    return this.#shards === 1 ? 0 : this.#known.get(queue) ?? this.#ask("shard_of", queue);
  }

  /** The shard of a queue. One that has none gets one. */
  assign(queue: string): number | Promise<number> {
    if (this.#shards === 1) return 0;
    return this.#known.get(queue) ?? this.#ask("assign", queue) as Promise<number>;
  }

  /** Asks a function of the database for the shard of a queue; once for all who want to know at the same time. */
  #ask(name: "shard_of" | "assign", queue: string): Promise<number | undefined> {
    const question = `${name} ${queue}`;
    let asked = this.#asked.get(question);
    if (asked === undefined) {
      asked = this.#askNow(name, queue).finally(() => this.#asked.delete(question));
      this.#asked.set(question, asked);
    }
    return asked;
  }

  async #askNow(name: "shard_of" | "assign", queue: string): Promise<number | undefined> {
    const ask = async (): Promise<string | null> => {
      const connection = await this.#joined().control();
      const sql = `select ${this.#place.schema}.${name}($1)`;
      const [[found]] = await connection.query(sql, [queue]);
      return found;
    };
    // A connection that breaks, such as by a restart of the database, is worth another one before anybody hears of it.
    const shard = await ask().catch((error) => {
      if (isBroken(error)) return ask();
      throw error;
    });
    if (shard === null) return undefined;
    // Each can be asked for again.
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(queue, Number(shard));
    return Number(shard);
  }

  #joined(): PostgresNode {
    if (this.#node === undefined) throw new StoreLost("the node has not joined");
    return this.#node;
  }
}

/** A time as ms since the Unix epoch, in SQL. */
function MS(column: string): string {
  return `extract(epoch from ${column})::float8 * 1000`;
}

/** The map of the rows of `renew`: nodes, and shards behind them. */
function mapOf(rows: readonly TextRow[]): ClusterMap {
  const nodes: ClusterNode[] = [];
  const shards: ClusterShard[] = [];
  for (const [, shard, owner, id, address, incarnation, since, left, leaving] of rows) {
    if (id === null) {
      shards.push({ shard: Number(shard), owner: owner ?? undefined, since: Number(since) });
    } else {
      nodes.push({
        id,
        address: address!,
        incarnation: Number(incarnation),
        since: Number(since),
        left: Number(left),
        isLeaving: leaving === "t",
      });
    }
  }
  shards.sort((a, b) => a.shard - b.shard);
  return { now: Number(rows[0][0]), nodes, shards };
}
