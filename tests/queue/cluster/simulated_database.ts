// A database with rows, row locks and commits, as far as the nodes of a cluster use it. A statement arrives, waits for its
// locks, takes effect when it commits, and lets the locks go. Its connection may be gone by then.

import type { Change, Moment, QueueLimits, StoredJob } from "@lineup/lineup/queue";
import type { ClusterMap, NodeName } from "../../../queue/cluster/cluster_store.ts";
import type { VirtualClock } from "../../../testing/virtual_clock.ts";
import type { History } from "./history.ts";
import type { Weather } from "./simulated_connection.ts";

/** How a statement locks the row of a node, as PostgreSQL's modes: key share, no key update, update. */
type LockMode = "share" | "renew" | "remove";

/** The row of a node. */
export interface NodeRow {
  readonly id: string;
  readonly address: string;
  readonly since: number;
  incarnation: number;
  until: number;
  isLeaving: boolean;
}

/** The rows of a shard. */
export interface ShardRows {
  owner: string | undefined;
  since: number;
  readonly jobs: Map<number, StoredJob>;
  readonly limits: Map<string, QueueLimits>;
  lastId: number;
  moment: Moment | undefined;
  /** How many commits it has seen. */
  version: number;
}

/** A statement. */
export interface Statement<T> {
  /** The row of a node that it locks first, if it is there. */
  readonly lock?: { readonly id: string; readonly mode: LockMode };
  /** Reads what is committed when it arrives. */
  readonly read?: () => T;
  /** Its changes, made when it commits. */
  readonly commit?: () => T;
}

/** A statement that waits for the lock of a row, or has it. */
interface Request {
  readonly mode: LockMode;
  readonly granted: () => void;
}

/** How long a statement waits for a lock that another node has, in ms. */
const LOCK_MS = 1_000;

export class SimulatedDatabase {
  readonly nodes = new Map<string, NodeRow>();
  readonly shards: ShardRows[];
  readonly ttlMs: number;
  /** How many nodes have joined. */
  joined = 0;
  readonly #clock: VirtualClock;
  readonly #random: () => number;
  readonly #rate: number;
  readonly #weather: Weather;
  readonly #history: History;
  readonly #locks = new Map<string, { held: Request[]; waiting: Request[] }>();
  #stalledUntil = 0;

  constructor(
    clock: VirtualClock,
    random: () => number,
    { shards, ttlMs, history, rate, weather }: {
      shards: number;
      ttlMs: number;
      history: History;
      rate: number;
      weather: Weather;
    },
  ) {
    this.#clock = clock;
    this.#random = random;
    this.#rate = rate;
    this.#weather = weather;
    this.#history = history;
    this.ttlMs = ttlMs;
    this.shards = Array.from({ length: shards }, () => ({
      owner: undefined,
      since: this.now(),
      jobs: new Map(),
      limits: new Map(),
      lastId: 0,
      moment: undefined,
      version: 0,
    }));
  }

  /** Its clock, which is faster or slower than those of the nodes. */
  now(): number {
    return this.#clock.now() * this.#rate;
  }

  /** Commits take until then at least. */
  stall(ms: number): void {
    this.#stalledUntil = this.#clock.now() + ms;
  }

  /** The owner of a shard, unless its row is gone. */
  ownerOf(shard: number): string | undefined {
    const { owner } = this.shards[shard];
    return owner !== undefined && this.nodes.has(owner) ? owner : undefined;
  }

  /** A map of what is committed. */
  map(): ClusterMap {
    const now = this.now();
    return {
      now,
      nodes: Array.from(
        this.nodes.values(),
        ({ until, ...row }) => ({ ...row, left: until - now }),
      ),
      shards: this.shards.map(({ since }, shard) => ({ shard, owner: this.ownerOf(shard), since })),
    };
  }

  /** Whether the row of a node is there, with this incarnation. */
  isFenced({ id, incarnation }: NodeName): boolean {
    return this.nodes.get(id)?.incarnation === incarnation;
  }

  /** Another owner has a shard from now on. */
  move(shard: number, owner: string | undefined): void {
    Object.assign(this.shards[shard], { owner, since: this.now() });
    this.#history.moved(shard, owner);
  }

  /** Changes rows of a shard, as the commit of a store does. */
  apply(shard: number, changes: readonly Change[], moment: Moment | undefined): void {
    const rows = this.shards[shard];
    rows.version++;
    rows.moment = moment ?? rows.moment;
    for (const change of changes) {
      if (change.kind === "put") {
        rows.jobs.set(change.job.id, change.job);
        rows.lastId = Math.max(rows.lastId, change.job.id);
        this.#history.stored(shard, change.job.id);
      } else if (change.kind === "move") {
        const job = rows.jobs.get(change.id);
        if (job !== undefined) rows.jobs.set(change.id, { ...job, ...change.progress });
      } else if (change.kind === "drop") {
        if (rows.jobs.delete(change.id)) this.#history.dropped(shard, change.id);
      } else if (change.kind === "limits") {
        rows.limits.set(`${change.limits.queue} ${change.limits.key}`, change.limits);
      } else throw new Error(`the simulation knows no ${change.kind}`);
    }
  }

  /** Executes a statement that arrives now. Rejects where it waits too long for a lock. */
  execute<T>({ lock, read, commit }: Statement<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    if (read !== undefined) {
      const answer = read();
      if (commit === undefined) {
        this.#later(() => resolve(answer));
        return promise;
      }
      const before = commit;
      commit = () => (before(), answer);
    }
    const begin = (release: () => void): void => {
      this.#later(() => {
        try {
          resolve(commit!());
        } catch (error) {
          reject(error);
        } finally {
          release();
        }
      });
    };
    if (lock === undefined) begin(() => {});
    else this.#lock(lock.id, lock.mode, begin, reject);
    return promise;
  }

  #later(action: () => void): void {
    const slow = !this.#weather.isCalm && this.#random() < 0.005 ? 7_000 : 2;
    const stalled = Math.max(0, this.#stalledUntil - this.#clock.now());
    this.#clock.setTimer(stalled + this.#random() * slow, action);
  }

  #lock(
    id: string,
    mode: LockMode,
    begin: (release: () => void) => void,
    reject: (error: Error) => void,
  ): void {
    let row = this.#locks.get(id);
    if (row === undefined) this.#locks.set(id, row = { held: [], waiting: [] });
    const { held, waiting } = row;
    let cancel = (): void => {};
    const request: Request = {
      mode,
      granted: () => {
        cancel();
        begin(() => {
          held.splice(held.indexOf(request), 1);
          this.#grant(id);
        });
      },
    };
    waiting.push(request);
    this.#grant(id);
    if (!waiting.includes(request)) return;
    cancel = this.#clock.setTimer(LOCK_MS, () => {
      waiting.splice(waiting.indexOf(request), 1);
      reject(new Error("canceling statement due to lock timeout"));
      this.#grant(id);
    });
  }

  #grant(id: string): void {
    const { held, waiting } = this.#locks.get(id)!;
    while (waiting.length > 0 && held.every(({ mode }) => goTogether(mode, waiting[0].mode))) {
      const request = waiting.shift()!;
      held.push(request);
      request.granted();
    }
    if (held.length + waiting.length === 0) this.#locks.delete(id);
  }
}

function goTogether(a: LockMode, b: LockMode): boolean {
  return a !== "remove" && b !== "remove" && (a === "share" || b === "share");
}
