// The clocks of the queue: the time of day (`wall`) jumps forward and back, within a process and between two.

import {
  exportSqliteFile,
  importSqliteFile,
  memoryStore,
  sqliteStore,
  type Store,
} from "@lineup/lineup/queue";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { type TestQueue, testQueue } from "../../test_queue.ts";
import { job, put, schedule } from "../../../queue/store/conformance/samples.ts";
import { withDirectory } from "../../temporary_directory.ts";
import type { RawClient } from "../../raw_client.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** A store that outlives its queue. */
function lasting(): Store {
  return { ...memoryStore(), close: () => Promise.resolve() };
}

function at(time: string): VirtualClock {
  return new VirtualClock(Date.parse(time));
}

/** The duration of a field in ms. */
function told(reply: string, field: string): number {
  const [, number, unit] = new RegExp(` ${field}=([0-9.]+)(ms|s)`).exec(reply) ?? [];
  assert(number !== undefined, `${field} is not in ${reply}`);
  return Number(number) * (unit === "s" ? 1000 : 1);
}

/** The ms until the next job of a schedule. */
async function next(session: RawClient, name: string): Promise<number> {
  const lines = (await session.ask("SCHEDULES")).split("\n");
  return told(lines.find((line) => line.startsWith(`* ${name} `))!, "next");
}

/** The times of the jobs that a schedule has put. Marks the jobs done. */
async function ran(session: RawClient, queue: string): Promise<string[]> {
  const times: string[] = [];
  for (;;) {
    const id = /id=(\d+)/.exec(await session.ask(`TAKE ${queue}`))?.[1];
    if (id === undefined) return times;
    times.push(/ unique=\w+@\d+-(\S+?):00\.000Z/.exec(await session.ask(`JOB ${id}`))![1]);
    await session.ask(`DONE ${id}`);
  }
}

/**
 * Makes one of everything that lasts for a time: a lease, two delays, an expiry, a result, a schedule of an interval.
 */
async function fill(session: RawClient): Promise<void> {
  await session.ask("PUT leased x");
  await session.ask("TAKE leased lease=100s");
  await session.ask("PUT delayed x delay=100s");
  await session.ask("PUT failed x backoff=1m");
  await session.ask("TAKE failed");
  await session.ask("FAIL 3 retry=100s");
  await session.ask("PUT expiring x expires=100s");
  await session.ask("PUT kept x result=keep");
  await session.ask("TAKE kept");
  await session.ask("DONE 5 result=y");
  await session.ask("EVERY beat beats x interval=100s");
}

/** The ms that are left of each. */
async function left(session: RawClient): Promise<number[]> {
  const [leased, delayed, failed] = [
    await session.ask("JOB 1"),
    await session.ask("JOB 2"),
    await session.ask("JOB 3"),
  ].map((reply) => told(reply, "left"));
  const expiring = told(await session.ask("JOB 4"), "expires");
  const kept = told(await session.ask("JOB 5"), "left");
  return [leased, delayed, failed, expiring, kept, await next(session, "beat")];
}

const FULL = [100_000, 100_000, 100_000, 100_000, HOUR, 100_000];
const less = (ms: number): number[] => FULL.map((each) => each - ms);

Deno.test("leases, delays, expiries, results, ages and intervals do not depend on the time of day", async () => {
  for (const step of [HOUR, -HOUR, YEAR, -YEAR]) {
    await using queue = await testQueue();
    const { clock } = queue;
    const session = await queue.session();
    await fill(session);
    await clock.elapse(10_000);
    clock.setWall(step);
    assertEquals(await left(session), less(10_000), `${step} ms`);
    await clock.elapse(80_000);
    assertEquals(await left(session), less(90_000), `${step} ms`);
    assertEquals(told(await session.ask("JOB 4"), "age"), 90_000);
    assertEquals(told(await session.ask("QUEUE expiring"), "oldest"), 90_000);
    assertEquals(await session.ask("TAKE leased delayed failed beats"), "OK count=0");
    await clock.elapse(10_000);
    assertMatch(await session.ask("TAKE leased delayed failed beats max=9"), /OK count=4$/);
    assertEquals(await session.ask("TAKE expiring"), "OK count=0");
    assertMatch(await session.ask("WAIT 5"), /^OK \{1\}/);
    await clock.elapse(HOUR);
    assertMatch(await session.ask("WAIT 5"), /^ERR not-found/);
  }
});

Deno.test("cron follows a time of day that jumps forward, or that went on while the machine was suspended", async () => {
  await using queue = await testQueue({ clock: at("2026-06-01T01:00:00Z") });
  const { clock } = queue;
  const session = await queue.session();
  await session.ask('EVERY nightly night x cron="0 8 * * *"');
  await session.ask('EVERY often often x cron="*/15 * * * *"');
  await clock.elapse(20 * MINUTE);
  assertEquals(await ran(session, "often"), ["06-01T01:15"]);
  clock.setWall(8 * HOUR);
  await clock.elapse(MINUTE);
  // Nine hours later, one job makes up for all missed ones.
  assertEquals(await ran(session, "night"), ["06-01T08:00"]);
  assertEquals(await ran(session, "often"), ["06-01T01:30"]);
  assertEquals(await next(session, "nightly"), 22 * HOUR + 39 * MINUTE);
  await clock.elapse(9 * MINUTE);
  assertEquals(await ran(session, "often"), ["06-01T09:30"]);
  await clock.elapse(DAY);
  assertEquals(await ran(session, "night"), ["06-02T08:00"]);
});

Deno.test("cron goes on when the time of day jumps back; after a correction, fixed times do not come again", async () => {
  const clock = at("2026-06-01T11:50:00Z");
  await using queue = await testQueue({ clock });
  const session = await queue.session();
  await session.ask('EVERY daily day x cron="0 12 * * *"');
  await session.ask('EVERY hourly hour x cron="55 * * * *"');
  await clock.elapse(20 * MINUTE);
  assertEquals(await ran(session, "day"), ["06-01T12:00"]);
  assertEquals(await ran(session, "hour"), ["06-01T11:55"]);
  clock.setWall(-HOUR);
  // It is ten past eleven again, and noon comes again.
  await clock.elapse(HOUR);
  assertEquals(await ran(session, "hour"), ["06-01T11:55"]);
  assertEquals(await ran(session, "day"), []);
  await clock.elapse(DAY);
  assertEquals(await ran(session, "day"), ["06-02T12:00"]);
  // A day back is no correction.
  clock.setWall(-DAY);
  await clock.elapse(DAY);
  assertEquals(await ran(session, "day"), ["06-02T12:00"]);
  // A clock that drifts slowly is noticed too.
  await clock.elapse(60 * MINUTE);
  await ran(session, "hour");
  for (let minutes = 0; minutes < 60; minutes++) {
    clock.setWall(-500);
    await clock.elapse(MINUTE);
  }
  assertEquals((await ran(session, "hour")).length, 1);
  assertEquals(await next(session, "hourly") % MINUTE, 30_000);
});

/** Closes a queue, and opens another on its store at another time of day. */
async function again(before: TestQueue, store: Store, wall: number): Promise<TestQueue> {
  await before[Symbol.asyncDispose]();
  return await testQueue({ store, clock: new VirtualClock(wall) });
}

Deno.test("after a start with a clock that is behind, no lease is longer than it was granted", async () => {
  for (const back of [MINUTE, HOUR, YEAR]) {
    const store = lasting();
    const first = await testQueue({ store });
    const session = await first.session();
    await fill(session);
    await session.ask('EVERY daily day x cron="0 12 * * *"');
    await session.ask('EVERY often often x cron="*/5 * * * *"');
    await first.clock.elapse(10_000);
    await session.ask("PUT other x");
    await using second = await again(first, store, first.clock.now() - back);
    const other = await second.session();
    assertEquals(await left(other), less(10_000), `${back} ms`);
    assertEquals(told(await other.ask("JOB 4"), "age"), 10_000);
    assert(await next(other, "daily") <= DAY);
    assert(await next(other, "often") <= 5 * MINUTE);
    await second.clock.elapse(90_000);
    assertMatch(await other.ask("TAKE leased delayed failed beats max=9"), /OK count=4$/);
    // A process with a right clock grants a lease. The next process does not shorten it.
    await other.ask("PUT leased y");
    await other.ask("TAKE leased lease=100s");
    await using third = await again(second, store, second.clock.now() + 40_000);
    assertEquals(
      told((await (await third.session()).ask("LIST leased")).split("\n")[1], "left"),
      60_000,
    );
  }
});

Deno.test("a start counts the time of day that has passed, after a process that was suspended too", async () => {
  const store = lasting();
  const first = await testQueue({ store });
  const session = await first.session();
  first.clock.setWall(8 * HOUR);
  await fill(session);
  await using second = await again(first, store, first.clock.wall() + 30_000);
  assertEquals(await left(await second.session()), less(30_000));
});

Deno.test("a clock that was a year ahead for a while leaves no lease and no schedule a year ahead", async () => {
  const store = lasting();
  const start = Date.parse("2026-06-01T00:00:00Z");
  const first = await testQueue({ store, clock: new VirtualClock(start + YEAR) });
  const session = await first.session();
  await fill(session);
  await session.ask('EVERY daily day x cron="0 12 * * *"');
  await using second = await again(first, store, start);
  const other = await second.session();
  assertEquals(await left(other), FULL);
  assertEquals(await next(other, "daily"), 12 * HOUR);
  // After the correction, no trace of the wrong year is left.
  second.clock.setWall(DAY);
  await second.clock.elapse(50_000);
  assertEquals(await left(other), less(50_000));
});

Deno.test("a store that keeps no moment is trusted within the bounds of requests", async () => {
  const { moment: _, ...store } = memoryStore();
  const now = Date.parse("2020-01-01T00:00:00Z");
  const future = now + 3 * YEAR;
  const lasts = { lease: 30_000, attempt: 1, enqueuedAt: now - 5 };
  await store.commit([
    put(job(1, { ...lasts, state: "taken", endsAt: future })),
    put(job(2, { ...lasts, state: "taken", endsAt: now + 60_000 })),
    put(
      job(3, {
        enqueuedAt: future,
        readyAt: future + 40_000,
        state: "delayed",
        expiresAt: future + 90_000,
      }),
    ),
    put(job(4, { ...lasts, state: "delayed", readyAt: future, backoff: 7_000, attempts: 5 })),
    put(job(5, { ...lasts, state: "done", endsAt: future, keep: true })),
    put(job(6, { enqueuedAt: future, readyAt: future })),
    { kind: "schedule", schedule: { ...schedule, name: "daily", next: future } },
    { kind: "schedule", schedule: { ...schedule, name: "often", cron: "* * * * *", next: future } },
    {
      kind: "schedule",
      schedule: { ...schedule, name: "beat", cron: "", zone: "", interval: 5_000, next: future },
    },
  ]);
  await using queue = await testQueue({ store, clock: new VirtualClock(now) });
  const session = await queue.session();
  const lefts: number[] = [];
  for (const id of [1, 2, 3, 4, 5]) lefts.push(told(await session.ask(`JOB ${id}`), "left"));
  assertEquals(lefts, [30_000, 60_000, 40_000, 7_000, HOUR]);
  assertEquals(told(await session.ask("JOB 3"), "expires"), 90_000);
  assertStringIncludes(await session.ask("JOB 6"), " age=0ms ");
  assertEquals(await next(session, "beat"), 5_000);
  assertEquals(await next(session, "daily"), 2 * HOUR);
  assertEquals(await next(session, "often"), MINUTE);
});

Deno.test("an export has times of day, and an import converts them to the times of its file", () =>
  withDirectory(async (directory) => {
    const ahead = HOUR;
    const noon = Date.parse("2026-06-01T12:00:00Z");
    const files = [`${directory}/ahead.db`, `${directory}/other.db`];
    const times = {
      enqueuedAt: noon - 5,
      readyAt: noon + 5,
      endsAt: noon + 7,
      expiresAt: noon + 9,
    };
    for (const [at, path] of files.entries()) {
      const store = await sqliteStore(path);
      const beat = { ...schedule, name: "beat", cron: "", zone: "", interval: 5_000, next: noon };
      const changes = [
        put(job(1, { ...times, state: "taken", attempt: 1 })),
        put(job(2, { enqueuedAt: noon, readyAt: noon })),
        { kind: "schedule", schedule } as const,
        { kind: "schedule", schedule: beat } as const,
      ];
      await store.commit(at === 0 ? changes : [], { now: noon, wall: noon - (1 - at) * ahead });
      await store.close();
    }
    const lines = [...exportSqliteFile(files[0])];
    const told = lines.map((line) => JSON.parse(line));
    assertEquals(
      told.map(({ put, ready, until, expires, next }) => [put, ready, until, expires, next]),
      [
        [undefined, undefined, undefined, undefined, undefined],
        [undefined, undefined, undefined, 60_000, noon - ahead],
        [undefined, undefined, undefined, 60_000, schedule.next],
        [noon - 5, noon + 5, noon + 7, noon + 9].map((time) => time - ahead).concat([
          undefined as never,
        ]),
        [noon - ahead, noon - ahead, 0, 0, undefined],
      ],
    );
    importSqliteFile(files[1], lines);
    const kept = [...exportSqliteFile(files[1])];
    assertEquals(kept.slice(1), lines.slice(1));
    importSqliteFile(files[0], lines);
    const store = await sqliteStore(files[0]);
    const jobs = await Array.fromAsync(store.load());
    assertEquals(jobs.map(({ id, enqueuedAt, endsAt }) => [id, enqueuedAt, endsAt]), [
      [1, noon - 5, noon + 7],
      [2, noon, 0],
      [3, noon - 5, noon + 7],
      [4, noon, 0],
    ]);
    await store.close();
  }));
