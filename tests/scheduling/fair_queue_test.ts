import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Entry, FairQueue, type Flow, Lane } from "../../scheduling/mod.ts";
import { LONG, SEED, withSeed } from "../seeded_random.ts";

const RUNS = { seed: SEED, numRuns: 300 * LONG };

/** A job that knows its place in its lane. */
class Job extends Entry {
  constructor(lane: Lane, readonly id: number, cost = 1) {
    super(lane, cost, 10);
  }
}

/** Two levels of three flows of two lanes. */
function build(): { queue: FairQueue<Job>; lanes: Lane[]; flows: Flow[] } {
  const queue = new FairQueue<Job>([2, 1]);
  const flows = [0, 1].flatMap((rank) => [0, 1, 2].map((key) => queue.flow(rank, key)));
  const lanes = flows.flatMap((flow) => [new Lane(flow), new Lane(flow)]);
  return { queue, lanes, flows };
}

function ids(jobs: Iterable<Job>): number[] {
  return [...jobs].map(({ id }) => id).sort((a, b) => a - b);
}

const lane = fc.nat(11);
const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("push"), at: lane, cost: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("unshift"), at: lane, cost: fc.nat(9) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("pop"), at: lane, cost: fc.nat(9) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("remove"), at: fc.nat(), cost: lane }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("hold"), at: lane, cost: lane }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("release"), at: lane, cost: lane }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("weigh"), at: lane, cost: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("settle"), at: lane, cost: fc.nat(9) }) },
);

Deno.test("FairQueue keeps the order of each lane, as a plain list does, with random work", () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
      const { queue, lanes, flows } = build();
      const model = lanes.map((): Job[] => []);
      let served: Job | undefined;
      for (const [id, { do: verb, at, cost }] of actions.entries()) {
        const flow = flows[at >> 1];
        const all = model.flat();
        if (verb === "push") {
          model[at].push(new Job(lanes[at], id, cost + 1));
          queue.push(model[at].at(-1)!);
        } else if (verb === "unshift") {
          model[at].unshift(new Job(lanes[at], id, cost + 1));
          queue.unshift(model[at][0]);
        } else if (verb === "pop") {
          const job = queue.pop();
          const eligible = model.filter((jobs, i) => jobs.length > 0 && !lanes[i].flow.held);
          assertEquals(job !== undefined, eligible.length > 0);
          if (job === undefined) continue;
          const first = model[lanes.indexOf(job.lane)].shift();
          assertStrictEquals(job.id, first?.id, "first in, first out");
          assert(!job.waits && !job.lane.flow.held);
          served = job;
        } else if (verb === "remove" && all.length > 0) {
          const job = all[at % all.length];
          assert(queue.remove(job));
          assert(!queue.remove(job), "twice");
          const jobs = model[lanes.indexOf(job.lane)];
          jobs.splice(jobs.indexOf(job), 1);
        } else if (verb === "hold") queue.hold(flow);
        else if (verb === "release") queue.release(flow);
        else if (verb === "weigh") queue.weigh(flow, cost + 1);
        else if (verb === "settle" && served) {
          queue.settle(served, cost + 0.5);
          served = undefined;
        }
        const left = model.flat();
        assertEquals([queue.size, queue.bytes], [left.length, 10 * left.length]);
        assertEquals(ids(queue), ids(left));
        for (const [i, flow] of flows.entries()) {
          const count = model[2 * i].length + model[2 * i + 1].length;
          assertEquals(flow.waiting, count);
          assertEquals(flow.index !== -1, count > 0 && !flow.held, "in the heap or not");
        }
        const largest = Math.max(...flows.map(({ bytes, weight }) => bytes / weight));
        if (left.length === 0) assertEquals(queue.largest, undefined);
        else assert(queue.largest!.bytes / queue.largest!.weight >= largest / 2 - 1);
      }
      for (const flow of flows) queue.release(flow);
      while (queue.pop() !== undefined);
      assertEquals([queue.size, queue.bytes, queue.largest], [0, 0, undefined]);
      for (const { head, waiting, next, prev, flow } of lanes) {
        assertEquals([head, waiting, flow.turn, flow.bytes, flow.index], [null, 0, null, 0, -1]);
        assert(next.waiting === 0 && prev === next);
      }
    }),
    RUNS,
  );
});

Deno.test("FairQueue serves as if cancelled entries had never come", () => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ pop: fc.constant(false), at: lane, cost: fc.nat(9) }) },
    { weight: 2, arbitrary: fc.record({ pop: fc.constant(true), at: lane, cost: fc.nat(9) }) },
  );
  // After each step some jobs come, and are cancelled in any order.
  const noise = fc.array(fc.tuple(lane, fc.nat()), { maxLength: 5 });
  fc.assert(
    fc.property(fc.array(fc.tuple(step, noise), { maxLength: 100 }), (steps) => {
      const run = (noisy: boolean): number[] => {
        const { queue, lanes } = build();
        const order: number[] = [];
        for (const [id, [{ pop, at, cost }, noise]] of steps.entries()) {
          if (pop) order.push(queue.pop()?.id ?? -1);
          else queue.push(new Job(lanes[at], id, cost + 1));
          if (!noisy) continue;
          const extra = noise.map(([at]) => new Job(lanes[at], -2, 100));
          for (const job of extra) queue.push(job);
          for (const [i, [, rank]] of noise.entries()) {
            queue.remove(extra.splice(rank % extra.length, 1)[0]);
            assertEquals(extra.length, noise.length - 1 - i);
          }
        }
        for (let job; (job = queue.pop()) !== undefined;) order.push(job.id);
        return order;
      };
      assertEquals(run(true), run(false));
    }),
    RUNS,
  );
});

Deno.test("FairQueue moves no virtual time for a removed head", () => {
  const queue = new FairQueue([1]);
  const lanes = ["a", "b"].map((key) => new Lane(queue.flow(0, key)));
  const heads = lanes.map((lane) => new Entry(lane, 1_000));
  for (const head of heads) queue.push(head);
  for (const lane of lanes) for (let i = 0; i < 3; i++) queue.push(new Entry(lane));
  queue.pop();
  const { virtual } = queue.levels[0];
  const { tag } = lanes[1].flow;
  queue.remove(heads[1]);
  assertEquals([queue.levels[0].virtual, lanes[1].flow.tag], [virtual, tag]);
});

/** Counts the writes to the properties of an object. */
function countWrites(objects: object[], names: string[]): () => number {
  let writes = 0;
  for (const object of objects) {
    for (const name of names) {
      let value = (object as Record<string, unknown>)[name];
      Object.defineProperty(object, name, {
        get: () => value,
        set(next) {
          writes++;
          value = next;
        },
      });
    }
  }
  return () => {
    const count = writes;
    writes = 0;
    return count;
  };
}

Deno.test("FairQueue removes any of 20,000 entries in few moves: O(log flows)", () => {
  withSeed((random) => {
    const queue = new FairQueue([1]);
    const FLOWS = 2_000;
    const lanes = Array.from({ length: FLOWS }, (_, i) => new Lane(queue.flow(0, i)));
    const entries: Entry[] = [];
    for (let i = 0; i < 20_000; i++) {
      // A tenth of the flows have one entry: removing it changes the heap too.
      const at = i < FLOWS ? i : Math.floor(random() * 0.9 * FLOWS);
      entries.push(new Entry(lanes[at], 0.1 + random()));
      queue.push(entries[i]);
    }
    for (let i = 0; i < 1_000; i++) queue.pop(); // the tags differ
    const links = countWrites([...entries, ...lanes], ["next", "prev", "head"]);
    const moves = countWrites(lanes.map((lane) => lane.flow), ["index"]);
    let emptied = 0;
    let most = 0;
    let all = 0;
    let removed = 0;
    while (queue.size > 10_000) {
      const entry = entries[Math.floor(random() * entries.length)];
      if (!queue.remove(entry)) continue;
      const [linked, moved] = [links(), moves()];
      assert(linked <= 9, `${linked} links`);
      const flow = entry.lane.flow;
      if (flow.waiting > 0) assertEquals(moved, 0, "the heap is not touched");
      else emptied++;
      most = Math.max(most, moved);
      all += moved;
      removed++;
    }
    assert(emptied > 100);
    // A 4-ary heap of 2,000 has 7 levels; a flow moves once a level, and the removed one once.
    assert(most <= 8, `${most} moves`);
    assert(all / emptied <= 8 && removed >= 9_000);
  });
});

Deno.test("FairQueue gives each of ten priorities its share, and starves none", () => {
  const weights = Array.from({ length: 10 }, (_, rank) => 2 ** (9 - rank));
  const queue = new FairQueue(weights);
  const lanes = weights.map((_, rank) => new Lane(queue.flow(rank, "acme")));
  for (const lane of lanes) for (let i = 0; i < 1_024; i++) queue.push(new Entry(lane));
  const served = weights.map(() => 0);
  for (let i = 0; i < 1_023; i++) served[queue.pop()!.lane.flow.level.rank]++;
  assertEquals(served, weights);
});

Deno.test("FairQueue serves a key with 10 jobs beside one with 100,000 within the first 20", () => {
  const queue = new FairQueue([1]);
  const [large, small] = ["large", "small"].map((key) => new Lane(queue.flow(0, key)));
  for (let i = 0; i < 100_000; i++) queue.push(new Entry(large));
  for (let i = 0; i < 10; i++) queue.push(new Entry(small));
  for (let i = 0; i < 20; i++) queue.pop();
  assertEquals(small.waiting, 0);
});

Deno.test("FairQueue passes over a held flow, and gives it no credit for that time", () => {
  const queue = new FairQueue([1]);
  const lanes = ["a", "b"].map((key) => new Lane(queue.flow(0, key)));
  const [{ flow: a }] = lanes;
  for (const lane of lanes) for (let i = 0; i < 20; i++) queue.push(new Entry(lane));
  const take = (count: number) =>
    Array.from({ length: count }, () => queue.pop()?.lane.flow.key).join("");
  queue.hold(a);
  assertEquals(take(10), "bbbbbbbbbb");
  queue.release(a);
  const after = take(6);
  assert(after === "ababab" || after === "bababa", after);
  queue.hold(a);
  assertEquals(queue.remove(lanes[0].head!), true);
  take(7);
  assertEquals([queue.pop(), queue.size], [undefined, 16]);
});

Deno.test("FairQueue finds a forgotten flow again by its lane", () => {
  const queue = new FairQueue([1]);
  const kept = new Lane(queue.flow(0, "kept"));
  for (let i = 0; i < 30_000; i++) queue.flow(0, i);
  assert(queue.levels[0].flows.size <= 10_240, "idle flows are forgotten");
  assertEquals(queue.levels[0].flows.has("kept"), false);
  const other = new Lane(queue.flow(0, "kept"));
  queue.push(new Entry(other));
  queue.push(new Entry(kept));
  assertStrictEquals(kept.flow, other.flow);
  assertEquals(queue.levels[0].flows.get("kept")!.waiting, 2);
});

Deno.test("FairQueue keeps the debt of a flow whose connections come and go", () => {
  const queue = new FairQueue([1]);
  const steady = new Lane(queue.flow(0, "steady"));
  for (let i = 0; i < 100; i++) queue.push(new Entry(steady));
  queue.push(new Entry(new Lane(queue.flow(0, "guest"))));
  const taken = [queue.pop()!, queue.pop()!].find(({ lane }) => lane !== steady)!;
  queue.settle(taken, 20);
  for (let i = 0; i < 30_000; i++) queue.flow(0, i); // other flows come, and the table forgets idle ones
  queue.push(new Entry(new Lane(queue.flow(0, "guest"))));
  const order = Array.from({ length: 21 }, () => queue.pop()!.lane.flow.key);
  assert(order.indexOf("guest") >= 18, `served at ${order.indexOf("guest")}`);
});

Deno.test("FairQueue keeps the debt of a flow that it forgot before the debt was known", () => {
  const queue = new FairQueue([1]);
  const steady = new Lane(queue.flow(0, "steady"));
  for (let i = 0; i < 100; i++) queue.push(new Entry(steady));
  queue.push(new Entry(new Lane(queue.flow(0, "guest"))));
  const taken = [queue.pop()!, queue.pop()!].find(({ lane }) => lane !== steady)!;
  for (let i = 0; i < 10; i++) queue.pop();
  for (let i = 0; i < 30_000; i++) queue.flow(0, i);
  assertEquals(queue.levels[0].flows.has("guest"), false);
  queue.settle(taken, 40);
  queue.push(new Entry(new Lane(queue.flow(0, "guest"))));
  const order = Array.from({ length: 40 }, () => queue.pop()!.lane.flow.key);
  assert(order.indexOf("guest") >= 25, `served at ${order.indexOf("guest")}`);
});

Deno.test("FairQueue refuses invalid weights and entries", () => {
  assertThrows(() => new FairQueue([0]), RangeError);
  assertThrows(() => new FairQueue([1, Infinity]), RangeError, "must come first");
  const queue = new FairQueue([Infinity, 1]);
  assertThrows(() => queue.flow(0, "a", -1), RangeError);
  assertThrows(() => queue.flow(0, "a", Infinity), RangeError);
  const entry = new Entry(new Lane(queue.flow(1, "a")));
  queue.push(entry);
  assertThrows(() => queue.push(entry), Error, "waits already");
});

Deno.test("FairQueue refuses weights that would move virtual time too far", () => {
  const queue = new FairQueue([1]);
  for (const weight of [0, -1, NaN, 5e-324, 9e-7, 1.1e6, 1e300, Infinity]) {
    assertThrows(() => queue.flow(0, "a", weight), RangeError, "weight");
    assertThrows(() => queue.weigh(queue.flow(0, "b"), weight), RangeError, "weight");
    if (weight !== Infinity) assertThrows(() => new FairQueue([weight]), RangeError, "weight");
  }
  const lanes = ["a", "b"].map((key) => new Lane(queue.flow(0, key)));
  for (let i = 0; i < 40; i++) for (const lane of lanes) queue.push(new Job(lane, i));
  queue.weigh(lanes[0].flow, 1e-6);
  for (let i = 0; i < 10; i++) queue.pop();
  queue.weigh(lanes[0].flow, 1);
  const after = Array.from({ length: 20 }, () => queue.pop()!.lane.flow.key);
  assertEquals(Math.abs(after.filter((key) => key === "a").length - 10) <= 1, true);
});

Deno.test("FairQueue serves levels of infinite weight first, fairly among their flows", () => {
  const queue = new FairQueue([Infinity, 1]);
  const lanes = [[1, "low"], [0, "a"], [0, "b"]] as const;
  for (const [rank, key] of lanes) {
    const lane = new Lane(queue.flow(rank, key));
    for (let i = 0; i < 3; i++) queue.push(new Entry(lane));
  }
  queue.pop();
  assertEquals(queue.next(1)?.lane.flow.key, "b");
  const order = Array.from({ length: 8 }, () => queue.pop()!.lane.flow.key);
  assertEquals(order, ["b", "a", "b", "a", "b", "low", "low", "low"]);
  assertEquals(queue.next(1), undefined);
});

Deno.test("FairQueue gives an empty lane with a hand the least busy flow, and keeps its order", () => {
  const queue = new FairQueue<Job>([1]);
  const flows = [0, 1, 2].map((key) => queue.flow(0, key));
  const busy = new Lane(flows[0]);
  for (let i = 0; i < 5; i++) queue.push(new Job(busy, i));
  const lane = new Lane(flows[0], flows);
  for (let i = 10; i < 13; i++) queue.push(new Job(lane, i));
  assertEquals([flows[0].waiting, flows[1].waiting], [5, 3]);
  const order: number[] = [];
  for (let job; (job = queue.pop()) !== undefined;) if (job.lane === lane) order.push(job.id);
  assertEquals(order, [10, 11, 12]);
});

/** The keys of the next entries, one after another. */
function served(queue: FairQueue<Job>, count: number): string {
  return Array.from({ length: count }, () => queue.pop()?.lane.flow.key).join("");
}

/** A lane of a new flow with so many entries of cost 1. */
function filled(queue: FairQueue<Job>, rank: number, key: string, count: number): Lane {
  const lane = new Lane(queue.flow(rank, key));
  for (let i = 0; i < count; i++) queue.push(new Job(lane, i));
  return lane;
}

Deno.test("FairQueue scales a debt that became known while its flow waits, as it scales others", () => {
  for (const weighFirst of [true, false]) {
    const queue = new FairQueue<Job>([1]);
    const [a] = ["a", "b"].map((key) => filled(queue, 0, key, 200));
    const first = queue.pop()!;
    assertEquals(first.lane, a);
    if (weighFirst) queue.weigh(a.flow, 100);
    queue.settle(first, 101);
    if (!weighFirst) queue.weigh(a.flow, 100);
    // A debt of 100 is one turn at a weight of 100.
    const after = served(queue, 10);
    assert(after.replaceAll("b", "").length >= 7, after);
  }
});

Deno.test("FairQueue gives a level that was charged too much no more than its share afterwards", () => {
  const queue = new FairQueue<Job>([1, 1]);
  const lane = new Lane(queue.flow(0, "a"));
  queue.push(new Job(lane, 0, 100));
  for (let i = 1; i < 200; i++) queue.push(new Job(lane, i));
  filled(queue, 1, "b", 200);
  const first = queue.pop()!;
  assertEquals(served(queue, 90), "b".repeat(90));
  queue.settle(first, 1);
  const after = served(queue, 20);
  assert(Math.abs(after.replaceAll("b", "").length - 10) <= 1, after);
});

Deno.test("FairQueue forgets all debts once nothing waits, among flows and among levels", () => {
  for (const ranks of [[0, 0], [0, 1], [1, 0]]) {
    const queue = new FairQueue<Job>([1, 1]);
    // Once more after each idle time.
    for (let time = 0; time < 3; time++) {
      filled(queue, ranks[0], "a", 1);
      queue.settle(queue.pop()!, 50);
      filled(queue, ranks[0], "a", 10);
      filled(queue, ranks[1], "b", 10);
      const first = served(queue, 10);
      assert(Math.abs(first.replaceAll("b", "").length - 5) <= 1, `${ranks}: ${first}`);
      while (queue.size > 0) {
        const entry = queue.pop()!;
        queue.settle(entry, entry.cost);
      }
    }
  }
});
