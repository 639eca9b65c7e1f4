// PUT, WAIT, EVERY, SCHEDULES.

import {
  roomForQueues,
  roomForSchedule,
  roomForTaker,
  roomInMemory,
  roomInStore,
} from "../engine/capacity.ts";
import { BadCron, readCron } from "../cron/cron.ts";
import { readZone } from "../cron/cron_times.ts";
import type { QueueHandlers } from "./handlers.ts";
import type { producer } from "../protocol/producer.ts";
import { put } from "../engine/put.ts";
import { badArguments, deadJob, noSchedule } from "../refusals.ts";
import { nextRun, type Times } from "../cron/next_run.ts";
import type { WorkQueue } from "../engine/work_queue.ts";

const NOTHING = new Uint8Array();

/** The handlers of producers' commands. */
export function producerHandlers(work: WorkQueue): Pick<QueueHandlers, keyof typeof producer> {
  const { journal } = work;
  const handlers: Pick<QueueHandlers, keyof typeof producer> = {
    // Named one by one: to copy the rest of an object takes as long as all else here.
    PUT(args, context) {
      if (journal.full) return journal.room(context.signal).then(() => handlers.PUT(args, context));
      const { queue, body, key, priority, delay, lease, attempts, backoff, expires } = args;
      const { id, duplicate, written } = put(work, {
        queue,
        body,
        key,
        unique: args.id,
        priority,
        delay,
        lease,
        attempts,
        backoff,
        expires,
        keep: args.result === "keep",
      });
      return written.then(() => duplicate ? { id, duplicate } : { id });
    },

    async WAIT({ id }, { park }) {
      const job = work.job(id);
      if (job.state === "dead") {
        throw deadJob(`Job ${id} is dead${job.reason === "" ? "." : `: ${job.reason}`}`);
      }
      if (job.state === "done") {
        const [body] = await Promise.all([work.body(id), work.journal.settled()]);
        return { body: orNone(body) };
      }
      roomForTaker(work);
      const waiting = work.results.wait(id);
      try {
        return { body: orNone(await park(waiting.result)) };
      } finally {
        waiting.leave();
      }
    },

    async EVERY({ name, queue, body = NOTHING, cron, tz, interval, result, ...told }, context) {
      if (journal.full) await journal.room(context.signal);
      work.mayChange();
      const { schedules } = work;
      const before = schedules.get(name);
      if (cron === undefined && interval === undefined) {
        if (queue !== "off") {
          throw badArguments(
            "EVERY needs cron= or interval=, or `off` in the place of the queue.",
          );
        }
        if (before === undefined) throw noSchedule(name);
        await schedules.end(name);
        return {};
      }
      if (cron !== undefined && interval !== undefined) {
        throw badArguments("EVERY takes cron= or interval=, not both.");
      }
      if (cron === undefined && tz !== undefined) throw badArguments("tz= goes with cron= only.");
      const times = timesOf(cron, tz, interval);
      roomInMemory(work);
      roomInStore(work, body.length);
      if (before === undefined) roomForSchedule(work.bounds, schedules.size);
      roomForQueues(work, [queue]);

      const now = schedules.now(times);
      const same = before !== undefined && before.cron === times.cron &&
        before.zone === times.zone && before.interval === times.interval;
      // Who sets the same again and again, as with every deployment, shall not put it off for ever.
      const next = same ? before.next : nextRun(times, now, now);
      if (next === undefined) throw badArguments("The clock is too far ahead for any schedule.");
      const { key = "", expires = 0, ...terms } = told;
      const keep = result === "keep";
      await schedules.set({ ...terms, ...times, name, queue, key, keep, expires, next, body });
      return { next: passed(now, next) };
    },

    async *SCHEDULES() {
      let count = 0;
      for await (const schedule of work.schedules.list()) {
        const { name, queue, key, cron, zone, interval, next, body } = schedule;
        count++;
        yield {
          name,
          queue,
          key: key || undefined,
          cron: cron || undefined,
          tz: zone || undefined,
          interval: interval || undefined,
          next: next === Infinity ? undefined : passed(work.schedules.now(schedule), next),
          body,
        };
      }
      return { count };
    },
  };
  return handlers;
}

/** When a schedule puts its jobs, as it is stored. Throws `bad-arguments`. */
function timesOf(cron: string | undefined, tz = "UTC", interval = 0): Times {
  if (cron === undefined) return { cron: "", zone: "", interval };
  try {
    readCron(cron);
    return { cron, zone: readZone(tz, "tz"), interval };
  } catch (error) {
    throw error instanceof BadCron ? badArguments(error.message) : error;
  }
}

function orNone(result: Uint8Array): Uint8Array | undefined {
  return result.length === 0 ? undefined : result;
}

/** Whole ms from one time to another. */
function passed(from: number, to: number): number {
  return Math.max(0, Math.round(to - from));
}
