import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  CostEstimate,
  dealHand,
  fixedSeats,
  type FlowHandle,
  RateLimiter,
  Scheduler,
  type SchedulerOptions,
  Ticket,
} from "../../scheduling/mod.ts";
import { VirtualClock } from "../../testing/virtual_clock.ts";

/** A scheduler on a virtual clock that logs its calls. Requests run until they are finished. */
class Bench {
  readonly clock = new VirtualClock();
  readonly log: string[] = [];
  readonly scheduler: Scheduler<Named>;
  readonly command = new CostEstimate();
  readonly retries: number[] = [];

  constructor(options: Partial<SchedulerOptions<Named>> = {}) {
    this.scheduler = new Scheduler<Named>({
      clock: this.clock,
      random: () => 0.5,
      run: (ticket) => this.log.push(`run ${ticket.name}`),
      refuse: (ticket, reason, retry, scope) => {
        this.log.push([reason, ticket.name, scope].filter(Boolean).join(" "));
        this.retries.push(retry);
      },
      resume: (ticket) => this.log.push(`resume ${ticket.name}`),
      overdue: (ticket) => this.log.push(`overdue ${ticket.name}`),
      ...options,
    });
  }

  open(key = "acme", name = "normal"): FlowHandle {
    return this.scheduler.openFlow(name, key);
  }

  submit(name: string, handle: FlowHandle = this.open(), within = Infinity, bytes = 0): Named {
    const ticket = new Named(handle, this.command, bytes, this.clock.now() + within);
    ticket.name = name;
    this.scheduler.submit(ticket);
    return ticket;
  }

  /** The log since the last call. */
  get news(): string[] {
    return this.log.splice(0);
  }

  class(name: string) {
    return this.scheduler.statistics().classes.find((figures) => figures.name === name)!;
  }
}

class Named extends Ticket {
  name = "";
}

class Streaming extends Ticket {
  override get streams(): boolean {
    return true;
  }
}

Deno.test("Scheduler runs a request at once if a seat is free, and sets no timer", () => {
  const bench = new Bench({
    run: (ticket) => bench.scheduler.finish(ticket),
  });
  for (let i = 0; i < 10; i++) bench.submit("a", bench.open(), 100);
  assertEquals(bench.class("normal").started, 10);
  assertEquals(bench.clock.pending, 0);
});

Deno.test("Scheduler runs a waiting request for each seat that is given back, and clients take turns", () => {
  const bench = new Bench();
  const [a, b] = [bench.open("a"), bench.open("b")];
  const first = bench.submit("a1", a);
  for (const name of ["a2", "a3", "a4"]) bench.submit(name, a);
  const b1 = bench.submit("b1", b);
  assertEquals(bench.news, ["run a1"]);
  bench.clock.advance(1);
  bench.scheduler.finish(first);
  assertEquals(bench.news, ["run b1"]);
  bench.clock.advance(1);
  bench.scheduler.finish(b1);
  assertEquals(bench.news, ["run a2"]);
  assertEquals(b1.waited, 1);
  assertThrows(() => bench.scheduler.finish(b1), Error, "cannot finish what is done");
});

Deno.test("Scheduler gives the connections of a client turns", () => {
  const bench = new Bench({ run: (ticket) => bench.log.push(ticket.name) });
  const handles = [bench.open(), bench.open(), bench.open()];
  const tickets = [bench.submit("held", handles[0])];
  for (let i = 0; i < 3; i++) tickets.push(bench.submit(`x${i}`, handles[0]));
  for (const at of [1, 2]) tickets.push(bench.submit(`y${at}`, handles[at]));
  for (let i = 0; i < 6; i++) {
    const running = tickets.find((ticket) => ticket.phase === "running")!;
    bench.scheduler.finish(running);
  }
  assertEquals(bench.news, ["held", "x0", "y1", "y2", "x1", "x2"]);
});

Deno.test("Scheduler keeps a seat for control work", () => {
  const bench = new Bench();
  const held = bench.submit("held");
  bench.submit("next");
  const ping = bench.submit("ping", bench.open("acme", "control"));
  bench.submit("ping2", bench.open("acme", "control"));
  assertEquals(bench.news, ["run held", "run ping"]);
  bench.scheduler.finish(ping);
  assertEquals(bench.news, ["run ping2"]);
  assertEquals(bench.scheduler.statistics().seats, { limit: 1, reserved: 1, taken: 2 });
  bench.scheduler.finish(held);
  assertEquals(
    bench.news,
    ["run next"],
    "control work on the reserved seat takes none of the others",
  );
});

Deno.test("Scheduler lets control work that comes too fast wait with the rest", () => {
  const bench = new Bench({ limits: { controlRate: 10, controlBurst: 2 } });
  bench.submit("held");
  const handle = bench.open("acme", "control");
  for (let i = 0; i < 4; i++) {
    const { phase } = bench.submit(`ping${i}`, handle);
    assertEquals(phase, i === 0 ? "running" : "waiting");
  }
  assertEquals(bench.class("control").waiting, 1);
  assertEquals(bench.class("interactive").waiting, 2);
  bench.clock.advance(100);
  bench.submit("later", handle);
  assertEquals(bench.class("control").waiting, 2);
});

Deno.test("Scheduler never runs an expired request, and refuses it within a tick of the wheel", () => {
  const bench = new Bench();
  const held = bench.submit("held");
  bench.submit("late", bench.open(), 30);
  bench.submit("past", bench.open(), 0.5);
  assertEquals(bench.news, ["run held", "expired past"]);
  bench.clock.advance(29 + 16);
  assertEquals(bench.news, ["busy late"], "half of its time is over: it is told while it can act");
  bench.scheduler.finish(held);
  assertEquals(bench.news, []);
  assertEquals(bench.class("normal").shed, 1);

  const patient = new Bench({ limits: { patience: 1 } });
  patient.submit("held");
  patient.submit("late", patient.open(), 30);
  patient.clock.advance(28);
  assertEquals(patient.news, ["run held"]);
  patient.clock.advance(17);
  assertEquals(patient.news, ["expired late"]);
  assertEquals(patient.retries, [0]);
});

Deno.test("Scheduler checks the deadline again when a turn comes", () => {
  const bench = new Bench({ limits: { patience: 1 } });
  const held = bench.submit("held");
  const late = bench.submit("late", bench.open(), 20);
  bench.clock.advance(15);
  late.cost = 6; // the scheduler has learnt this meanwhile: the request would end after 21 ms
  bench.scheduler.finish(held);
  assertEquals(bench.news, ["run held", "expired late"]);
});

Deno.test("Scheduler reports once that a running or parked request is overdue", () => {
  const bench = new Bench({ seats: fixedSeats(2) });
  const parked = bench.submit("parked", bench.open(), 100);
  const running = bench.submit("running", bench.open(), 100);
  bench.scheduler.park(parked);
  bench.news;
  bench.clock.advance(99);
  assertEquals(bench.news, []);
  bench.clock.advance(17);
  assertEquals(bench.news.sort(), ["overdue parked", "overdue running"]);
  for (const ticket of [parked, running]) bench.scheduler.finish(ticket);
  bench.clock.advance(1_000);
  assertEquals(bench.news, []);
  assertEquals(bench.clock.pending, 0);
});

Deno.test("Scheduler reports a request that has waited as overdue at its deadline, not after its longest wait", () => {
  const bench = new Bench();
  const held = bench.submit("held");
  const next = bench.submit("next", bench.open(), 200);
  bench.clock.advance(50);
  bench.scheduler.finish(held);
  assertEquals(bench.news, ["run held", "run next"]);
  bench.clock.advance(149);
  assertEquals(bench.news, []);
  bench.clock.advance(17);
  assertEquals(bench.news, ["overdue next"]);
  bench.scheduler.finish(next);
});

Deno.test("Scheduler gives the seat of a parked request away, and later gives it one before the others of its connection", () => {
  const bench = new Bench();
  const handle = bench.open();
  const taker = bench.submit("take", handle);
  bench.clock.advance(3);
  assert(bench.scheduler.park(taker));
  assertEquals(bench.class("normal").parked, 1);
  const next = bench.submit("next", handle);
  bench.submit("third", handle);
  assert(bench.scheduler.unpark(taker));
  assert(!bench.scheduler.unpark(taker));
  assertEquals(bench.news, ["run take", "run next"]);
  bench.clock.advance(5);
  bench.scheduler.finish(next);
  assertEquals(bench.news, ["resume take"]);
  assertEquals(taker.waited, 5);
  bench.scheduler.finish(taker);
  assertEquals(bench.news, ["run third"]);
  assertThrows(() => bench.scheduler.park(taker), Error, "cannot park what is done");
});

Deno.test("Scheduler bounds the number of parked requests", () => {
  const bench = new Bench({ limits: { parked: 1 }, seats: fixedSeats(2) });
  const [a, b] = [bench.submit("a"), bench.submit("b")];
  assert(bench.scheduler.park(a));
  assert(!bench.scheduler.park(b));
  assertEquals(b.phase, "running");
});

Deno.test("Scheduler counts the time that a request waited unread towards its longest wait", () => {
  const waited = (unread: number): number => {
    const bench = new Bench();
    bench.submit("held");
    const ticket = new Named(bench.open(), bench.command, 0, Infinity);
    ticket.unread = unread;
    const before = bench.clock.now();
    bench.scheduler.submit(ticket);
    bench.submit("behind");
    while (ticket.phase === "waiting") assert(bench.clock.step());
    return bench.clock.now() - before;
  };
  const longest = waited(0);
  // One timing wheel has all limits, in ticks of 16 ms.
  for (const part of [0.25, 0.5, 0.75]) {
    assertAlmostEquals(waited(part * longest), (1 - part) * longest, 17);
  }
});

Deno.test("Scheduler has a parking place again after each end of a wait", () => {
  const bench = new Bench({ limits: { parked: 1, share: 1 }, seats: fixedSeats(2) });
  const { scheduler } = bench;
  for (let i = 0; i < 50; i++) {
    const resumed = bench.submit("resumed");
    assert(scheduler.park(resumed), `park ${i}`);
    assert(scheduler.unpark(resumed));
    assert(scheduler.park(resumed), `park ${i}, once more`);
    assert(scheduler.unpark(resumed));
    scheduler.finish(resumed);
    const abandoned = bench.submit("abandoned");
    assert(scheduler.park(abandoned));
    scheduler.finish(abandoned);
    // It waits for a seat when it ends.
    const late = bench.submit("late");
    assert(scheduler.park(late));
    const held = [bench.submit("held"), bench.submit("held")];
    assert(scheduler.unpark(late));
    assertEquals(late.phase, "resuming");
    scheduler.finish(late);
    for (const each of held) scheduler.finish(each);
    assertEquals([bench.class("normal").parked, bench.class("normal").running], [0, 0]);
  }
});

Deno.test("Scheduler cancels a waiting request without a callback, and leaves a running one to its caller", () => {
  const bench = new Bench();
  const held = bench.submit("held");
  const waiting = bench.submit("waiting", bench.open(), 1_000);
  assert(bench.scheduler.cancel(waiting));
  assert(!bench.scheduler.cancel(waiting));
  assert(!bench.scheduler.cancel(held));
  bench.scheduler.finish(held);
  assertEquals(bench.news, ["run held"]);
  assertEquals(bench.class("normal").cancelled, 1);
  bench.clock.advance(10_000);
  assertEquals(bench.news, []);
});

Deno.test("Scheduler pushes out the newest request of the largest flow, not the newcomer", () => {
  const bench = new Bench({ limits: { waiting: 6, flow: 100 } });
  bench.submit("held");
  const [fat1, fat2] = [bench.open("fat"), bench.open("fat")];
  for (let i = 1; i <= 4; i++) bench.submit(`f${i}`, fat1);
  for (let i = 5; i <= 6; i++) bench.submit(`f${i}`, fat2);
  bench.news;
  bench.submit("thin1", bench.open("thin"));
  assertEquals(bench.news, ["busy f4"], "the last of its longest connection");
  bench.submit("thin2", bench.open("thin"));
  assertEquals(bench.news, ["busy f3"]);
  assertEquals(bench.scheduler.statistics().waiting.count, 6);
});

Deno.test("Scheduler bounds bytes too, and refuses requests of the flow that holds most of them", () => {
  const bench = new Bench({ limits: { bytes: 1_000, waiting: 100 } });
  bench.submit("held");
  bench.submit("big", bench.open("fat"), Infinity, 900);
  bench.submit("small", bench.open("thin"), Infinity, 50);
  assertEquals(bench.news, ["run held"]);
  bench.submit("more", bench.open("thin"), Infinity, 100);
  assertEquals(bench.news, ["busy big"], "not the newcomer");
  bench.submit("huge", bench.open("thin"), Infinity, 2_000);
  assertEquals(bench.news, ["busy huge"]);
  assertEquals(bench.scheduler.statistics().waiting, { count: 2, bytes: 150 });
});

Deno.test("Scheduler refuses requests beyond the bound of a flow, with a longer hint each time", () => {
  const bench = new Bench({ limits: { flow: 2 } });
  bench.submit("held");
  const handle = bench.open();
  for (let i = 0; i < 2; i++) bench.submit(`${i}`, handle);
  for (const pause of [100, 200, 400, 0]) {
    bench.submit("over", handle);
    bench.clock.advance(pause);
  }
  assertEquals(bench.retries, [100, 200, 400, 800]);
  assertEquals(bench.class("normal").shed, 4);
  assertEquals(bench.scheduler.statistics().heaviest, [
    { class: "normal", key: "acme", waiting: 2, bytes: 0 },
  ]);
});

Deno.test("Scheduler never sheds a started request", () => {
  const bench = new Bench({ limits: { flow: 1, waiting: 2 } });
  const handle = bench.open();
  const parked = bench.submit("parked", handle);
  bench.scheduler.park(parked);
  bench.submit("running", handle);
  bench.scheduler.unpark(parked);
  bench.submit("one", handle);
  assertEquals(bench.news, ["run parked", "run running", "busy one"]);
  assertEquals(parked.phase, "resuming");
});

Deno.test("Scheduler refuses by quota, tells the scope, and counts no refused request", () => {
  const host = new RateLimiter({ rate: 10, burst: 2, scope: "prefix" });
  const identity = new RateLimiter({ rate: 10, burst: 100 });
  const bench = new Bench({ run: (ticket) => bench.scheduler.finish(ticket) });
  const meters = [identity.meter("acme"), host.meter("192.0.2.7/32")];
  const handle = bench.scheduler.openFlow("normal", "acme", { meters });
  for (let i = 0; i < 4; i++) bench.submit(`${i}`, handle);
  assertEquals(bench.news, ["quota 2 prefix", "quota 3 prefix"]);
  for (const retry of bench.retries) assert(retry === 110 || retry === 111, `${retry}`);
  assertAlmostEquals(identity.wait("acme", bench.clock.now(), 98), 0, 1e-3);
  assert(identity.wait("acme", bench.clock.now(), 99) > 0);
  bench.clock.advance(110);
  bench.submit("again", handle);
  assertEquals(bench.news, []);
  assertEquals(bench.class("normal").quota, 2);
});

Deno.test("Scheduler starts requests in slices, and yields to the event loop between them", () => {
  const going: (() => void)[] = [];
  const bench = new Bench({
    run: (ticket) => {
      bench.log.push(ticket.name);
      bench.clock.advance(0.75);
      bench.scheduler.finish(ticket);
    },
    yield: (go) => going.push(go),
  });
  for (let i = 0; i < 10; i++) bench.submit(`${i}`);
  assertEquals(bench.news, ["0", "1"], "a millisecond is over: the others wait");
  assertEquals(going.length, 1);
  bench.submit("ping", bench.open("acme", "control"));
  assertEquals(bench.news, ["ping"], "control work does not");
  going.shift()!();
  assertEquals(bench.news, ["2", "3"]);
  while (going.length > 0) going.shift()!();
  assertEquals(bench.news, ["4", "5", "6", "7", "8", "9"]);
});

for (const [kind, Kind, most] of [["requests", Named, 8], ["streams", Streaming, 1]] as const) {
  Deno.test(`Scheduler resumes ${most} parked ${kind} in a slice, and then yields to the event loop`, () => {
    const turns: (() => void)[] = [];
    let resumed = 0;
    const clock = new VirtualClock();
    const scheduler = new Scheduler<Ticket>({
      clock,
      random: () => 0.5,
      run: () => {},
      refuse: () => {},
      resume: () => resumed++,
      yield: (go) => turns.push(go),
      seats: fixedSeats(100),
    });
    const handle = scheduler.openFlow("normal", "acme");
    const parked = Array.from({ length: 16 }, () => new Kind(handle, new CostEstimate()));
    for (const each of parked) {
      scheduler.submit(each);
      scheduler.park(each);
    }
    for (const each of parked) scheduler.unpark(each);
    for (let expected = most; expected <= 16; expected += most) {
      assertEquals(resumed, expected);
      turns.shift()?.();
    }
  });
}

Deno.test("Scheduler counts the work of requests before their first wait towards the slice", () => {
  const going: (() => void)[] = [];
  const bench = new Bench({
    seats: fixedSeats(100),
    run: (ticket) => {
      bench.log.push(ticket.name);
      bench.clock.advance(1);
    },
    yield: (go) => going.push(go),
  });
  for (let i = 0; i < 20; i++) bench.submit(`${i}`);
  assertEquals([bench.news.length, going.length], [8, 1]);
  going.shift()!();
  assertEquals([bench.news.length, going.length], [8, 1]);
});

Deno.test("Scheduler survives a run that throws, and gives the seat to the next request", () => {
  const bench = new Bench({
    run: (ticket) => {
      bench.log.push(ticket.name);
      if (ticket.name.startsWith("bad")) throw new Error("boom");
    },
  });
  assertThrows(() => bench.submit("bad"), Error, "boom");
  const good = bench.submit("good");
  bench.submit("bad2");
  bench.submit("good2");
  assertThrows(() => bench.scheduler.finish(good), Error, "boom");
  bench.submit("good3");
  assertEquals(bench.scheduler.statistics().seats.taken, 1);
  assertEquals(bench.news, ["bad", "good", "bad2", "good2"]);
});

Deno.test("Scheduler makes only guests share flows, beyond a number of flows", () => {
  const bench = new Bench({ limits: { guests: 150, flow: 1e6, waiting: 1e6 } });
  bench.submit("held");
  const keep: FlowHandle[] = [];
  for (let i = 0; i < 1_000; i++) {
    const handle = bench.scheduler.openFlow("normal", `198.51.100.${i}/32`, { guest: true });
    keep.push(handle);
    bench.submit("guest", handle);
  }
  const known = bench.scheduler.openFlow("normal", "identity:acme");
  bench.submit("known", known);
  const keys = keep.map((handle) => handle.flow.key);
  assertEquals(new Set(keys.filter((key) => typeof key === "string")).size, 149);
  assert(new Set(keys).size <= 150 + 128);
  assertEquals(known.flow.key, "identity:acme");
});

Deno.test("Scheduler drains: refuses waiting and new requests, and finishes started ones", () => {
  const bench = new Bench();
  const parked = bench.submit("parked");
  bench.scheduler.park(parked);
  const running = bench.submit("running");
  bench.submit("waiting");
  bench.scheduler.unpark(parked);
  bench.news;
  bench.scheduler.drain();
  bench.submit("late");
  assertEquals(bench.news, ["draining waiting", "draining late"]);
  bench.scheduler.finish(running);
  assertEquals(bench.news, ["resume parked"]);
  bench.scheduler.finish(parked);
  bench.scheduler.close();
  assertEquals(bench.clock.pending, 0);
});

Deno.test("Scheduler reports how long its requests waited", () => {
  const bench = new Bench();
  for (let i = 0; i < 100; i++) {
    const held = bench.submit("held");
    const next = bench.submit("next");
    bench.clock.advance(8);
    bench.scheduler.finish(held);
    bench.scheduler.finish(next);
  }
  const { wait, started } = bench.class("normal");
  assertEquals(started, 200);
  assertEquals(wait.p50, 0);
  assertAlmostEquals(wait.p99, 8, 0.5);
});

Deno.test("Scheduler refuses unknown classes", () => {
  const bench = new Bench();
  assertThrows(() => bench.open("acme", "urgent"), RangeError, "no class urgent");
  assertEquals(dealHand("acme", [1, 2]).length, 6);
});

Deno.test("Scheduler leaves seats free for others, however many requests of some clients wait", () => {
  const bench = new Bench({ seats: fixedSeats(64), limits: { share: 1, flow: 500 } });
  const holding: Named[][] = [];
  for (let client = 0; client < 4; client++) {
    const handle = bench.open(`greedy ${client}`);
    holding.push(Array.from({ length: 100 }, (_, at) => bench.submit(`${client}/${at}`, handle)));
  }
  const running = () =>
    holding.map((tickets) => tickets.filter(({ phase }) => phase === "running"));
  // Half of the seats, half of the rest, and so on.
  assertEquals(running().map(({ length }) => length), [32, 16, 8, 4]);
  bench.news;
  bench.submit("modest", bench.open("modest"));
  assertEquals(bench.news, ["run modest"]);
  bench.submit("other class", bench.open("greedy 0", "interactive"));
  assertEquals(bench.news, ["run other class"]);
  // Seats that are given back go to the flows that hold less than their share.
  for (const ticket of running()[0]) bench.scheduler.finish(ticket);
  assert(
    running().every(({ length }) => length >= 10),
    running().map(({ length }) => length).join(),
  );
  // All of them run in the end, also those that were passed over.
  for (let round = 0; round < 1_000 && running().some(({ length }) => length > 0); round++) {
    for (const ticket of running().flat()) bench.scheduler.finish(ticket);
  }
  assert(holding.flat().every(({ phase }) => phase === "done"));
});

Deno.test("Scheduler leaves parking places free for others", () => {
  const bench = new Bench({ seats: fixedSeats(1_000), limits: { share: 1, parked: 100 } });
  const park = (key: string): Named[] => {
    const handle = bench.open(key);
    const tickets = Array.from({ length: 200 }, () => bench.submit(key, handle));
    const parked = tickets.filter((ticket) => bench.scheduler.park(ticket));
    for (const ticket of tickets) if (ticket.phase === "running") bench.scheduler.finish(ticket);
    return parked;
  };
  const first = park("a");
  assertEquals(first.length, 50);
  assertEquals(park("b").length, 25);
  const modest = bench.submit("modest", bench.open("modest"));
  assert(bench.scheduler.park(modest));
  for (const ticket of first) bench.scheduler.finish(ticket);
  assertEquals(park("a").length, 37);
});

Deno.test("Scheduler counts the seats of guests that share flows for one flow each, and runs all requests", () => {
  const bench = new Bench({ seats: fixedSeats(16), limits: { share: 1, guests: 0, flow: 500 } });
  const tickets: Named[] = [];
  for (let at = 0; at < 400; at++) {
    const handle = bench.scheduler.openFlow("normal", `guest ${at % 40}`, { guest: true });
    tickets.push(bench.submit(`${at}`, handle));
    if (at % 7 === 0) {
      const some = tickets.find(({ phase }) => phase === "running");
      if (some !== undefined) bench.scheduler.finish(some);
    }
  }
  for (let round = 0; round < 1_000; round++) {
    const some = tickets.filter(({ phase }) => phase === "running");
    for (const ticket of some) bench.scheduler.finish(ticket);
  }
  assertEquals(tickets.filter(({ phase }) => phase !== "done").length, 0);
});

Deno.test("Scheduler refuses no request of a client that has less than its share of the seats", () => {
  const bench = new Bench({ seats: fixedSeats(256), limits: { share: 1, flow: 4 } });
  const handle = bench.open();
  const tickets = Array.from({ length: 132 }, (_, at) => bench.submit(`${at}`, handle));
  assertEquals(tickets.filter(({ phase }) => phase === "waiting").length, 4);
  bench.news;
  for (let at = 0; at < 40; at++) {
    bench.scheduler.finish(tickets[at]);
    bench.submit("next", handle);
  }
  assertEquals(bench.news.filter((each) => !each.startsWith("run ")), []);
});
