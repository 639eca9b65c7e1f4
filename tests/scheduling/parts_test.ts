import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  AdaptiveSeats,
  addressPrefixes,
  Codel,
  CostEstimate,
  dealHand,
  drawHashKey,
  fixedSeats,
  halfSipHash,
  Histogram,
  RateLimiter,
  RetryHint,
  type Timed,
  TimingWheel,
} from "../../scheduling/mod.ts";
import { LONG, SEED, withSeed } from "../seeded_random.ts";
import { VirtualClock } from "../../testing/virtual_clock.ts";

Deno.test("CostEstimate is a plain mean at first, then a moving average, and never 0", () => {
  const cost = new CostEstimate(1, 0.25);
  for (const actual of [3, 5]) cost.learn(actual);
  assertAlmostEquals(cost.value, 3);
  for (let i = 0; i < 100; i++) cost.learn(10);
  assertAlmostEquals(cost.value, 10, 1e-6);
  cost.learn(2);
  assertAlmostEquals(cost.value, 8, 1e-6);
  for (let i = 0; i < 1_000; i++) cost.learn(0);
  assert(cost.value > 0);
  assertThrows(() => new CostEstimate(0), RangeError);
  assertThrows(() => new CostEstimate(1, 2), RangeError);
});

Deno.test("Codel sheds a standing queue, and not a burst", () => {
  const codel = new Codel({ target: 10 });
  const shed: number[] = [];
  // A burst: long waits, but a short one in each interval.
  for (let now = 0; now < 1_000; now++) {
    if (codel.overloaded(now % 50 === 49 ? 1 : 60, now)) shed.push(now);
  }
  assertEquals(shed, []);
  for (let now = 1_000; now < 1_400; now++) if (codel.overloaded(25, now)) shed.push(now);
  assert(shed[0] <= 1_202 && shed.length >= 190, `from ${shed[0]}, ${shed.length} shed`);
  assert(!codel.overloaded(20, 1_399), "what waited no longer than twice the target is kept");
  assert(codel.overloaded(21, 1_399));
});

Deno.test("Codel sheds nothing for the waits of long ago", () => {
  const codel = new Codel();
  for (let now = 0; now < 300; now++) codel.overloaded(50, now);
  assert(codel.overloaded(50, 300) || codel.overloaded(50, 301));
  for (let now = 10_000; now < 10_100; now++) assert(!codel.overloaded(50, now));
});

Deno.test("RetryHint grows while refusals go on, to its limit, and shrinks when they stop", () => {
  const hint = new RetryHint({ random: () => 0.5 });
  let now = 0;
  const hints: number[] = [];
  for (let i = 0; i < 12; i++) {
    hints.push(hint.next(now));
    assertEquals(hint.next(now), hints.at(-1), "many at once are one trouble");
    now += hints.at(-1)!;
  }
  assertEquals(hints.slice(0, 4), [100, 200, 400, 800]);
  assertEquals(hints.at(-1), 32_000);
  now += 10_000; // after the 32 s for which clients stayed away
  assertAlmostEquals(hint.next(now), 22_000, 1);
  now += 60_000;
  assertEquals(hint.next(now), 100);
});

Deno.test("RetryHint has a jitter of a fifth in both directions", () => {
  withSeed((random) => {
    const hint = new RetryHint({ random, least: 1_000 });
    const hints = Array.from({ length: 1_000 }, () => hint.next(0));
    assert(Math.min(...hints) >= 800 && Math.min(...hints) < 820);
    assert(Math.max(...hints) <= 1_200 && Math.max(...hints) > 1_180);
  });
});

Deno.test("Histogram gives percentiles at most a sixteenth too high", () => {
  const sample = fc.array(fc.double({ min: 0, max: 5e6, noNaN: true }), { minLength: 1 });
  const share = fc.double({ min: 0.01, max: 1, noNaN: true });
  fc.assert(
    fc.property(sample, share, (values, share) => {
      const histogram = new Histogram();
      for (const value of values) histogram.record(value, 0);
      const sorted = values.toSorted((a, b) => a - b);
      const exact = Math.min(sorted[Math.ceil(share * values.length) - 1], 2 ** 31 / 1_000);
      const got = histogram.percentile(share);
      // The histogram rounds values down to a microsecond.
      assert(got >= exact - 0.0011 && got <= exact * (1 + 1 / 16) + 0.001, `${got}, not ${exact}`);
      assertEquals(histogram.count, values.length);
    }),
    { seed: SEED, numRuns: 500 * LONG },
  );
});

Deno.test("Histogram forgets durations after two spans", () => {
  const histogram = new Histogram(1_000);
  assertEquals(histogram.percentile(0.5), 0);
  histogram.record(50, 0);
  histogram.record(1, 999);
  assertEquals(histogram.percentile(1), 50);
  histogram.record(1, 1_500);
  assertEquals(histogram.percentile(1), 50);
  histogram.record(1, 2_600);
  assertEquals(histogram.percentile(1), 1);
  histogram.record(2, 100_000);
  assertEquals(histogram.count, 1);
});

Deno.test("TimingWheel expires each limit once, no earlier and at most a tick later", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("set"), item: fc.nat(20), ms: fc.nat(3_000) }),
    fc.record({ do: fc.constant("clear"), item: fc.nat(20), ms: fc.constant(0) }),
    fc.record({ do: fc.constant("advance"), item: fc.constant(0), ms: fc.nat(500) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.constantFrom(8, 512), (steps, slots) => {
      const clock = new VirtualClock();
      const due = new Map<Timed, number>();
      const wheel = new TimingWheel<Timed>(clock, (item, now) => {
        const limit = due.get(item);
        assert(limit !== undefined && now >= limit && now <= limit + 17, `${now - limit!}`);
        due.delete(item);
        assertEquals(item, { tick: 0, earlier: null, later: null });
      }, { slots });
      const items = Array.from({ length: 21 }, (): Timed => ({
        tick: 0,
        earlier: null,
        later: null,
      }));
      for (const { do: verb, item, ms } of steps) {
        if (verb === "set") {
          wheel.set(items[item], clock.now() + ms);
          due.set(items[item], clock.now() + ms);
        } else if (verb === "clear") {
          wheel.clear(items[item]);
          due.delete(items[item]);
        } else {
          clock.advance(ms);
          for (const limit of due.values()) assert(limit + 17 > clock.now(), "overlooked");
        }
        assertEquals(wheel.size, due.size);
        assert(clock.pending <= 1, "one timer");
      }
      clock.advance(3_100);
      assertEquals([due.size, wheel.size, clock.pending], [0, 0, 0]);
    }),
    { seed: SEED, numRuns: 200 * LONG },
  );
});

Deno.test("TimingWheel lets an expiry clear and set other limits, and sets none for Infinity", () => {
  const clock = new VirtualClock();
  const [a, b, c]: Timed[] = [0, 1, 2].map(() => ({ tick: 0, earlier: null, later: null }));
  const expired: Timed[] = [];
  const wheel: TimingWheel<Timed> = new TimingWheel(clock, (item) => {
    expired.push(item);
    wheel.clear(item === a ? b : a);
    wheel.set(c, clock.now() + 10);
  });
  wheel.set(a, clock.now() + 10);
  wheel.set(b, clock.now() + 10);
  wheel.set(c, Infinity);
  assertEquals(wheel.size, 2);
  clock.advance(20);
  assert(expired.length === 1 && wheel.size === 1);
  wheel.stop();
  assertEquals(clock.pending, 0);
  assertThrows(() => new TimingWheel(clock, () => {}, { slots: 100 }), RangeError);
});

Deno.test("TimingWheel survives a clock that leaps", () => {
  const clock = new VirtualClock();
  const expired: Timed[] = [];
  const wheel = new TimingWheel<Timed>(clock, (item) => expired.push(item));
  const items = Array.from({ length: 100 }, (): Timed => ({ tick: 0, earlier: null, later: null }));
  items.forEach((item, i) => wheel.set(item, clock.now() + 100 * i));
  // After a suspended machine wakes up, the timer fires long after it was due.
  clock.late(3_600_000);
  clock.advance(300);
  assertEquals([expired.length, wheel.size], [100, 0]);
});

Deno.test("TimingWheel expires the limits of all its slots in one turn after a leap", () => {
  const clock = new VirtualClock();
  const expired: Timed[] = [];
  const wheel = new TimingWheel<Timed>(clock, (item) => expired.push(item), { slots: 8 });
  const items = Array.from({ length: 8 }, (): Timed => ({ tick: 0, earlier: null, later: null }));
  items.forEach((item, i) => wheel.set(item, clock.now() + 16 * (i + 1)));
  clock.late(3_600_000);
  clock.step();
  assertEquals([expired.length, wheel.size], [8, 0]);
});

Deno.test("RateLimiter never lets more through than its burst and rate, in any span", () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 300 });
  const limit = fc.record({
    rate: fc.integer({ min: 1, max: 200 }),
    burst: fc.integer({ min: 1, max: 20 }),
  });
  fc.assert(
    fc.property(gaps, limit, (gaps, { rate, burst }) => {
      const limiter = new RateLimiter({ rate, burst });
      const passed: number[] = [];
      let now = 1.7e12;
      for (const gap of gaps) {
        now += gap;
        const wait = limiter.take("key", now);
        if (wait === 0) passed.push(now);
        else {
          assertEquals(limiter.wait("key", now), wait);
          assert(limiter.wait("key", now + wait - 0.01) > 0, "the wait is no longer than it must");
          assertEquals(limiter.wait("key", now + wait), 0, "nor shorter");
        }
      }
      for (let i = 0; i < passed.length; i++) {
        for (let j = i; j < passed.length; j++) {
          const most = burst + rate * (passed[j] - passed[i] + 0.01) / 1_000;
          assert(j - i + 1 <= most, `${j - i + 1} in ${passed[j] - passed[i]} ms`);
        }
      }
    }),
    { seed: SEED, numRuns: 200 * LONG },
  );
});

Deno.test("RateLimiter bounds its table, and a flood of keys gains nothing", () => {
  const limiter = new RateLimiter({ rate: 1, burst: 2, keys: 100 });
  let passed = 0;
  for (let i = 0; i < 10_000; i++) if (limiter.take(`key ${i}`, 0) === 0) passed++;
  assertEquals(limiter.size, 100);
  assertEquals(passed, 102, "100 keys, and all the others are one");
  assert(limiter.take("key 0", 0) === 0 && limiter.take("key 0", 0) > 0, "the known keep theirs");
  // A second later the keys have paid, and make room.
  assertEquals(limiter.take("new", 2_000), 0);
  assertEquals(limiter.take("new", 2_000), 0);
  assert(limiter.take("new", 2_000) > 0);
  assert(limiter.size <= 100);
});

Deno.test("RateLimiter counts all meters of a key as one, also after it has forgotten the key", () => {
  const limiter = new RateLimiter({ rate: 1, burst: 2, keys: 50 });
  const [a, b] = [limiter.meter("acme"), limiter.meter("acme")];
  assertEquals([limiter.take(a, 0), limiter.take(b, 0)], [0, 0]);
  assert(limiter.take("acme", 0) > 0);
  for (let i = 0; i < 1_000; i++) limiter.take(`${i}`, 2_000 * i);
  assert(limiter.size <= 26 && !a.listed, "who has paid is forgotten once there are many");
  const now = 2_000_000;
  const c = limiter.meter("acme");
  assertEquals([limiter.take(c, now), limiter.take(a, now)], [0, 0]);
  assert(limiter.take(b, now) > 0);
  assertThrows(() => new RateLimiter({ rate: 0, burst: 1 }), RangeError);
  assertThrows(() => new RateLimiter({ rate: 1, burst: 0 }), RangeError);
});

Deno.test("RateLimiter remembers a key that comes steadily, while a flood of keys fills its table", () => {
  const limiter = new RateLimiter({ rate: 1, burst: 10, keys: 100 });
  const waits = new Set<number>();
  for (let round = 0; round < 50; round++) {
    waits.add(limiter.take("steady", 1_500 * round));
    // By now it has paid, and the others owe for ten seconds.
    for (let i = 0; i < 20; i++) limiter.take(`${round} ${i}`, 1_500 * round + 1_200, 10);
  }
  assertEquals([...waits], [0]);
});

Deno.test("addressPrefixes knows all spellings of addresses, and rejects other texts", () => {
  const table: [string, string[]][] = [
    ["0.0.0.0", ["0.0.0.0/32"]],
    ["255.255.255.255", ["255.255.255.255/32"]],
    ["::", ["0:0:0:0::/64", "0:0:0::/48"]],
    ["::1", ["0:0:0:0::/64", "0:0:0::/48"]],
    ["2001:DB8:0:0:1:2:3:4", ["2001:db8:0:0::/64", "2001:db8:0::/48"]],
    ["2001:db8::1:2:3:4", ["2001:db8:0:0::/64", "2001:db8:0::/48"]],
    ["2001:db8:1:2:3:4:5::", ["2001:db8:1:2::/64", "2001:db8:1::/48"]],
    ["fe80::1%eth0", ["fe80:0:0:0::/64", "fe80:0:0::/48"]],
    ["::ffff:c000:207", ["192.0.2.7/32"]],
    ["64:ff9b::192.0.2.7", ["192.0.2.7/32"]],
    ["2001:db8::192.0.2.7", ["2001:db8:0:0::/64", "2001:db8:0::/48"]],
    ["::ffff:192.0.2.7%eth0", ["192.0.2.7/32"]],
    ["1:02:003:0004:5:6:7::", ["1:2:3:4::/64", "1:2:3::/48"]],
  ];
  for (const [address, prefixes] of table) {
    assertEquals(addressPrefixes(address), prefixes, address);
  }
  const wrong = [
    "",
    "1.2.3",
    "1.2.3.256",
    "1.2.3.4.5",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "g::",
    "a:",
    ":a",
  ];
  wrong.push(
    "::1]/x",
    "[::1]",
    "::1/64",
    "::010.0.0.1",
    "0x1.2.3.4",
    "1:2:3:4:5:6:7:8:9",
    "1.2.3.4::",
    "::1.2.3.4:1",
    "12345::",
    "1:2:3:4:5:6:7:8::",
    "x",
  );
  for (const text of wrong) assertThrows(() => addressPrefixes(text), TypeError, "not an IP", text);
});

Deno.test("halfSipHash gives the published vectors", () => {
  const vectors: Record<number, [number, number]> = {
    0: [0x591f8d21, 0xc83cb8b9],
    1: [0x122455be, 0x157338f8],
    3: [0x451a0fce, 0x790606f7],
    7: [0x282720ff, 0x84c67bb0],
    8: [0x20e8feed, 0x8c85e4bc],
    15: [0xcb0b7d21, 0x02c9814e],
    63: [0x713ca62e, 0x876032bf],
  };
  for (const [length, hash] of Object.entries(vectors)) {
    const bytes = Uint8Array.from({ length: Number(length) }, (_, i) => i);
    assertEquals(halfSipHash(bytes, [0x03020100, 0x07060504]), hash, `${length} bytes`);
  }
});

Deno.test("dealHand deals evenly, and seldom the same hand to two clients", () => {
  withSeed((random) => {
    const key = drawHashKey(random);
    const counts = new Array(128).fill(0);
    const hands = Array.from({ length: 20_000 }, (_, i) => dealHand(`client ${i}`, key));
    for (const hand of hands) {
      assertEquals(new Set(hand).size, 6);
      for (const card of hand) counts[card]++;
    }
    // 937.5 on average, with six deviations of 30 in both directions.
    for (const count of counts) assertAlmostEquals(count, 937.5, 180);
    assert(hands.some((hand, i) => dealHand(`client ${i}`, drawHashKey(random))[0] !== hand[0]));

    // 16 flooders leave a client no free queue in 2.2 % of all cases, as the reference computes.
    let covered = 0;
    for (let i = 0; i + 17 <= hands.length; i += 17) {
      const taken = new Set(hands.slice(i, i + 16).flat());
      if (hands[i + 16].every((card) => taken.has(card))) covered++;
    }
    assertAlmostEquals(covered / (hands.length / 17), 0.022, 0.013);
    assertThrows(() => dealHand("client", key, 1_000, 10), RangeError);
    assertThrows(() => dealHand("client", key, 4, 5), RangeError);
  });
});

Deno.test("fixedSeats takes only whole numbers", () => {
  for (const wrong of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(() => fixedSeats(wrong), RangeError);
  }
});

/**
 * Simulates a backend that serves 20 at once in `base` ms each, and more of them slower, with all seats taken.
 * Returns the highest limit of the second half of the time.
 */
function converge(seats: AdaptiveSeats, base: (now: number) => number, ms: number): number {
  const capacity = 20;
  let most = 0;
  let now = 0;
  while (now < ms) {
    const running = seats.limit;
    const took = base(now) * Math.max(1, running / capacity);
    now += took / running;
    seats.finished(took, running, now);
    if (now > ms / 2) most = Math.max(most, seats.limit);
  }
  return most;
}

Deno.test("AdaptiveSeats finds the capacity of a backend from above and below", () => {
  for (const initial of [4, 200]) {
    const seats = new AdaptiveSeats({ initial, min: 4 });
    converge(seats, () => 10, 120_000);
    // Gradient2 settles at 1.5 times the time without load, and 4 seats more.
    assert(seats.limit >= 20 && seats.limit <= 45, `${seats.limit} seats from ${initial}`);
  }
});

Deno.test("AdaptiveSeats does not take a long overload for the normal state", () => {
  const seats = new AdaptiveSeats({ min: 4, initial: 20 });
  const most = converge(seats, () => 10, 3_600_000);
  assert(most <= 45, `${most} in the second half of an hour`);
});

Deno.test("AdaptiveSeats learns that a backend has become slower for good", () => {
  const seats = new AdaptiveSeats({ min: 4, initial: 20 });
  converge(seats, (now) => now < 60_000 ? 10 : 40, 600_000);
  assert(seats.limit >= 20, `${seats.limit}`);
});

Deno.test("AdaptiveSeats does not grow while seats are free", () => {
  const seats = new AdaptiveSeats({ initial: 20 });
  for (let now = 0; now < 60_000; now += 10) seats.finished(10, 3, now);
  assertEquals(seats.limit, 20);
  assertThrows(() => new AdaptiveSeats({ min: 10, max: 5 }), RangeError);
});

Deno.test("AdaptiveSeats stops growing once its seats are free again", () => {
  const seats = new AdaptiveSeats({ initial: 20 });
  let now = 0;
  for (; now < 10_000; now += 10) seats.finished(10, seats.limit, now);
  const busy = seats.limit;
  assert(busy > 20, `${busy} seats`);
  for (; now < 60_000; now += 10) seats.finished(10, 3, now);
  // The window of the change still counts as busy.
  assert(seats.limit <= busy + 1, `${seats.limit} seats after ${busy}`);
});
