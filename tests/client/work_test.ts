import { VirtualClock } from "../../testing/virtual_clock.ts";
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import {
  ConnectionLost,
  JobFailure,
  type JobHandler,
  LeaseLost,
  Refusal,
  type TakenItem,
  type TakenJob,
  work,
  type WorkClient,
  type WorkCounts,
  type Worker,
  type WorkEvent,
  type WorkOptions,
} from "@lineup/lineup/client";
import { memoryStore } from "@lineup/lineup/queue";
import { openQueueFixture, type QueueClient, type QueueFixture } from "./queue_fixture.ts";

const text = ({ body }: { body?: Uint8Array }): string => new TextDecoder().decode(body);
const NOTHING: WorkCounts = { taken: 0, done: 0, failed: 0, dead: 0, released: 0, lost: 0 };

/** A worker on the virtual clock. */
function start(
  { clock }: QueueFixture,
  client: WorkClient,
  handler: JobHandler,
  options: WorkOptions = {},
): Worker {
  return work(client, "mail", handler, { clock, random: () => 0.5, ...options });
}

async function put(client: QueueClient, bodies: readonly string[], more = {}): Promise<number[]> {
  const replies = await Promise.all(
    bodies.map((body) => client.PUT({ queue: "mail", body, ...more })),
  );
  return replies.map(({ id }) => id);
}

/** A handler that ends when the test says so. */
function gate(): {
  handler: JobHandler;
  begun: TakenJob[];
  open: () => void;
  signals: AbortSignal[];
} {
  const begun: TakenJob[] = [];
  const signals: AbortSignal[] = [];
  const gates: (() => void)[] = [];
  return {
    begun,
    signals,
    open: () => gates.shift()?.(),
    handler: (job, { signal }) => {
      begun.push(job);
      signals.push(signal);
      return new Promise<void>((resolve) => gates.push(resolve));
    },
  };
}

Deno.test("The value that a handler returns is the result: text and bytes as they are, else JSON", async () => {
  await using fixture = await openQueueFixture();
  const client = await fixture.client();
  const values = ["text", Uint8Array.of(0, 255), { a: [1] }, 7, undefined, null];
  const ids = await put(client, values.map((_, index) => String(index)), { result: "keep" });
  const worker = start(fixture, client, async (job) => {
    await undefined;
    return values[Number(text(job))];
  }, { untilEmpty: true });
  await fixture.until(worker.finished);
  assertEquals(worker.counts, { ...NOTHING, taken: 6, done: 6 });
  const results = await Promise.all(ids.map((id) => client.WAIT({ id })));
  assertEquals(results.map(({ body }) => body?.length ?? 0), [4, 2, 9, 1, 0, 0]);
  assertEquals([text(results[0]), results[1].body, text(results[2])], [
    "text",
    Uint8Array.of(0, 255),
    '{"a":[1]}',
  ]);
});

Deno.test("The error that a handler throws is the reason, and decides the next state of the job", async () => {
  await using fixture = await openQueueFixture();
  const client = await fixture.client();
  const thrown: unknown[] = [
    new Error("421 try again later"),
    new JobFailure("in five minutes", { retry: 300_000 }),
    new JobFailure("no such mailbox", { dead: true }),
    new JobFailure("not now", { release: 60_000 }),
    "a text",
    new RangeError(""),
    new Error("\ud800 \n" + "x".repeat(5000)),
  ];
  const ids = await put(client, thrown.map((_, index) => String(index)), { backoff: 1000 });
  const events: WorkEvent[] = [];
  const worker = start(fixture, client, (job) => {
    throw thrown[Number(text(job))];
  }, { most: 7, concurrency: 3, onEvent: (event) => events.push(event) });
  await fixture.until(worker.finished);
  assertEquals(worker.counts, { ...NOTHING, taken: 7, failed: 5, dead: 1, released: 1 });
  assertEquals(events.filter(({ type }) => type === "failed").length, 6);
  const jobs = await Promise.all(ids.map((id) => client.JOB({ id })));
  assertEquals(jobs.map(({ state }) => state), [
    "delayed",
    "delayed",
    "dead",
    "delayed",
    "delayed",
    "delayed",
    "delayed",
  ]);
  assertEquals(jobs.slice(0, 6).map(({ reason }) => reason), [
    "421 try again later",
    "in five minutes",
    "no such mailbox",
    undefined,
    "a text",
    "RangeError",
  ]);
  assertEquals(jobs[6].reason?.startsWith("\ufffd \nxxx"), true);
  // jobs[1] waits five minutes. jobs[3] waits a minute, and its attempt does not count.
  assertEquals([jobs[1].left! > 290_000, jobs[3].left! > 50_000, jobs[3].spared], [true, true, 1]);
});

Deno.test("A result that the server refuses fails the job, with the refusal as its reason", async () => {
  await using fixture = await openQueueFixture();
  const client = await fixture.client();
  const [id] = await put(client, ["x"], { attempts: 1 });
  const worker = start(fixture, client, () => new Uint8Array(2 << 20), { most: 1 });
  await fixture.until(worker.finished);
  assertEquals(worker.counts, { ...NOTHING, taken: 1, dead: 1 });
  assertEquals(
    (await client.JOB({ id })).reason,
    "done was refused: The server takes at most 1048576 bytes of body.",
  );
});

Deno.test("A worker takes jobs in batches, from all its queues, and runs no more than its concurrency", async () => {
  await using fixture = await openQueueFixture();
  const verbs: string[] = [];
  const client = await fixture.client({ onReply: ({ verb }) => verbs.push(verb) });
  const names = ["mail", "video"];
  await Promise.all(
    Array.from(
      { length: 200 },
      (_, index) => client.PUT({ queue: names[index % 2], body: String(index) }),
    ),
  );
  let running = 0, most = 0;
  const seen = new Set<string>();
  const worker = work(client, names, async (job) => {
    most = Math.max(most, ++running);
    seen.add(job.queue + text(job));
    await new Promise<void>((resolve) => fixture.clock.after(10 + job.id % 3, resolve));
    running--;
  }, { clock: fixture.clock, concurrency: 20, prefetch: 20, untilEmpty: true });
  await fixture.until(worker.finished);
  assertEquals([most, seen.size, worker.counts.done], [20, 200, 200]);
  const takes = verbs.filter((verb) => verb === "TAKE").length;
  assert(takes <= 100, `${takes} TAKEs for 200 jobs`);
});

Deno.test("A worker extends the leases of jobs that run, and of jobs that wait for their turn", async () => {
  await using fixture = await openQueueFixture();
  const client = await fixture.client();
  const other = await fixture.client();
  await put(client, ["a", "b"], { lease: 1000 });
  const { handler, open, begun } = gate();
  const worker = start(fixture, client, handler, { prefetch: 1 });
  for (let second = 0; second < 20; second++) {
    await fixture.clock.elapse(1000);
    assertEquals(await other.TAKE({ queue: ["mail"] }).all(), []);
  }
  assertEquals(begun.length, 1);
  open();
  await fixture.clock.elapse(10_000);
  open();
  await fixture.clock.elapse(10);
  assertEquals(begun.map(({ attempt }) => attempt), [1, 1]);
  assertEquals(worker.counts, { ...NOTHING, taken: 2, done: 2 });
  await fixture.until(worker.close());
});

Deno.test("A lease counts from the request for it, not from a late answer", async () => {
  const clock = new VirtualClock();
  let isSlow = false;
  await using fixture = await openQueueFixture({ clock }, (stream) => ({
    ...stream,
    async read(buffer) {
      const read = await stream.read(buffer);
      if (isSlow) await new Promise<void>((resolve) => clock.after(2000, resolve));
      return read;
    },
  }));
  const client = await fixture.client();
  await put(client, ["a"], { lease: 10_000 });
  const { handler, signals, open } = gate();
  const worker = start(fixture, client, handler, {});
  await clock.elapse(4000);
  isSlow = true;
  // The extension at 5 s is answered at 7 s.
  await clock.elapse(3500);
  isSlow = false;
  fixture.down(true);
  fixture.cut();
  await clock.elapse(7000);
  assertEquals(signals[0].aborted, false);
  await clock.elapse(600);
  assertEquals(signals[0].aborted, true);
  fixture.down(false);
  open();
  await fixture.until(worker.close());
});

Deno.test("A worker's lease option counts for TAKE and EXTEND", async () => {
  await using fixture = await openQueueFixture();
  const client = await fixture.client();
  const [id] = await put(client, ["a"], { lease: 1000 });
  const { handler, open, begun } = gate();
  const worker = start(fixture, client, handler, { lease: 60_000 });
  await fixture.clock.elapse(45_000);
  assertEquals(begun[0].lease, 60_000);
  // The worker has extended the lease at 30 s.
  assertEquals((await client.JOB({ id })).left, 45_000);
  open();
  await fixture.until(worker.close());
  assertEquals(worker.counts.done, 1);
});

Deno.test("A handler is aborted when its lease is lost, and its later result does not count", async () => {
  await using fixture = await openQueueFixture();
  const client = await fixture.client();
  const other = await fixture.client();
  const [id, dropped] = await put(client, ["a", "b"], { lease: 10_000 });
  const { handler, signals, open } = gate();
  const events: WorkEvent[] = [];
  const worker = start(fixture, client, handler, {
    concurrency: 2,
    onEvent: (event) => events.push(event),
  });
  await fixture.clock.elapse(1000);
  // A client that knows the attempt ends one job, an administrator the other.
  await other.FAIL({ id: [id], attempt: 1, retry: 3_600_000 });
  await other.DROP({ id: dropped });
  assertEquals(signals.map(({ aborted }) => aborted), [false, false]);
  await fixture.clock.elapse(5000);
  assertEquals(signals.map(({ aborted }) => aborted), [true, true]);
  assertInstanceOf(signals[0].reason, LeaseLost);
  assertEquals(
    signals[0].reason.message,
    "the lease of job 1 is lost: Job 1 is not taken: it is delayed.",
  );
  open();
  open();
  await fixture.until(worker.close());
  assertEquals(worker.counts, { ...NOTHING, taken: 2, lost: 2 });
  assertEquals(events.map(({ type }) => type), ["lost", "lost"]);
  assertEquals((await client.JOB({ id })).state, "delayed");
});

Deno.test("While the server is gone, a lease is lost once its time is over here, and another worker takes the job", async () => {
  await using fixture = await openQueueFixture();
  const client = await fixture.client();
  await put(client, ["a"], { lease: 10_000 });
  const { handler, signals, open } = gate();
  const events: WorkEvent[] = [];
  const worker = start(fixture, client, handler, {
    concurrency: 2,
    onEvent: (event) => events.push(event),
  });
  await fixture.clock.elapse(100);
  fixture.down(true);
  fixture.cut();
  await fixture.clock.elapse(9800);
  assertEquals(signals[0].aborted, false);
  await fixture.clock.elapse(200);
  assertInstanceOf(signals[0].reason, LeaseLost);
  assertEquals(signals[0].reason.message, "the lease of job 1 ran out");
  assert(events.some(({ type }) => type === "trouble"), "it says that it cannot take jobs");
  fixture.down(false);
  // The first handler still runs, and must not disturb the second.
  await fixture.clock.elapse(30_000);
  assertEquals(signals.length, 2);
  open();
  open();
  await fixture.until(worker.close());
  assertEquals(worker.counts, { ...NOTHING, taken: 2, done: 1, lost: 1 });
});

Deno.test("A job outlives the connection over which it was taken", async () => {
  await using fixture = await openQueueFixture();
  const client = await fixture.client();
  const other = await fixture.client();
  const [id] = await put(client, ["a"], { lease: 10_000, result: "keep" });
  let finish = (_result: string): void => {};
  const worker = start(fixture, client, () => new Promise<string>((resolve) => finish = resolve));
  await fixture.clock.elapse(100);
  fixture.cut();
  await fixture.clock.elapse(25_000);
  assertEquals(await fixture.until(other.TAKE({ queue: ["mail"] }).all()), []);
  fixture.down(true);
  fixture.cut();
  finish("42");
  await fixture.clock.elapse(2000);
  assertEquals(worker.counts.done, 0);
  fixture.down(false);
  await fixture.clock.elapse(6000);
  assertEquals(worker.counts, { ...NOTHING, taken: 1, done: 1 });
  assertEquals(text(await fixture.until(other.WAIT({ id }))), "42");
  await fixture.until(worker.close());
});

Deno.test("close releases jobs that were not begun, waits for the others, and takes no more", async () => {
  await using fixture = await openQueueFixture();
  const client = await fixture.client();
  const ids = await put(client, ["a", "b", "c", "d"]);
  const { handler, open, begun } = gate();
  const worker = start(fixture, client, handler, { concurrency: 2, prefetch: 1 });
  await fixture.clock.elapse(10);
  assertEquals([begun.length, worker.counts.taken], [2, 3]);
  const closed = worker.close(60_000);
  await fixture.clock.elapse(10);
  const states = await Promise.all(ids.map((id) => client.JOB({ id })));
  assertEquals(states.map(({ state }) => state), ["taken", "taken", "ready", "ready"]);
  assertEquals([states[2].attempt, states[2].spared], [1, 1]);
  open();
  await fixture.clock.elapse(50_000);
  open();
  await fixture.until(closed);
  await worker.finished;
  assertEquals(worker.counts, { ...NOTHING, taken: 3, done: 2, released: 1 });
  assertEquals(begun.length, 2);
});

Deno.test("close does not wait for a waiting TAKE, and a job that comes at that moment is not stuck", async () => {
  for (let turns = 0; turns < 40; turns++) {
    await using fixture = await openQueueFixture();
    const client = await fixture.client();
    const other = await fixture.client();
    const worker = start(fixture, client, () => {});
    await fixture.clock.elapse(5);
    const before = fixture.clock.now();
    const putting = other.PUT({ queue: "mail", body: "x" });
    for (let turn = 0; turn < turns; turn++) await undefined;
    await fixture.until(worker.close());
    assertEquals(fixture.clock.now(), before);
    const { id } = await putting;
    const { done, released } = worker.counts;
    if (done === 1) await assertRejects(() => client.JOB({ id }), Refusal, "There is no job");
    else assertEquals((await client.JOB({ id })).state, "ready", `${turns} turns, ${released}`);
  }
});

Deno.test("close releases the jobs of handlers that take too long, also of handlers that ignore the signal", async () => {
  await using fixture = await openQueueFixture();
  const client = await fixture.client();
  const ids = await put(client, ["minds", "deaf", "ends"]);
  const worker = start(
    fixture,
    client,
    (job, { signal }) =>
      new Promise<void>((resolve, reject) => {
        if (text(job) === "minds") signal.addEventListener("abort", () => reject(signal.reason));
        if (text(job) === "ends") signal.addEventListener("abort", () => resolve());
      }),
    { concurrency: 3 },
  );
  await fixture.clock.elapse(10);
  const before = fixture.clock.now();
  await fixture.until(worker.close(5000));
  assertEquals(fixture.clock.now() - before, 6000);
  assertEquals(worker.counts, { ...NOTHING, taken: 3, done: 1, released: 2 });
  const states = await Promise.all(ids.slice(0, 2).map((id) => client.JOB({ id })));
  assertEquals(states.map(({ state, spared }) => [state, spared]), [["ready", 1], ["ready", 1]]);
});

Deno.test("close waits for handlers as long as its argument says, and they have the grace at its end", async () => {
  await using fixture = await openQueueFixture();
  const client = await fixture.client();
  const ids = await put(client, ["ends", "deaf"]);
  const { handler, open, signals } = gate();
  const worker = start(fixture, client, handler, { concurrency: 2, grace: 20_000 });
  await fixture.clock.elapse(10);
  const closed = worker.close(Infinity);
  await fixture.clock.elapse(3_600_000);
  assertEquals(signals.map(({ aborted }) => aborted), [false, false]);
  open();
  await fixture.clock.elapse(10);
  assertEquals(worker.counts, { ...NOTHING, taken: 2, done: 1 });
  const before = fixture.clock.now();
  worker.close(0);
  assertEquals(signals[1].aborted, true);
  await fixture.clock.elapse(19_000);
  assertEquals((await client.JOB({ id: ids[1] })).state, "taken");
  await fixture.until(closed);
  assertEquals(fixture.clock.now() - before, 20_000);
  assertEquals(worker.counts, { ...NOTHING, taken: 2, done: 1, released: 1 });
});

Deno.test("close ends while the server is gone, and may be called again with less time", async () => {
  await using fixture = await openQueueFixture();
  const client = await fixture.client();
  await put(client, ["a"]);
  const { handler, signals } = gate();
  const worker = start(fixture, client, handler);
  await fixture.clock.elapse(10);
  fixture.down(true);
  fixture.cut();
  const before = fixture.clock.now();
  const closed = worker.close(50_000);
  await fixture.clock.elapse(1000);
  worker.close(0);
  await fixture.until(closed);
  assertEquals(fixture.clock.now() - before, 3000);
  assertEquals([signals[0].aborted, worker.counts.lost], [true, 1]);
});

Deno.test("A worker pauses while its server is read-only, tries again, and reports its results in the end", async () => {
  const store = memoryStore();
  let full = false;
  await using fixture = await openQueueFixture({
    store: {
      ...store,
      commit: (changes) => full ? Promise.reject(new Error("disk full")) : store.commit(changes),
    },
  });
  const events: WorkEvent[] = [];
  let takes = 0;
  const client = await fixture.client({ onReply: ({ verb }) => takes += Number(verb === "TAKE") });
  await put(client, ["a", "b"]);
  const { handler, open, begun } = gate();
  const worker = start(fixture, client, handler, { onEvent: (event) => events.push(event) });
  await fixture.clock.elapse(10);
  full = true;
  open();
  await fixture.clock.elapse(20_000);
  assertEquals([worker.counts.done, begun.length], [0, 1]);
  assert(events.some(({ type }) => type === "trouble"));
  assert(takes < 30, `${takes} TAKEs in 20 s`);
  full = false;
  await fixture.clock.elapse(60_000);
  assertEquals(begun.length, 2);
  open();
  await fixture.until(worker.close());
  assertEquals([worker.counts.taken, worker.counts.done], [2, 2]);
});

Deno.test("A worker ends with an error where it can never take a job again", async () => {
  await using fixture = await openQueueFixture();
  const client = await fixture.client();
  const { clock } = fixture;
  const bad = work(client, "two words", () => {}, { clock });
  await assertRejects(() => fixture.until(bad.finished), TypeError, "queue must be a word");
  const closed = start(fixture, client, () => {});
  const seen = closed.finished.catch((error) => error);
  await fixture.clock.elapse(10);
  await fixture.until(client.close(0));
  assertInstanceOf(await fixture.until(seen), ConnectionLost);
  assertEquals(client.closed, true);
  await closed.close();
  for (
    const [options, why] of [
      [{ concurrency: 0 }, "concurrency"],
      [{ most: 1.5 }, "most"],
      [{ grace: -1 }, "grace"],
    ] as const
  ) {
    assertThrows(() => work(client, "mail", () => {}, options), RangeError, why);
  }
  assertThrows(() => work(client, [], () => {}), RangeError, "needs the name of a queue");
  assertThrows(() => work(client, 5 as never, () => {}), RangeError, "needs the name of a queue");
  assertThrows(() => work(client, "mail", 5 as never), TypeError, "must be a function, not number");
  // deno-lint-ignore no-explicit-any
  const wrong: readonly (readonly [options: any, why: string])[] = [
    [{ concurency: 5 }, "work has no option concurency; did you mean concurrency?"],
    [{ concurrency: "5" }, 'concurrency must be a number, not "5"'],
    [{ lease: "60s" }, 'lease must be a number of milliseconds, not "60s"'],
    [{ untilEmpty: "yes" }, 'untilEmpty must be a boolean, not "yes"'],
    [{ onEvent: 5 }, "onEvent must be a function, not 5"],
    [5, "the options of work must be an object, not 5"],
  ];
  for (const [options, why] of wrong) {
    assertThrows(() => work(client, "mail", () => {}, options), TypeError, why);
  }
  assertThrows(() => work(client, "mail", () => {}, { lease: 0 }), RangeError, "lease must be");
});

Deno.test("A worker ends by itself after its number of jobs, or where no job is left", async () => {
  await using fixture = await openQueueFixture();
  const client = await fixture.client();
  await put(client, ["a", "b", "c", "d", "e"]);
  const three = start(fixture, client, () => {}, { most: 3, concurrency: 2 });
  await fixture.until(three.finished);
  assertEquals(three.counts, { ...NOTHING, taken: 3, done: 3 });
  let failures = 2;
  const rest = start(fixture, client, () => {
    if (failures-- > 0) throw new Error("not yet");
  }, { untilEmpty: true, concurrency: 5 });
  await fixture.until(rest.finished);
  // The jobs that failed were ready again at once, and are done too.
  assertEquals(rest.counts, { ...NOTHING, taken: 4, done: 2, failed: 2 });
});

Deno.test("A handler of onEvent that throws does not end the worker", async () => {
  await using fixture = await openQueueFixture();
  const client = await fixture.client();
  await put(client, ["a", "b"]);
  const reported: unknown[] = [];
  const note = (event: ErrorEvent): void => {
    event.preventDefault();
    reported.push(event.error);
  };
  globalThis.addEventListener("error", note);
  try {
    const worker = start(fixture, client, () => {}, {
      untilEmpty: true,
      onEvent() {
        throw new Error("mine");
      },
    });
    await fixture.until(worker.finished);
    assertEquals([worker.counts.done, reported.length], [2, 2]);
  } finally {
    globalThis.removeEventListener("error", note);
  }
});

Deno.test("A worker takes no more jobs while it cannot report the results of many", async () => {
  await using fixture = await openQueueFixture();
  const client = await fixture.client();
  await put(client, Array(40).fill("x"));
  const mute: WorkClient = {
    closed: false,
    TAKE: (args, options) => client.TAKE(args, options),
    DONE: (_, options) =>
      new Promise((_, reject) => options!.signal!.addEventListener("abort", reject)),
    FAIL: (args, options) => client.FAIL(args, options),
    EXTEND: (args, options) => client.EXTEND(args, options),
    RELEASE: (args, options) => client.RELEASE(args, options),
  };
  const worker = start(fixture, mute, () => {}, { concurrency: 2, prefetch: 1 });
  await fixture.clock.elapse(5_000);
  const { taken, done } = worker.counts;
  assert(taken > 3 && taken < 9, `${taken} were taken`);
  assertEquals(done, 0);
  await fixture.until(worker.close(0));
});

/** A client of a server that answers each TAKE at once with these jobs, whose leases end before a handler can begin. */
function hasty(jobs: (count: number) => readonly TakenItem[]): WorkClient & { takes: number } {
  // deno-lint-ignore require-await
  const gone = async (): Promise<never> => {
    throw new Refusal("not-taken", "It is somebody else's.");
  };
  return {
    closed: false,
    takes: 0,
    TAKE() {
      const given = jobs(++this.takes);
      return {
        async *[Symbol.asyncIterator]() {
          yield* given;
        },
        stop() {},
        cancel() {},
      };
    },
    DONE: gone,
    FAIL: gone,
    EXTEND: gone,
    RELEASE: gone,
  };
}

const brief = (id: number, lease: number): TakenItem => {
  return { id, queue: "mail", attempt: 1, lease, body: new Uint8Array() };
};

const HASTY: readonly { what: string; jobs: (count: number) => readonly TakenItem[] }[] = [
  { what: "nothing", jobs: () => [] },
  { what: "jobs whose leases are over at once", jobs: (count) => [brief(count, 1)] },
  { what: "jobs whose leases cannot be kept", jobs: (count) => [brief(count, 30)] },
];

for (const { what, jobs } of HASTY) {
  Deno.test(`A worker does not spin where each TAKE brings ${what} at once`, async () => {
    await using fixture = await openQueueFixture();
    const client = hasty(jobs);
    let begun = 0;
    const worker = start(fixture, client, async (_, { signal }) => {
      begun++;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    });
    await fixture.clock.elapse(60_000);
    assert(client.takes > 5 && client.takes < 30, `${client.takes} TAKEs in a minute`);
    assert(begun < 30, `${begun} were begun in a minute`);
    await fixture.until(worker.close(0));
  });
}

Deno.test("A worker reports a lease that ends before its handler can begin, and other jobs go on", async () => {
  await using fixture = await openQueueFixture();
  const client = await fixture.client();
  await put(client, ["poison"], { lease: 1, attempts: 1000 });
  const events: WorkEvent[] = [];
  const done: string[] = [];
  const worker = start(fixture, client, (job) => void done.push(text(job)), {
    onEvent: (event) => events.push(event),
  });
  for (let n = 0; n < 10; n++) {
    await put(client, [`job ${n}`]);
    await fixture.clock.elapse(10_000);
  }
  assertEquals(done, Array.from({ length: 10 }, (_, n) => `job ${n}`));
  const lost = events.filter(({ type }) => type === "lost") as { error: Error }[];
  assert(lost.length > 5 && lost.length < 200, `${lost.length} leases were lost`);
  assertEquals(
    lost[0].error.message,
    "a lease of 1 ms is over before anything can be done; take it with a longer one",
  );
  await fixture.until(worker.close());
});
