import { assert } from "@std/assert";
import { LONG, withSeed } from "../seeded_random.ts";
import { mean, percentile, Simulation, type SourceOptions } from "./simulation.ts";

/** Offered load, as a multiple of capacity, and the least goodput, as a share of it. */
const GOODPUT = [[2, 0.98], [5, 0.95], [10, 0.9]];

for (const [load, least] of GOODPUT) {
  for (const flows of [1, 40]) {
    Deno.test(`Scheduler keeps a goodput of ${least} of its capacity at ${load}x from ${flows} flows`, () => {
      withSeed((random) => {
        const simulation = new Simulation(random);
        for (let i = 0; i < flows; i++) {
          simulation.source({
            key: `flow ${i}`,
            class: ["interactive", "normal", "bulk", "background"][i % 4],
            rate: load / flows,
            within: 100,
          });
        }
        const duration = 20_000 * LONG;
        simulation.run(duration);
        const good = simulation.sources.reduce((sum, source) => sum + source.good, 0);
        // With a mean service time of 1 ms, the capacity is about one request a millisecond.
        assert(good / duration >= least, `${good / duration}`);
        const late = simulation.sources.reduce((sum, source) => sum + source.late, 0);
        assert(late / duration < 0.01, `${late} ran and were late`);
      });
    });
  }
}

Deno.test("Scheduler has its usual waits 200 ms after a step to 1.4 times its capacity and back", () => {
  withSeed((random) => {
    const simulation = new Simulation(random);
    const sources = Array.from(
      { length: 10 },
      (_, i) => simulation.source({ key: `${i}`, rate: 0.07, within: 1_000 }),
    );
    const surge = sources.map(({ options }, i) =>
      simulation.source({ ...options, key: `${i}`, rate: 0.07 })
    );
    const usual: number[] = [];
    const after: number[] = [];
    const waitsOf = (into: number[], ms: number) => {
      const seen = sources.map((source) => source.waits.length);
      simulation.run(ms, sources);
      sources.forEach((source, i) => into.push(...source.waits.slice(seen[i])));
    };
    for (let i = 0; i < 120 * LONG; i++) {
      simulation.run(1_000, sources);
      waitsOf(usual, 300);
      simulation.run(1_000, [...sources, ...surge]);
      simulation.run(200, sources);
      waitsOf(after, 300);
    }
    assert(mean(after) <= 1.2 * mean(usual), `${mean(after)} ms, usually ${mean(usual)} ms`);
  });
});

Deno.test("Scheduler shields a polite flow from another flow that offers 100 times the capacity", () => {
  withSeed((random) => {
    const polite: SourceOptions = { key: "polite", rate: 0.05, within: 100 };
    const duration = 12_000 * LONG;
    const alone = new Simulation(random);
    const solo = alone.source(polite);
    alone.run(10 * duration);
    for (const connections of [1, 50]) {
      const crowd = new Simulation(random);
      const source = crowd.source(polite);
      crowd.source({ key: "flooder", rate: 100, batch: 100, connections, within: 100 });
      crowd.run(duration);
      const success = source.good / source.sent;
      assert(success >= 0.999, `${success} of the polite requests succeeded`);
      const [p99, p99Alone] = [source, solo].map(({ latencies }) => percentile(latencies, 0.99));
      assert(p99 <= 2 * p99Alone, `p99 is ${p99} ms, ${p99Alone} ms alone`);
    }
  });
});
