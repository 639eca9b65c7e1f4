// What every store must do: a third implementation runs this against itself.

import type { Change, Progress, Store, StoredJob } from "@lineup/lineup/queue";
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
    put: 1_577_836_800_000.25,
    size: 0,
    state: "ready",
    attempt: 0,
    ready: 1_577_836_800_000.5,
    until: 0,
    reason: "",
    ...rest,
  };
}

/** A change that puts a job. */
export function put(stored: StoredJob, body: Uint8Array = new Uint8Array(stored.size)): Change {
  return { kind: "put", job: stored, body };
}

const progress: Progress = {
  state: "taken",
  attempt: 3,
  ready: 1_577_836_800_001.5,
  until: 1_577_836_860_000.125,
  reason: 'naïve "reason" \u{1f4e8}',
};

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
      ...progress,
    });
    const delayed = job(9, { state: "delayed", ready: 1_600_000_000_000, size: 100_000 });
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
      { kind: "done", id: 2 },
      { kind: "move", id: 3, progress },
      { kind: "move", id: 3, progress: { ...progress, state: "dead", until: 0 } },
    ]);
    assertEquals(await all(store), [
      { ...job(1, { size: 3 }), ...progress },
      { ...job(3), ...progress, state: "dead", until: 0 },
    ]);
    assertEquals(await store.bodies([1, 2]), [new Uint8Array(3), undefined]);
    await store.close();
  });

  test("changes nothing for jobs that are not there", async (_, store) => {
    await store.commit([{ kind: "move", id: 5, progress }, { kind: "done", id: 6 }]);
    await store.commit([put(job(5))]);
    assertEquals(await all(store), [job(5)]);
    await store.close();
  });

  test("takes a job from put to done in one batch", async (_, store) => {
    await store.commit([put(job(1)), { kind: "move", id: 1, progress }, { kind: "done", id: 1 }]);
    assertEquals(await all(store), []);
    assertEquals(await store.lastId(), 1);
    await store.close();
  });

  test("reads bodies as of the call", async (_, store) => {
    const body = new Uint8Array([1, 2, 3]);
    const putting = store.commit([put(job(1, { size: 3 }), body)]);
    const reading = store.bodies([1]);
    const removing = store.commit([{ kind: "done", id: 1 }]);
    await Promise.all([putting, removing]);
    assertEquals(await reading, [body]);
    assertEquals(await store.bodies([1]), [undefined]);
    await store.close();
  });

  test("remembers the highest id when the newest jobs are done", async (opener, store) => {
    await store.commit([put(job(1)), put(job(2)), put(job(3))]);
    await store.commit([{ kind: "done", id: 3 }, { kind: "done", id: 2 }]);
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
