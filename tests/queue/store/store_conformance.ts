// What every store must do: a third implementation runs this against itself.

import type {
  Change,
  JobProgress,
  QueueLimits,
  Schedule,
  Store,
  StoredJob,
  StoredSchedule,
} from "@lineup/lineup/queue";
import { assertEquals } from "@std/assert";

/** A store that can be closed and opened again; one that forgets says so. */
export interface Opener {
  /** Opens the store of this test, or opens it again. */
  open(): Promise<Store>;
  /** Whether what was committed is there again after `close`. */
  readonly lasts: boolean;
}

/** A job as a store keeps it. */
export function job(id: number, rest: Partial<StoredJob> = {}): StoredJob {
  return {
    id,
    queue: "mail",
    key: "",
    priority: 5,
    attempts: 10,
    lease: 60_000,
    backoff: 0,
    keep: false,
    unique: "",
    enqueuedAt: 1_577_836_800_000.25,
    expiresAt: 0,
    size: 0,
    state: "ready",
    attempt: 0,
    uncountedAttempts: 0,
    readyAt: 1_577_836_800_000.5,
    endsAt: 0,
    releaseOnDisconnect: false,
    reason: "",
    ...rest,
  };
}

/** A change that puts a job. */
export function put(stored: StoredJob, body: Uint8Array = new Uint8Array(stored.size)): Change {
  return { kind: "put", job: stored, body };
}

const progress: JobProgress = {
  state: "taken",
  attempt: 3,
  uncountedAttempts: 1,
  readyAt: 1_577_836_800_001.5,
  endsAt: 1_577_836_860_000.125,
  releaseOnDisconnect: true,
  reason: 'naïve "reason" \u{1f4e8}',
};

const rules: QueueLimits = {
  queue: "mail",
  key: "",
  paused: true,
  running: 7,
  rate: 0.5,
  weight: 2.5,
  depth: 1_000,
};
const noRules: QueueLimits = { ...rules, paused: false, running: 0, rate: 0, weight: 0, depth: 0 };

/** A schedule. */
export const schedule: Schedule = {
  name: "nightly",
  queue: "mail",
  key: "acme",
  priority: 3,
  attempts: 4,
  lease: 5_000,
  backoff: 100,
  keep: true,
  cron: "0 3 * * *",
  zone: "Europe/Berlin",
  interval: 0,
  next: 1_577_836_800_000,
  expires: 60_000,
  body: Uint8Array.of(0, 10, 255),
};

/** A schedule as a store tells of it. */
function told({ body, ...rest }: Schedule): StoredSchedule {
  return { ...rest, size: body.length };
}

/** Registers the tests of a store under its name. */
export function testStore(
  name: string,
  withStore: (test: (opener: Opener) => Promise<void>) => Promise<void>,
): void {
  const test = (title: string, run: (opener: Opener, store: Store) => Promise<void>): void => {
    Deno.test(`${name} ${title}`, () =>
      withStore(async (opener) => run(opener, await opener.open())));
  };
  const all = (store: Store): Promise<StoredJob[]> => Array.fromAsync(store.load());

  test("begins empty", async (_, store) => {
    assertEquals(await all(store), []);
    assertEquals(await store.lastId(), 0);
    assertEquals(await store.bodies([1]), [undefined]);
    assertEquals([await store.rules(), await store.schedules()], [[], []]);
    assertEquals(await store.scheduleBodies(["nightly"]), [undefined]);
    await store.commit([]);
    await store.close();
  });

  test("keeps every field and every byte", async (_, store) => {
    const body = Uint8Array.from({ length: 256 }, (_, index) => index);
    const full = job(7, {
      queue: "ünicode",
      key: "acme",
      priority: 0,
      size: 256,
      attempts: 1,
      lease: 1,
      backoff: 250,
      keep: true,
      unique: "order-17",
      expiresAt: 1_577_836_900_000.5,
      ...progress,
    });
    const delayed = job(9, { state: "delayed", readyAt: 1_600_000_000_000, size: 100_000 });
    await store.commit([put(full, body), put(job(8)), put(delayed)]);
    assertEquals(await all(store), [full, job(8), delayed]);
    const [third, first, none, second] = await store.bodies([9, 7, 1, 8]);
    assertEquals([first, second, third?.length, none], [
      body,
      new Uint8Array(),
      100_000,
      undefined,
    ]);
    await store.close();
  });

  test("moves jobs and forgets those that are done", async (_, store) => {
    await store.commit([put(job(1, { size: 3 })), put(job(2)), put(job(3))]);
    await store.commit([
      { kind: "move", id: 1, progress },
      { kind: "drop", id: 2 },
      { kind: "move", id: 3, progress },
      { kind: "move", id: 3, progress: { ...progress, state: "dead", endsAt: 0 } },
    ]);
    assertEquals(await all(store), [
      { ...job(1, { size: 3 }), ...progress },
      { ...job(3), ...progress, state: "dead", endsAt: 0 },
    ]);
    assertEquals(await store.bodies([1, 2]), [new Uint8Array(3), undefined]);
    await store.close();
  });

  test("keeps the result of a job that is done in the place of its body", async (_, store) => {
    const done: JobProgress = { ...progress, state: "done", releaseOnDisconnect: false };
    const result = Uint8Array.of(1, 2, 3, 0);
    await store.commit([put(job(1, { size: 100 })), put(job(2, { size: 100 })), put(job(3))]);
    await store.commit([{ kind: "finish", id: 1, progress: done, result }]);
    await store.commit([
      { kind: "finish", id: 2, progress: done, result: new Uint8Array() },
      { kind: "finish", id: 4, progress: done, result },
    ]);
    assertEquals(await all(store), [
      { ...job(1), ...done, size: 4 },
      { ...job(2), ...done, size: 0 },
      job(3),
    ]);
    assertEquals(await store.bodies([1, 2, 4]), [result, new Uint8Array(), undefined]);
    await store.close();
  });

  test("makes changes again that may have been made already", async (_, store) => {
    const changes: Change[] = [
      put(job(1, { size: 3 })),
      { kind: "move", id: 1, progress },
      put(job(2)),
      { kind: "drop", id: 2 },
      { kind: "schedule", schedule },
      { kind: "rules", rules },
    ];
    await store.commit(changes);
    await store.commit([...changes, put(job(3))]);
    assertEquals(await all(store), [{ ...job(1, { size: 3 }), ...progress }, job(3)]);
    assertEquals([await store.rules(), await store.schedules()], [[rules], [told(schedule)]]);
    assertEquals(await store.scheduleBodies([schedule.name]), [schedule.body]);
    await store.close();
  });

  test("keeps rules and schedules, each by its name, until they end", async (opener, store) => {
    const ofKey = { ...rules, key: "acme", paused: false };
    const other = { ...schedule, name: "hourly", cron: "", zone: "", interval: 3_600_000 };
    await store.commit([
      { kind: "rules", rules: { ...rules, depth: 1 } },
      { kind: "rules", rules: ofKey },
      { kind: "rules", rules: { ...rules, queue: "news" } },
      { kind: "schedule", schedule: { ...schedule, next: 1 } },
      { kind: "schedule", schedule: { ...other, next: 1, body: new Uint8Array(100_000) } },
      { kind: "schedule", schedule: { ...schedule, name: "gone" } },
    ]);
    await store.commit([
      { kind: "rules", rules },
      { kind: "rules", rules: { ...noRules, queue: "news" } },
      { kind: "rules", rules: { ...noRules, queue: "never" } },
      { kind: "schedule", schedule },
      { kind: "reschedule", name: "hourly", next: other.next },
      { kind: "reschedule", name: "never", next: 1 },
      { kind: "unschedule", name: "gone" },
      { kind: "unschedule", name: "never" },
    ]);
    const kept = async (store: Store): Promise<void> => {
      const byKey = (await store.rules()).sort((a, b) => a.key < b.key ? -1 : 1);
      const byName = (await store.schedules()).sort((a, b) => a.name < b.name ? -1 : 1);
      assertEquals([byKey, byName], [[rules, ofKey], [
        { ...told(other), size: 100_000 },
        told(schedule),
      ]]);
      const [first, none, second] = await store.scheduleBodies(["nightly", "gone", "hourly"]);
      assertEquals([first, none, second?.length], [schedule.body, undefined, 100_000]);
    };
    await kept(store);
    await store.close();
    if (!opener.lasts) return;
    const again = await opener.open();
    await kept(again);
    await again.close();
  });

  test("keeps the moment of the last commit that had one", async (opener, store) => {
    assertEquals(await store.moment!(), undefined);
    await store.commit([put(job(1))], { now: 1500.5, wall: 2500.5 });
    await store.commit([], { now: 3500.5, wall: 1250.25 });
    await store.commit([put(job(2))]);
    assertEquals(await store.moment!(), { now: 3500.5, wall: 1250.25 });
    await store.close();
    if (!opener.lasts) return;
    const again = await opener.open();
    assertEquals(await again.moment!(), { now: 3500.5, wall: 1250.25 });
    await again.close();
  });

  test("changes nothing for jobs that are not there", async (_, store) => {
    await store.commit([{ kind: "move", id: 5, progress }, { kind: "drop", id: 6 }]);
    await store.commit([put(job(5))]);
    assertEquals(await all(store), [job(5)]);
    await store.close();
  });

  test("takes a job from put to done in one batch", async (_, store) => {
    await store.commit([put(job(1)), { kind: "move", id: 1, progress }, { kind: "drop", id: 1 }]);
    assertEquals(await all(store), []);
    assertEquals(await store.lastId(), 1);
    await store.close();
  });

  test("reads bodies as of the call", async (_, store) => {
    const body = new Uint8Array([1, 2, 3]);
    const putting = store.commit([put(job(1, { size: 3 }), body)]);
    const reading = store.bodies([1]);
    const removing = store.commit([{ kind: "drop", id: 1 }]);
    await Promise.all([putting, removing]);
    assertEquals(await reading, [body]);
    assertEquals(await store.bodies([1]), [undefined]);
    await store.close();
  });

  test("remembers the highest id when the newest jobs are done", async (opener, store) => {
    await store.commit([put(job(1)), put(job(2)), put(job(3))]);
    await store.commit([{ kind: "drop", id: 3 }, { kind: "drop", id: 2 }]);
    assertEquals(await store.lastId(), 3);
    await store.close();
    if (!opener.lasts) return;
    const again = await opener.open();
    assertEquals(await again.lastId(), 3);
    assertEquals(await all(again), [job(1)]);
    await again.close();
  });

  test("finishes what it was asked for before it closes", async (opener, store) => {
    const commits = [1, 2, 3].map((id) => store.commit([put(job(id, { size: id }))]));
    await store.close();
    await Promise.all(commits);
    if (!opener.lasts) return;
    const again = await opener.open();
    assertEquals((await all(again)).length, 3);
    assertEquals((await again.bodies([2]))[0]?.length, 2);
    await again.close();
  });

  test("loads many jobs in the order of their numbers", async (_, store) => {
    const count = 20_001;
    for (let id = 1; id <= count; id += 1000) {
      const batch = Array.from(
        { length: Math.min(1000, count - id + 1) },
        (_, at) => put(job(id + at)),
      );
      await store.commit(batch);
    }
    let expected = 0;
    for await (const { id } of store.load()) assertEquals(id, ++expected);
    assertEquals(expected, count);
    await store.close();
  });
}
