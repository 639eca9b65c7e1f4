// A scheduler forgets bad estimates in bounded time after their cause has ended. Meanwhile it refuses no request that a
// free seat could serve.

import { assert, assertEquals } from "@std/assert";
import {
  AdaptiveSeats,
  Codel,
  CostEstimate,
  fixedSeats,
  RetryHint,
  Scheduler,
  type SchedulerOptions,
  Ticket,
} from "../../scheduling/mod.ts";
import { VirtualClock } from "../../testing/virtual_clock.ts";

/** A scheduler on a virtual clock, with requests that take as long as a test says. */
class Desk {
  readonly clock = new VirtualClock();
  readonly turns: (() => void)[] = [];
  readonly ends: string[] = [];
  readonly scheduler: Scheduler<Ask>;

  constructor(options: Partial<SchedulerOptions<Ask>> = {}) {
    this.scheduler = new Scheduler<Ask>({
      clock: this.clock,
      random: () => 0.5,
      run: (ask) => {
        this.ends.push("run");
        if (ask.takes === undefined) return;
        // The request holds the event loop.
        this.clock.advance(ask.takes);
        this.scheduler.finish(ask);
      },
      refuse: (_ask, reason) => this.ends.push(reason),
      yield: (go) => this.turns.push(go),
      ...options,
    });
  }

  /** Submits a request that holds the event loop for `takes` milliseconds; with `undefined` it runs until it is finished. */
  ask(
    key: string,
    command: CostEstimate,
    options: { within?: number; takes?: number } = {},
  ): Ask {
    const { within = Infinity, takes } = options;
    const handle = this.scheduler.openFlow("normal", key);
    const ask = new Ask(handle, command, 0, this.clock.now() + within);
    ask.takes = takes;
    this.scheduler.submit(ask);
    return ask;
  }

  /** Runs turns of the event loop until no work is left. */
  turn(): void {
    while (this.turns.length > 0) this.turns.shift()!();
  }

  /** The ends of requests since the last call. */
  get news(): string[] {
    return this.ends.splice(0);
  }
}

class Ask extends Ticket {
  takes: number | undefined = undefined;
}

const SLOW = 11_500;

/** Runs a thousand requests of one client that hold a seat for 11.5 s each, as if a store hangs. */
function hang(desk: Desk, command: CostEstimate): void {
  const { limit } = desk.scheduler.statistics().seats;
  for (let done = 0; done < 1000; done += limit) {
    const held = Array.from({ length: limit }, () => desk.ask("slow", command));
    desk.turn();
    desk.clock.advance(SLOW);
    for (const each of held) desk.scheduler.finish(each);
    desk.turn();
  }
  desk.news;
}

Deno.test("CostEstimate gives one sample little weight, and fades to its prior", () => {
  const cost = new CostEstimate();
  for (let i = 0; i < 100; i++) cost.learn(1, 0);
  cost.learn(SLOW, 0);
  assert(cost.value < 3, `${cost.value} after one slow request`);
  for (let i = 0; i < 1000; i++) cost.learn(SLOW, 0);
  assert(cost.at(0) > SLOW / 2);
  assert(cost.at(30_000) < SLOW / 10);
  assert(cost.at(120_000) < 1.1, `${cost.at(120_000)} after two minutes`);
  cost.learn(1, 120_000);
  assert(cost.value < 1.1, "what has faded does not come back");
});

Deno.test("Scheduler runs a request that finds a free seat, however long others took for the same command", () => {
  const desk = new Desk({ seats: fixedSeats(1024), limits: { flow: 1024 } });
  const purge = new CostEstimate();
  hang(desk, purge);
  const ask = desk.ask("other", purge, { within: 1000 });
  assertEquals(desk.news, ["run"]);
  desk.scheduler.finish(ask);
});

Deno.test("Scheduler runs a request that waits only for the event loop, however long others held their seats", () => {
  const desk = new Desk({ seats: fixedSeats(1024), limits: { flow: 1024 } });
  const [purge, put] = [new CostEstimate(), new CostEstimate()];
  hang(desk, purge);
  for (let i = 0; i < 100; i++) desk.ask("other", put, { within: 1000, takes: 0.3 });
  for (let i = 0; i < 100; i++) desk.ask("other", purge, { within: 1000, takes: 0.3 });
  desk.turn();
  assertEquals(desk.news, new Array(200).fill("run"));
});

Deno.test("Scheduler does not expect all requests to hold the event loop as long as one did", () => {
  const desk = new Desk();
  const command = new CostEstimate();
  for (let i = 0; i < 100; i++) desk.ask("other", command, { takes: 0.3 });
  desk.turn();
  desk.ask("slow", command, { takes: SLOW });
  desk.news;
  for (let i = 0; i < 50; i++) desk.ask("other", command, { within: 1000, takes: 0.3 });
  desk.turn();
  assertEquals(desk.news, new Array(50).fill("run"));
});

Deno.test("Scheduler lets a request wait for half of its time if its estimated cost exceeds that time", () => {
  const desk = new Desk({ seats: fixedSeats(1) });
  const [purge, put] = [new CostEstimate(), new CostEstimate()];
  hang(desk, purge);
  const held = desk.ask("slow", put);
  const first = desk.ask("other", purge, { within: 1000 });
  desk.clock.advance(480);
  assertEquals(desk.news, ["run"], "nobody is refused for a guess");
  desk.scheduler.finish(held);
  desk.turn();
  assertEquals(desk.news, ["run"]);
  desk.ask("other", purge, { within: 1000 });
  desk.clock.advance(520);
  assertEquals(desk.news, ["busy"], "half of its time is over");
  desk.scheduler.finish(first);
});

Deno.test("Scheduler refuses no request for the waits before an idle minute", () => {
  const desk = new Desk({ seats: fixedSeats(4) });
  const command = new CostEstimate();
  hang(desk, command);
  desk.clock.advance(120_000);
  const held = Array.from({ length: 4 }, () => desk.ask("a", command));
  for (let i = 0; i < 40; i++) desk.ask("b", command, { within: 1000 });
  assertEquals(desk.news, ["run", "run", "run", "run"]);
  desk.clock.advance(5);
  for (const each of held) desk.scheduler.finish(each);
  desk.turn();
  assertEquals(desk.news, ["run", "run", "run", "run"]);
});

Deno.test("Scheduler runs requests that wait only for the event loop, however late the loop is each time", () => {
  const desk = new Desk();
  const command = new CostEstimate();
  // One client that sends the next request after the last has run, on a busy machine.
  for (let i = 0; i < 100; i++) {
    desk.ask("a", command, { takes: 1 });
    desk.ask("a", command, { takes: 1 });
    desk.clock.advance(50);
    desk.turn();
  }
  assertEquals(desk.news, new Array(200).fill("run"));
});

Deno.test("Scheduler runs a request that waited for a blocked event loop, unless its deadline is over", () => {
  const desk = new Desk();
  const command = new CostEstimate();
  for (const [within, end] of [[Infinity, "run"], [2000, "run"], [1000, "expired"]] as const) {
    desk.ask("a", command, { takes: 1 });
    desk.ask("a", command, { takes: 1, within });
    desk.clock.advance(1500);
    desk.turn();
    assertEquals(desk.news, ["run", end]);
  }
  assertEquals(desk.clock.pending, 0);
});

Deno.test("Scheduler runs a request that waited only for the event loop up to its deadline, whatever the cost of its command", () => {
  const desk = new Desk({ seats: fixedSeats(1024), limits: { flow: 1024 } });
  const purge = new CostEstimate();
  hang(desk, purge);
  desk.ask("other", purge, { takes: 1 });
  desk.ask("other", purge, { takes: 1, within: 1000 });
  desk.clock.advance(900);
  desk.turn();
  assertEquals(desk.news, ["run", "run"]);
});

Deno.test("Scheduler forgets a standing queue two intervals after its end", () => {
  const desk = new Desk();
  const command = new CostEstimate();
  for (let i = 0; i < 500; i++) {
    for (let more = 0; more < 2; more++) desk.ask("a", command, { takes: 1 });
    desk.turns.shift()?.();
  }
  assert(desk.news.includes("busy"));
  desk.turn();
  desk.clock.advance(200);
  desk.news;
  for (let i = 0; i < 40; i++) desk.ask("a", command, { takes: 1 });
  desk.turn();
  assertEquals(desk.news, new Array(40).fill("run"));
});

Deno.test("Scheduler refuses no request of bursts that end before the next one comes", () => {
  const clock = new VirtualClock();
  let refused = 0;
  const scheduler: Scheduler<Ticket> = new Scheduler<Ticket>({
    clock,
    random: () => 0.5,
    seats: fixedSeats(1),
    run: (ticket) => void clock.after(5, () => scheduler.finish(ticket)),
    refuse: () => refused++,
  });
  const flow = scheduler.openFlow("normal", "a");
  const command = new CostEstimate();
  for (let burst = 0; burst < 20; burst++) {
    // They wait for 0 to 25 ms: the last one for more than twice the target.
    for (let i = 0; i < 6; i++) scheduler.submit(new Ticket(flow, command, 0));
    clock.advance(50);
  }
  assertEquals(refused, 0);
});

Deno.test("Codel sheds nothing two intervals after the last long wait, at any rate of requests", () => {
  for (const gap of [1, 30, 99, 100, 101, 1000]) {
    const codel = new Codel({ target: 10 });
    for (let now = 0; now < 1000; now++) codel.overloaded(50, now);
    for (let now = 1000; now < 10_000; now += gap) {
      // Most requests do not wait, and one of twenty waits long, which by itself is no standing queue.
      const shed = codel.overloaded(now % 20 === 0 ? 60 : 0, now);
      assert(!shed || now < 1200, `shed at ${now}, one every ${gap} ms`);
    }
  }
});

Deno.test("RetryHint is back at its first value a minute after its longest", () => {
  const hint = new RetryHint({ random: () => 0.5 });
  let now = 0;
  for (let last = 0; last < 32_000;) now += last = hint.next(now);
  assertEquals(hint.next(now), 32_000);
  assertEquals(hint.next(now + 64_000), 100);
});

Deno.test("AdaptiveSeats return to their number some minutes after a time of slow requests", () => {
  const seats = new AdaptiveSeats();
  let now = 0;
  const run = (ms: number, took: number): void => {
    for (const end = now + ms; now < end; now += took / seats.limit) {
      seats.finished(took, seats.limit, now);
    }
  };
  run(60_000, 10);
  const before = seats.limit;
  run(600_000, SLOW);
  assert(seats.limit < before, `${seats.limit} while all took long`);
  run(180_000, 10);
  assert(seats.limit >= before, `${seats.limit}, not ${before} as before`);
});

Deno.test("AdaptiveSeats that begin with slow requests learn the time without load", () => {
  const seats = new AdaptiveSeats();
  let now = 0;
  for (let i = 0; i < 20; i++) seats.finished(SLOW, 1, now += 100);
  const backend = (): void => {
    // A backend for 20 requests, which takes longer with more.
    const took = 10 * Math.max(1, seats.limit / 20);
    seats.finished(took, seats.limit, now += took / seats.limit);
  };
  for (const end = now + 300_000; now < end;) backend();
  assert(seats.limit <= 45, `${seats.limit} seats`);
});
