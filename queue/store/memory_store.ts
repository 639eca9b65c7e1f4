import { BYTES } from "../memory.ts";
import { hasLimits } from "../queue_limits.ts";
import type { Change, Moment, QueueLimits, Schedule, Store } from "./store.ts";
import type { StoredJob } from "./job_fields.ts";

interface Kept {
  readonly job: StoredJob;
  readonly body: Uint8Array;
}

/**
 * A store in memory: it forgets everything with the process.
 *
 * @example
 * ```ts
 * import { memoryStore } from "@lineup/lineup/queue";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(await memoryStore().lastId(), 0);
 * ```
 */
export function memoryStore(): Store {
  const kept = new Map<number, Kept>();
  const limits = new Map<string, QueueLimits>();
  const schedules = new Map<string, Schedule>();
  let lastId = 0;
  let last: Moment | undefined;
  let held = 0;

  const keep = (job: StoredJob, body: Uint8Array): void => {
    const there = kept.get(job.id);
    held += body.length - (there === undefined ? -BYTES.kept : there.body.length);
    kept.set(job.id, { job, body });
  };
  const bodyOf = (schedule: string): number => schedules.get(schedule)?.body.length ?? 0;
  const forget = (id: number): void => {
    const there = kept.get(id);
    if (there === undefined) return;
    kept.delete(id);
    held -= BYTES.kept + there.body.length;
  };

  const apply = (change: Change): void => {
    switch (change.kind) {
      case "put":
        keep(change.job, change.body);
        lastId = Math.max(lastId, change.job.id);
        break;
      case "move":
      case "finish": {
        const there = kept.get(change.id);
        if (there === undefined) break;
        const body = change.kind === "finish" ? change.result : there.body;
        keep({ ...there.job, ...change.progress, size: body.length }, body);
        break;
      }
      case "drop":
        forget(change.id);
        break;
      case "limits": {
        const name = JSON.stringify([change.limits.queue, change.limits.key]);
        if (hasLimits(change.limits)) limits.set(name, change.limits);
        else limits.delete(name);
        break;
      }
      case "schedule":
        held += change.schedule.body.length - bodyOf(change.schedule.name);
        schedules.set(change.schedule.name, change.schedule);
        break;
      case "reschedule": {
        const { name, next, paused } = change;
        const there = schedules.get(name);
        if (there !== undefined) schedules.set(name, { ...there, next, paused });
        break;
      }
      case "unschedule":
        held -= bodyOf(change.name);
        schedules.delete(change.name);
    }
  };

  return {
    commit(changes: readonly Change[], moment?: Moment): Promise<void> {
      changes.forEach(apply);
      last = moment ?? last;
      return Promise.resolve();
    },
    async *load(): AsyncGenerator<StoredJob, void, void> {
      for (const { job } of kept.values()) yield job;
    },
    limits: () => Promise.resolve([...limits.values()]),
    schedules: () =>
      Promise.resolve(
        Array.from(schedules.values(), ({ body, ...rest }) => ({ ...rest, size: body.length })),
      ),
    scheduleBodies: (names) => Promise.resolve(names.map((name) => schedules.get(name)?.body)),
    lastId: () => Promise.resolve(lastId),
    moment: () => Promise.resolve(last),
    bodies: (ids) => Promise.resolve(ids.map((id) => kept.get(id)?.body)),
    held: () => held,
    close(): Promise<void> {
      for (const all of [kept, limits, schedules]) all.clear();
      return Promise.resolve();
    },
  };
}
