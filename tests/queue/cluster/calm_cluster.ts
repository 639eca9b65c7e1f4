import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { seededRandom } from "../../seeded_random.ts";
import { History } from "./history.ts";
import { SimulatedDatabase } from "./simulated_database.ts";
import { SimulatedNode } from "./simulated_node.ts";
import { SimulatedProcess } from "./simulated_process.ts";

/** The time to live of a node's row, in ms. */
export const TTL_MS = 5_000;
/** How many shards there are: more than a node loads at a time. */
export const SHARDS = 24;
/** So many microtasks settle what an event brings about. */
const TICKS = 60;

/** A node serves a shard, which nobody served for so many ms before. */
export interface Served {
  readonly by: string;
  readonly gap: number;
}

/** Nodes on a network and a database where nothing fails by itself. */
export class CalmCluster {
  readonly clock = new VirtualClock();
  readonly nodes = new Map<string, SimulatedNode>();
  readonly database: SimulatedDatabase;
  /** What the nodes have logged, each as one object. */
  readonly logged: Record<string, unknown>[] = [];
  /** For each shard, the nodes that have served it, one after the other. */
  readonly served: Served[][] = Array.from({ length: SHARDS }, () => []);
  readonly #last: { by?: string; unservedSince?: number }[] = this.served.map(() => ({}));
  readonly #random = seededRandom(1);
  readonly #weather = { isCalm: true };
  readonly #history = new History(Infinity);

  constructor() {
    this.database = new SimulatedDatabase(this.clock, this.#random, {
      shards: SHARDS,
      ttlMs: TTL_MS,
      history: this.#history,
      rate: 1,
      weather: this.#weather,
    });
  }

  /** A node starts. */
  start(address: string, options: { waits?: boolean } = {}): SimulatedNode {
    const node = new SimulatedNode({
      clock: this.clock,
      random: this.#random,
      database: this.database,
      process: new SimulatedProcess(this.clock, { rate: 1, wall: 0, sleeps: true }),
      history: this.#history,
      faults: {},
      weather: this.#weather,
      cutUntil: 0,
      address,
      onLog: (entry) => this.logged.push({ ...entry, address }),
      tell: () => {
        for (const { parts, onNews } of this.nodes.values()) {
          this.clock.setTimer(1, () => parts.process.do(onNews));
        }
      },
    });
    this.nodes.set(address, node);
    void node.start(options);
    return node;
  }

  /** A node dies. */
  kill(address: string): void {
    this.nodes.get(address)!.parts.process.kill();
    this.nodes.delete(address);
  }

  /** Lets time pass, and keeps who serves each shard. */
  async pass(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    do {
      for (let tick = 0; tick < TICKS; tick++) await undefined;
      this.#look();
    } while (this.clock.step(end));
    this.clock.advance(end - this.clock.now());
  }

  /** Lets time pass until a promise is settled. */
  async until(promise: Promise<unknown>): Promise<void> {
    let isSettled = false;
    promise.finally(() => isSettled = true).catch(() => {});
    while (!isSettled) await this.pass(1);
  }

  /** Which node serves each shard now. */
  get servers(): (string | undefined)[] {
    return this.served.map((_, shard) => this.#serverOf(shard));
  }

  #serverOf(shard: number): string | undefined {
    for (const [address, { cluster }] of this.nodes) {
      const place = cluster?.placeOf(shard);
      if (place !== undefined && "engine" in place && cluster!.holds) return address;
    }
    return undefined;
  }

  #look(): void {
    for (let shard = 0; shard < SHARDS; shard++) {
      const last = this.#last[shard];
      const by = this.#serverOf(shard);
      if (by === undefined) {
        last.unservedSince ??= this.clock.now();
        continue;
      }
      const gap = this.clock.now() - (last.unservedSince ?? this.clock.now());
      if (gap > 0 || last.by !== by) this.served[shard].push({ by, gap });
      this.#last[shard] = { by };
    }
  }

  /** Forgets who has served each shard before. */
  forget(): void {
    for (const all of this.served) all.length = 0;
  }
}
