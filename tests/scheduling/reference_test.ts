import { assert, assertEquals } from "@std/assert";
import { Entry, FairQueue, Lane } from "../../scheduling/mod.ts";
import { LONG, withSeed } from "../seeded_random.ts";
import { type ReferenceEntry, type ReferenceLane, ReferenceQueue } from "./reference_queue.ts";

const LIVES = 300 * LONG, STEPS = 120;
const LEVELS = 3, FLOWS = 3, LANES = 2;

class Job extends Entry {
  constructor(lane: Lane, cost: number, readonly twin: ReferenceEntry) {
    super(lane, cost);
  }
}

/**
 * Lives one life of a queue and its reference. `weigh` draws a weight, `measure` a cost. The queue may choose an entry
 * whose tags are up to `slack` later than the least.
 */
function live(
  below: (limit: number) => number,
  { weigh, measure, slack }: { weigh: () => number; measure: () => number; slack: number },
): void {
  const weights = Array.from({ length: LEVELS }, weigh);
  const queue = new FairQueue<Job>(weights);
  const reference = new ReferenceQueue(weights);
  const pairs = weights.flatMap((_, rank) =>
    Array.from({ length: FLOWS }, (_, key) => {
      const flow = queue.flow(rank, key);
      const twin = reference.flow(rank);
      const lanes = Array.from({ length: LANES }, () => {
        const lane: ReferenceLane = { flow: twin, entries: [] };
        return { lane: new Lane(flow), twin: lane };
      });
      return { flow, twin, lanes };
    })
  );
  const waiting: Job[] = [];
  const served: Job[] = [];
  const forget = (job: Job): void => void waiting.splice(waiting.indexOf(job), 1);
  const pop = (): void => {
    const job = queue.pop();
    const allowed = reference.next(slack);
    if (slack === 0) assertEquals(job?.twin.id, allowed[0]?.id);
    else assert(job === undefined ? allowed.length === 0 : allowed.includes(job.twin));
    if (job === undefined) return;
    reference.take(job.twin);
    forget(job);
    served.push(job);
  };
  for (let id = 0; id < STEPS; id++) {
    const { flow, twin, lanes } = pairs[below(pairs.length)];
    const chance = below(100);
    if (chance < 35) {
      const { lane, twin } = lanes[below(LANES)];
      const entry: ReferenceEntry = { id, lane: twin, cost: measure() };
      const job = new Job(lane, entry.cost, entry);
      const isFirst = below(8) === 0;
      reference.push(entry, isFirst);
      if (isFirst) queue.unshift(job);
      else queue.push(job);
      waiting.push(job);
    } else if (chance < 65) pop();
    else if (chance < 72 && waiting.length > 0) {
      const job = waiting[below(waiting.length)];
      assert(queue.remove(job));
      reference.remove(job.twin);
      forget(job);
    } else if (chance < 84 && served.length > 0) {
      const [job] = served.splice(below(served.length), 1);
      const actual = measure();
      queue.settle(job, actual);
      reference.settle(job.twin.lane.flow, actual - job.cost);
    } else if (chance < 88 && !twin.isReady) {
      const cost = measure();
      queue.charge(flow, cost);
      reference.charge(twin, cost);
    } else if (chance < 91) {
      const weight = weigh();
      queue.weigh(flow, weight);
      reference.weigh(twin, weight);
    } else if (chance < 93) {
      const rank = below(LEVELS);
      const weight = weigh();
      queue.weighLevel(rank, weight);
      if (weight !== reference.levels[rank].weight) {
        reference.weighLevel(reference.levels[rank], weight);
      }
    } else {
      const held = !flow.held && below(2) === 0;
      if (held) queue.hold(flow);
      else queue.release(flow);
      reference.hold(twin, held);
    }
  }
  for (const { flow, twin } of pairs) {
    queue.release(flow);
    reference.hold(twin, false);
  }
  while (waiting.length > 0) pop();
  pop();
}

Deno.test("FairQueue serves in the order of a plain reference, where all numbers are exact", () => {
  withSeed((random) => {
    const below = (limit: number): number => Math.floor(random() * limit);
    // Powers of two: a double rounds none of the tags, so that even equal tags are the same in both.
    const exact = {
      weigh: () => 2 ** (below(7) - 3),
      measure: () => (1 + below(12)) / 4,
      slack: 0,
    };
    for (let life = 0; life < LIVES; life++) live(below, exact);
  });
});

Deno.test("FairQueue serves in the order of a plain reference, up to the rounding of any weights and costs", () => {
  withSeed((random) => {
    const below = (limit: number): number => Math.floor(random() * limit);
    const any = { weigh: () => 0.1 + 10 * random(), measure: () => 0.01 + random(), slack: 1e-9 };
    for (let life = 0; life < LIVES; life++) live(below, any);
  });
});
