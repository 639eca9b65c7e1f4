import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { Entry, FairQueue, type Flow, Lane, type Level } from "../../scheduling/mod.ts";
import { exponential, LONG, withSeed } from "../seeded_random.ts";
import { jain, Simulation, type Source, UNBOUNDED } from "./simulation.ts";

/** Keeps `depth` requests of each source in the scheduler: each end of one brings the next. */
function keepBusy(simulation: Simulation, sources: readonly Source[], depth: number): void {
  simulation.ended = (request) => simulation.send(request.source);
  for (const source of sources) for (let i = 0; i < depth; i++) simulation.send(source);
}

Deno.test("Scheduler gives equal flows equal time, whatever the costs of their requests", () => {
  withSeed((random) => {
    const simulation = new Simulation(random, UNBOUNDED);
    const sources = Array.from({ length: 20 }, (_, i) =>
      simulation.source({
        key: `flow ${i}`,
        rate: 0,
        connections: 1 + i % 5,
        // A request of the last flow costs 20 times one of the first, which the scheduler does not know.
        service: (random) => exponential(random, 0.1 * (1 + i)),
      }));
    keepBusy(simulation, sources, 10);
    simulation.run(100_000 * LONG);
    const index = jain(sources.map((source) => source.used));
    assert(index >= 0.99, `Jain's index is ${index}`);
  });
});

Deno.test("Scheduler gives classes their weights under full load, with all of its parts", () => {
  withSeed((random) => {
    const simulation = new Simulation(random);
    const names = ["interactive", "normal", "bulk", "background"];
    const sources = names.map((name) =>
      simulation.source({ key: "acme", class: name, rate: 2, service: () => 1 })
    );
    simulation.run(1_000); // the scheduler learns the costs
    const before = sources.map((source) => source.used);
    simulation.run(60_000 * LONG);
    const used = sources.map((source, i) => source.used - before[i]);
    const all = used.reduce((sum, time) => sum + time);
    for (const [i, share] of [8, 4, 2, 1].entries()) {
      assertAlmostEquals(used[i] / all, share / 15, 0.03 * share / 15, names[i]);
    }
  });
});

Deno.test("Scheduler gives the lowest class 90 % of its share beside 10 busy flows a class", () => {
  withSeed((random) => {
    const simulation = new Simulation(random);
    for (const name of ["interactive", "normal", "bulk"]) {
      for (let i = 0; i < 10; i++) simulation.source({ key: `${i}`, class: name, rate: 0.5 });
    }
    const low = simulation.source({ key: "low", class: "background", rate: 0.2 });
    const duration = 30_000 * LONG;
    simulation.run(duration);
    assert(low.used / duration >= 0.9 / 15, `${low.used / duration} of 1/15`);
  });
});

Deno.test("FairQueue serves flows by weight, also when the weight changes", () => {
  const queue = new FairQueue([1]);
  const flows = [8, 4, 2, 1].map((weight, i) => queue.flow(0, i, weight));
  const lanes = flows.map((flow) => new Lane(flow));
  const serve = (count: number): number[] => {
    const served = flows.map(() => 0);
    for (let i = 0; i < count; i++) {
      const entry = queue.pop()!;
      served[flows.indexOf(entry.lane.flow)]++;
      queue.push(entry);
    }
    return served;
  };
  for (const lane of lanes) for (let i = 0; i < 3; i++) queue.push(new Entry(lane));
  assertEquals(serve(15_000), [8_000, 4_000, 2_000, 1_000]);
  queue.weigh(flows[3], 100);
  const [a, b, c, d] = serve(11_400);
  for (const [served, share] of [[a, 8], [b, 4], [c, 2], [d, 100]]) {
    assertAlmostEquals(served, 100 * share, 3);
  }
});

/**
 * How far two flows or two levels drift apart while both wait all the time, in cost over weight. The bound of start-time
 * fair queuing (Goyal, Theorem 1) holds for each interval, so also for the widest drift.
 */
class Drift {
  #apart = 0;
  #least = 0;
  #most = 0;

  constructor(readonly bound: number) {}

  reset(): void {
    this.#apart = this.#least = this.#most = 0;
  }

  add(step: number): void {
    this.#apart += step;
    this.#least = Math.min(this.#least, this.#apart);
    this.#most = Math.max(this.#most, this.#apart);
    const drift = this.#most - this.#least;
    assert(drift <= this.bound * (1 + 1e-9), `drifted ${drift} apart, the bound is ${this.bound}`);
  }
}

/** Checks the bound between all pairs of `things`, which are flows or levels. */
class Bound<T> {
  #drifts: (Drift | null)[][];

  constructor(
    readonly things: readonly T[],
    readonly weightOf: (thing: T) => number,
    readonly waits: (thing: T) => boolean,
    most: number,
  ) {
    const limit = (thing: T) => most / weightOf(thing);
    this.#drifts = things.map((a) =>
      things.map((b) => a === b ? null : new Drift(limit(a) + limit(b)))
    );
  }

  served(thing: T, cost: number): void {
    const at = this.things.indexOf(thing);
    const step = cost / this.weightOf(thing);
    for (let other = 0; other < this.things.length; other++) {
      if (other === at || !this.waits(this.things[other])) continue;
      this.#drifts[Math.min(at, other)][Math.max(at, other)]!.add(at < other ? step : -step);
    }
    this.check();
  }

  /** Forgets the drift of a flow or level that does not wait. */
  check(): void {
    for (const [at, thing] of this.things.entries()) {
      if (this.waits(thing)) continue;
      for (let other = 0; other < this.things.length; other++) {
        if (other !== at) this.#drifts[Math.min(at, other)][Math.max(at, other)]!.reset();
      }
    }
  }
}

const STEPS = 300_000 * LONG;

Deno.test(`FairQueue keeps the bound of start-time fair queuing at each of ${STEPS} steps`, () => {
  withSeed((random) => {
    const MOST = 10;
    const queue = new FairQueue([5, 2, 1]);
    const pick = (count: number) => Math.floor(random() * count);
    const flows: Flow[] = [];
    const lanes: Lane[] = [];
    for (const { rank } of queue.levels) {
      for (let i = 0; i < 5; i++) {
        const flow = queue.flow(rank, i, [1, 1, 2, 5, 0.5][i]);
        flows.push(flow);
        for (let lane = 0; lane < 3; lane++) lanes.push(new Lane(flow));
      }
    }
    const levels = new Bound<Level>(
      queue.levels,
      (level) => level.weight,
      (level) => level.waiting > 0,
      MOST,
    );
    const within = queue.levels.map((level) =>
      new Bound<Flow>(
        flows.filter((flow) => flow.level === level),
        (flow) => flow.weight,
        (flow) => flow.waiting > 0,
        MOST,
      )
    );
    const waiting: Entry[] = [];
    const forget = (entry: Entry) => {
      const last = waiting.pop()!;
      if (last !== entry) waiting[waiting.indexOf(entry)] = last;
    };
    for (let step = 0; step < STEPS; step++) {
      const dice = random();
      // The backlog swings, so flows go idle and return in all combinations.
      const push = queue.size === 0 || dice < (Math.floor(step / 200) % 2 === 0 ? 0.6 : 0.35);
      if (push) {
        const entry = new Entry(lanes[pick(lanes.length)], 0.1 + random() * (MOST - 0.1));
        queue.push(entry);
        waiting.push(entry);
      } else if (dice > 0.93) {
        const entry = waiting[pick(waiting.length)];
        queue.remove(entry);
        forget(entry);
        levels.check();
        within[entry.lane.flow.level.rank].check();
      } else {
        const entry = queue.pop()!;
        forget(entry);
        const { flow } = entry.lane;
        within[flow.level.rank].served(flow, entry.cost);
        levels.served(flow.level, entry.cost);
      }
    }
  });
});

Deno.test("FairQueue gives an idle flow no credit and no debt", () => {
  const queue = new FairQueue([1]);
  const [busy, idle] = ["busy", "idle"].map((key) => new Lane(queue.flow(0, key)));
  const order = (): string => {
    let keys = "";
    for (let entry; (entry = queue.pop()) !== undefined;) {
      keys += entry.lane === busy ? "b" : "i";
      queue.settle(entry, 1);
    }
    return keys;
  };
  for (let i = 0; i < 100; i++) queue.push(new Entry(busy));
  for (let i = 0; i < 90; i++) queue.pop();
  for (let i = 0; i < 4; i++) queue.push(new Entry(idle));
  // They alternate at once: the flow does not catch up on the 90 that it missed.
  assertEquals(order(), "ibibibib" + "bbbbbb");
  // The busy period is over: `busy` has no debt.
  for (let i = 0; i < 3; i++) for (const lane of [busy, idle]) queue.push(new Entry(lane));
  assertEquals(order(), "bibibi");
});

Deno.test("FairQueue corrects a charge, but gives no credit that reaches before the present", () => {
  const queue = new FairQueue([1]);
  const [a, b] = ["a", "b"].map((key) => new Lane(queue.flow(0, key)));
  for (let i = 0; i < 40; i++) for (const lane of [a, b]) queue.push(new Entry(lane));
  const serve = (count: number) =>
    Array.from({ length: count }, () => queue.pop()!.lane === a ? "a" : "b").join("");
  const first = queue.pop()!;
  assertEquals(first.lane, a);
  queue.settle(first, 11); // ten more than estimated
  assertEquals(serve(20).split("a").length - 1, 5, "b is ten ahead");
  queue.settle(first, -1_000);
  const share = serve(20).split("a").length - 1;
  assert(share >= 9 && share <= 11, `a got ${share} of 20: no credit of a thousand`);
});
