// The duties of a store about a queue as a whole: limits, schedules, numbers, moments, its end.

import { deepStrictEqual as assertEquals } from "node:assert/strict";
import type { StoreCase } from "./case.ts";
import type { Change, Store } from "../store.ts";
import { all } from "./case.ts";
import { job, limits, noLimits, progress, put, schedule, told } from "./samples.ts";

/** The queue as a whole. */
export const queueCases: readonly StoreCase[] = [
  {
    name: "begins empty",
    async run(store): Promise<void> {
      assertEquals(await all(store), []);
      assertEquals(await store.lastId(), 0);
      assertEquals(await store.bodies([1]), [undefined]);
      assertEquals([await store.limits(), await store.schedules()], [[], []]);
      assertEquals(await store.scheduleBodies(["nightly"]), [undefined]);
      await store.commit([]);
      await store.close();
    },
  },
  {
    name: "makes changes again that may have been made already",
    async run(store): Promise<void> {
      const changes: Change[] = [
        put(job(1, { size: 3 })),
        { kind: "move", id: 1, progress },
        put(job(2)),
        { kind: "drop", id: 2 },
        { kind: "schedule", schedule },
        { kind: "limits", limits },
      ];
      await store.commit(changes);
      await store.commit([...changes, put(job(3))]);
      assertEquals(await all(store), [{ ...job(1, { size: 3 }), ...progress }, job(3)]);
      assertEquals([await store.limits(), await store.schedules()], [[limits], [told(schedule)]]);
      assertEquals(await store.scheduleBodies([schedule.name]), [schedule.body]);
      await store.close();
    },
  },
  {
    name: "keeps limits and schedules, each by its name, until they end",
    async run(store, opener): Promise<void> {
      const ofKey = { ...limits, key: "acme", paused: false };
      const other = { ...schedule, name: "hourly", cron: "", zone: "", interval: 3_600_000 };
      await store.commit([
        { kind: "limits", limits: { ...limits, depth: 1 } },
        { kind: "limits", limits: ofKey },
        { kind: "limits", limits: { ...limits, queue: "news" } },
        { kind: "schedule", schedule: { ...schedule, next: 1 } },
        { kind: "schedule", schedule: { ...other, next: 1, body: new Uint8Array(100_000) } },
        { kind: "schedule", schedule: { ...schedule, name: "gone" } },
        { kind: "schedule", schedule: { ...schedule, name: "paused" } },
        { kind: "schedule", schedule: { ...schedule, name: "resumed", paused: true } },
      ]);
      await store.commit([
        { kind: "limits", limits },
        { kind: "limits", limits: { ...noLimits, queue: "news" } },
        { kind: "limits", limits: { ...noLimits, queue: "never" } },
        { kind: "schedule", schedule },
        { kind: "reschedule", name: "hourly", next: other.next, paused: false },
        { kind: "reschedule", name: "never", next: 1, paused: false },
        { kind: "reschedule", name: "paused", next: 2, paused: true },
        { kind: "reschedule", name: "resumed", next: 3, paused: false },
        { kind: "unschedule", name: "gone" },
        { kind: "unschedule", name: "never" },
      ]);
      const kept = async (store: Store): Promise<void> => {
        const byKey = (await store.limits()).sort((a, b) => a.key < b.key ? -1 : 1);
        const byName = (await store.schedules()).sort((a, b) => a.name < b.name ? -1 : 1);
        assertEquals([byKey, byName], [[limits, ofKey], [
          { ...told(other), size: 100_000 },
          told(schedule),
          told({ ...schedule, name: "paused", next: 2, paused: true }),
          told({ ...schedule, name: "resumed", next: 3 }),
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
    },
  },
  {
    name: "keeps the moment of the last commit that had one",
    async run(store, opener): Promise<void> {
      if (opener.hasMoment === false) return store.close();
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
    },
  },
  {
    name: "remembers the highest id when the newest jobs are done",
    async run(store, opener): Promise<void> {
      await store.commit([put(job(1)), put(job(2)), put(job(3))]);
      await store.commit([{ kind: "drop", id: 3 }, { kind: "drop", id: 2 }]);
      assertEquals(await store.lastId(), 3);
      await store.close();
      if (!opener.lasts) return;
      const again = await opener.open();
      assertEquals(await again.lastId(), 3);
      assertEquals(await all(again), [job(1)]);
      await again.close();
    },
  },
  {
    name: "finishes what it was asked for before it closes",
    async run(store, opener): Promise<void> {
      const commits = [1, 2, 3].map((id) => store.commit([put(job(id, { size: id }))]));
      await store.close();
      await Promise.all(commits);
      if (!opener.lasts) return;
      const again = await opener.open();
      assertEquals((await all(again)).length, 3);
      assertEquals((await again.bodies([2]))[0]?.length, 2);
      await again.close();
    },
  },
];
