// Simulates a cluster on virtual time: nodes on machines that pause, drift and die, connections that break with statements in
// flight, a database that stalls, and clients that ask any node. A seed decides everything.

import type { DeliveredJob } from "../../../queue/engine/engine.ts";
import type { NewJob } from "../../../queue/store/job_values.ts";
import type { RankedEngine } from "../../../queue/engine/ranked_engine.ts";
import { ranked } from "../../../queue/cluster/rendezvous.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { exponential } from "../../seeded_random.ts";
import { FakeClient } from "../engine/simulated_client.ts";
import { History } from "./history.ts";
import { SimulatedDatabase } from "./simulated_database.ts";
import { type NodeFaults, SimulatedNode } from "./simulated_node.ts";
import { SimulatedProcess } from "./simulated_process.ts";

const TTL_MS = 5_000;
const NODES = { least: 2, most: 5 };
/** A client waits so long for an answer, in ms. */
const PATIENCE_MS = 5_000;
/** A lease is longer than any client holds a job, by the fastest clock. */
const LEASE_MS = 60_000;
const HOLD_MS = 15_000;
const MOST_JOBS = 30;
const RUNNING = 3;
const EMPTY = new Uint8Array();
/** So many microtasks settle what an event brings about. */
const TICKS = 12;
/** How long until all is well once nothing fails any more, in ms: a pause may be longer than most of it. */
const CALM_MS = 60_000;

/** The mean time between two events of a kind, in ms. */
const MEANS = {
  request: 40,
  cut: 6_000,
  pause: 5_000,
  suspend: 15_000,
  setWall: 3_000,
  kill: 10_000,
  leave: 10_000,
  join: 5_000,
  stall: 30_000,
} as const;

interface Held {
  readonly shard: number;
  readonly id: number;
  readonly attempt: number;
  /** Whether it was asked for the end before, and no answer came. */
  isAsked: boolean;
}

/** A cluster, and its clients. */
export class Simulation {
  readonly history = new History(RUNNING);
  /** How often each fault happened. */
  readonly faults: Record<string, number> = {};
  readonly #random: () => number;
  readonly #clock = new VirtualClock();
  readonly #database: SimulatedDatabase;
  readonly #nodeFaults: NodeFaults;
  readonly #client = new FakeClient(1);
  /** More than a node may load at a time, or fewer. */
  readonly #shards: number;
  #nodes: SimulatedNode[] = [];
  readonly #held: Held[] = [];
  #names = 0;
  readonly #weather = { isCalm: false };

  constructor(random: () => number, faults: NodeFaults = {}) {
    this.#random = random;
    this.#nodeFaults = faults;
    this.#shards = random() < 0.25 ? 24 : 6;
    this.#database = new SimulatedDatabase(this.#clock, random, {
      shards: this.#shards,
      ttlMs: TTL_MS,
      history: this.history,
      rate: this.#drift(),
      weather: this.#weather,
    });
    for (let shard = 0; shard < this.#shards; shard++) {
      this.#database.shards[shard].limits.set("", {
        queue: queueOf(shard),
        key: "",
        paused: false,
        running: RUNNING,
        rate: 0,
        weight: 0,
        depth: 0,
      });
    }
  }

  /** Runs for so many steps, then until nothing fails any more. Throws where a promise is broken. */
  async run(steps: number): Promise<void> {
    for (let count = 2 + this.#below(4); count > 0; count--) this.#join();
    for (const kind of Object.keys(MEANS) as (keyof typeof MEANS)[]) this.#again(kind);
    for (let step = 0; step < steps; step++) await this.#step();
    this.#weather.isCalm = true;
    const end = this.#clock.now() + CALM_MS;
    while (this.#clock.now() < end) await this.#step();
    this.#judge();
  }

  async #step(): Promise<void> {
    this.#clock.step();
    for (let tick = 0; tick < TICKS; tick++) await undefined;
    if (this.history.broken !== undefined) throw this.history.broken;
  }

  /** Lets events of a kind happen from now on. */
  #again(kind: keyof typeof MEANS): void {
    this.#clock.setTimer(exponential(this.#random, MEANS[kind]), () => {
      if (!this.#weather.isCalm) {
        this.faults[kind] = (this.faults[kind] ?? 0) + 1;
        this.#happen(kind);
      }
      this.#again(kind);
    });
  }

  #happen(kind: keyof typeof MEANS): void {
    const random = this.#random;
    const node = this.#nodes[this.#below(this.#nodes.length)];
    const { process } = node.parts;
    switch (kind) {
      case "request":
        return this.#request();
      case "cut":
        node.parts.cutUntil = this.#clock.now() + 10_000 * random();
        return;
      case "pause":
        return process.pause(random() < 0.2 ? 30_000 * random() : 1_000 * random(), false);
      case "suspend":
        return process.pause(20_000 * random(), true);
      case "setWall":
        return process.setWall((random() - 0.5) * 20_000);
      case "kill":
        if (this.#nodes.length <= NODES.least) return;
        process.kill();
        return this.#forget(node);
      case "leave":
        if (this.#nodes.length <= NODES.least) return;
        this.#forget(node);
        return process.do(() => {
          if (node.cluster === undefined) process.kill();
          else node.cluster.leave().then(() => process.kill(), () => process.kill());
        });
      case "join":
        if (this.#nodes.length < NODES.most) this.#join();
        return;
      case "stall":
        return this.#database.stall(6_000 * random());
    }
  }

  #join(): void {
    const taken = this.#nodes.map(({ parts }) => parts.address);
    let address: string;
    do address = `host${this.#below(8)}`; while (taken.includes(address));
    const node = new SimulatedNode({
      clock: this.#clock,
      random: this.#random,
      database: this.#database,
      process: new SimulatedProcess(this.#clock, {
        rate: this.#drift(),
        wall: (this.#random() - 0.5) * 1e6,
        sleeps: this.#random() < 0.5,
      }),
      history: this.history,
      faults: this.#nodeFaults,
      weather: this.#weather,
      cutUntil: 0,
      address,
      tell: this.#tell,
    });
    this.#nodes.push(node);
    void node.start();
  }

  #forget(node: SimulatedNode): void {
    this.#nodes = this.#nodes.filter((each) => each !== node);
  }

  /** The news of the database: some are lost. */
  readonly #tell = (): void => {
    for (const node of this.#nodes) {
      if (this.#random() < 0.1) continue;
      this.#clock.setTimer(this.#random() * 3, () => node.parts.process.do(() => node.onNews()));
    }
  };

  /** A client asks a node for something. */
  #request(): void {
    const chance = this.#random();
    if (chance < 0.5 && this.#held.length > 0) {
      const [held] = this.#held.splice(this.#below(this.#held.length), 1);
      return this.#end(held, chance < 0.35);
    }
    const shard = this.#below(this.#shards);
    if (chance < 0.7) this.#put(shard);
    else if (chance < 0.8) this.#look(shard);
    else this.#take(shard);
  }

  /** An answer that takes a while, and comes from memory. */
  #look(shard: number): void {
    const [id] = this.#database.shards[shard].jobs.keys();
    if (id === undefined) return;
    this.#ask(shard, (engine) => engine.job(id), (_, node) => {
      this.history.tally.shown++;
      this.#mustOwn(node, shard, `shows job ${id}`);
    });
  }

  #put(shard: number): void {
    if (this.#database.shards[shard].jobs.size >= MOST_JOBS) return;
    const job: NewJob = { ...NEW_JOB, queue: queueOf(shard), unique: `n${++this.#names}` };
    const put = (job: NewJob): void =>
      this.#ask(shard, (engine) => engine.put(job, this.#caller()), ({ id, duplicate }) => {
        if (duplicate) this.history.tally.duplicate++;
        else this.history.put(shard, id, this.#has(shard, id));
        // Once more: while it is surely there, it has to be found.
        if (this.#random() < 0.5 || !this.history.isSurelyThere(shard, id)) return;
        this.#ask(shard, (engine) => engine.put(job, this.#caller()), (again, node) => {
          if (again.duplicate !== true && this.history.isSurelyThere(shard, id)) {
            this.history.fail(`job ${shard}/${id} is put again, and was not found`);
          }
          if (again.duplicate) {
            this.history.tally.duplicate++;
            this.#mustOwn(node, shard, "says duplicate");
          } else this.history.put(shard, again.id, this.#has(shard, again.id));
        });
      });
    put(job);
  }

  #take(shard: number): void {
    const request = {
      queues: [queueOf(shard)],
      max: 1 + this.#below(2),
      lease: LEASE_MS,
      releaseOnDisconnect: false,
      client: this.#client,
    };
    this.#ask(
      shard,
      (engine) => engine.take(request, 0, this.#caller()),
      (jobs: readonly DeliveredJob[], node) => {
        if (jobs.length === 0) {
          this.history.tally.none++;
          return this.#mustOwn(node, shard, "has no job");
        }
        for (const { id, attempt } of jobs) {
          this.history.taken(shard, id, attempt, this.#has(shard, id));
          this.#hold({ shard, id, attempt, isAsked: false });
        }
      },
    );
  }

  #hold(held: Held): void {
    this.#held.push(held);
    // A client that does nothing about it gives up before the lease is over.
    this.#clock.setTimer(HOLD_MS, () => {
      const at = this.#held.indexOf(held);
      if (at < 0) return;
      this.#held.splice(at, 1);
      this.history.letGo(held.shard, held.id, false);
    });
  }

  #end(held: Held, isDone: boolean): void {
    const { shard, id, attempt } = held;
    const claim = { client: this.#client, attempt };
    this.history.letGo(shard, id, isDone);
    const ask = (engine: RankedEngine): Promise<unknown> =>
      isDone
        ? engine.done([id], claim, EMPTY, this.#caller().signal)
        : engine.fail([id], claim, { reason: "", retry: 0, dead: false });
    this.#ask(shard, ask, () => {
      if (isDone) this.history.done(shard, id, this.#has(shard, id));
      else this.history.tally.failed++;
    }, (error) => {
      const { code } = error as { code?: string };
      if (code === "not-found" || code === "not-taken") {
        this.history.fail(`attempt ${shard}/${id}/${attempt} is ${code} in its lease`);
      }
    });
  }

  /** Asks some node, which asks the owner; both try again for as long as the client waits. */
  #ask<T>(
    shard: number,
    ask: (engine: RankedEngine) => Promise<T>,
    told: (answer: T, node: SimulatedNode) => void,
    refused: (error: unknown) => void = () => {},
  ): void {
    const end = this.#clock.now() + PATIENCE_MS;
    // The first node asks the owner; one that says it is not is asked later, by way of any node.
    const visit = (node: SimulatedNode, isOwner: boolean): void => {
      if (this.#clock.now() > end) return;
      node.parts.process.do(() => {
        const place = node.cluster?.placeOf(shard);
        if (place === undefined || ("node" in place && isOwner)) {
          return begin(20 + 200 * this.#random());
        }
        if ("node" in place) {
          const { address } = place.node;
          const owner = this.#nodes.find(({ parts }) => parts.address === address);
          if (owner === undefined) return begin(100);
          return void this.#clock.setTimer(this.#random(), () => visit(owner, true));
        }
        call(() => ask(place.engine)).then((answer) => {
          if (this.#clock.now() <= end) told(answer, node);
        }, (error) => {
          this.history.tally.refused++;
          if (this.#clock.now() <= end) refused(error);
        }).catch(() => {});
      });
    };
    const begin = (ms: number): void =>
      void this.#clock.setTimer(
        ms,
        () => visit(this.#nodes[this.#below(this.#nodes.length)], false),
      );
    begin(0);
  }

  /** An answer from memory is true only if its node is still the owner. */
  #mustOwn({ parts, cluster }: SimulatedNode, shard: number, words: string): void {
    const owner = this.#database.ownerOf(shard);
    if (owner === undefined || owner !== cluster?.id) {
      this.history.fail(
        `${parts.address} ${words} in shard ${shard}, which ${owner ?? "nobody"} owns`,
      );
    }
  }

  #has(shard: number, id: number): boolean {
    return this.#database.shards[shard].jobs.has(id);
  }

  /** Checks that every shard is where it belongs, and has all jobs. */
  #judge(): void {
    const { history } = this;
    const living = this.#nodes.map(({ cluster, parts }) => ({
      id: cluster?.id ?? "",
      address: parts.address,
      cluster,
    }));
    for (let shard = 0; shard < this.#shards; shard++) {
      const [best] = ranked(shard, living);
      const serving = living.filter(({ cluster }) => {
        const place = cluster?.placeOf(shard);
        return place !== undefined && "engine" in place;
      });
      if (
        serving.length !== 1 || serving[0] !== best || this.#database.ownerOf(shard) !== best.id
      ) {
        const names = serving.map(({ id }) => id).join(" and ") || "nobody";
        history.fail(`${names} serves shard ${shard} in the end, and not ${best.id}`);
      }
      for (const id of history.mustHave(shard)) {
        if (!this.#has(shard, id)) history.fail(`job ${shard}/${id} is lost in the end`);
      }
    }
  }

  #caller() {
    return {
      client: this.#client,
      signal: NEVER,
      park: <T>(promise: PromiseLike<T>): Promise<T> => Promise.resolve(promise),
    };
  }

  #drift(): number {
    return 0.91 + this.#random() * 0.18;
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

const NEVER = new AbortController().signal;

const NEW_JOB: Omit<NewJob, "queue"> = {
  key: "",
  body: EMPTY,
  priority: 5,
  delay: 0,
  lease: LEASE_MS,
  attempts: 1000,
  backoff: 0,
  unique: "",
  expires: undefined,
  keep: false,
};

function queueOf(shard: number): string {
  return `q${shard}`;
}

async function call<T>(ask: () => Promise<T>): Promise<T> {
  return await ask();
}
