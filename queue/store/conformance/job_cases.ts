// The duties of a store about jobs and their bodies.

import { deepStrictEqual as assertEquals } from "node:assert/strict";
import type { StoreCase } from "./case.ts";
import type { JobProgress } from "../job_fields.ts";
import { all } from "./case.ts";
import { job, progress, put } from "./samples.ts";

/** Jobs and bodies. */
export const jobCases: readonly StoreCase[] = [
  {
    name: "keeps every field and every byte",
    async run(store): Promise<void> {
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
    },
  },
  {
    name: "moves jobs and forgets those that are done",
    async run(store): Promise<void> {
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
    },
  },
  {
    name: "keeps the result of a job that is done in the place of its body",
    async run(store): Promise<void> {
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
    },
  },
  {
    name: "changes nothing for jobs that are not there",
    async run(store): Promise<void> {
      await store.commit([{ kind: "move", id: 5, progress }, { kind: "drop", id: 6 }]);
      await store.commit([put(job(5))]);
      assertEquals(await all(store), [job(5)]);
      await store.close();
    },
  },
  {
    name: "takes a job from put to done in one batch",
    async run(store): Promise<void> {
      await store.commit([put(job(1)), { kind: "move", id: 1, progress }, { kind: "drop", id: 1 }]);
      assertEquals(await all(store), []);
      assertEquals(await store.lastId(), 1);
      await store.close();
    },
  },
  {
    name: "reads bodies as of the call",
    async run(store): Promise<void> {
      const body = new Uint8Array([1, 2, 3]);
      const putting = store.commit([put(job(1, { size: 3 }), body)]);
      const reading = store.bodies([1]);
      const removing = store.commit([{ kind: "drop", id: 1 }]);
      await Promise.all([putting, removing]);
      assertEquals(await reading, [body]);
      assertEquals(await store.bodies([1]), [undefined]);
      await store.close();
    },
  },
  {
    name: "loads many jobs in the order of their numbers",
    async run(store): Promise<void> {
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
    },
  },
];
