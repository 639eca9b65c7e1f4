// PUT, WAIT, EVERY, SCHEDULES.

import type { EngineFor } from "../engine/engine_access.ts";
import type { Engine } from "../engine/engine.ts";
import type { producer } from "../protocol/producer.ts";
import { msBetween } from "./durations.ts";
import type { QueueHandlers } from "./queue_handlers.ts";

const EMPTY = new Uint8Array();
/** A W3C traceparent. */
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** The handlers of the commands of producers. */
export function producerHandlers(
  engineOf: EngineFor<Engine>,
): Pick<QueueHandlers, keyof typeof producer> {
  return {
    PUT(args, context) {
      const { id, result } = args;
      const trace = traceparentOf(context.trace);
      return engineOf(context.identity).put(
        { ...args, unique: id, keep: result === "keep", trace },
        context,
      );
    },

    async WAIT({ id }, context) {
      const result = await engineOf(context.identity).result(id, context);
      return { body: result.length === 0 ? undefined : result };
    },

    async EVERY({ name, queue, body = EMPTY, key = "", cron, tz, interval, ...options }, context) {
      const engine = engineOf(context.identity);
      if (queue === "off" && cron === undefined && interval === undefined) {
        await engine.endSchedule(name);
        return {};
      }
      if (
        (queue === "pause" || queue === "resume") && cron === undefined && interval === undefined
      ) {
        return nextOf(await engine.pauseSchedule(name, queue === "pause"));
      }
      const { expires = 0, result, ...rest } = options;
      const job = { ...rest, queue, body, key, expires, keep: result === "keep" };
      const next = await engine.setSchedule({ ...job, name, cron, zone: tz, interval }, context);
      return nextOf(next);
    },

    async *SCHEDULES(_args, { identity }) {
      let count = 0;
      for await (const { schedule, next } of engineOf(identity).schedules()) {
        const { name, queue, key, cron, zone, interval, paused, body } = schedule;
        count++;
        yield {
          name,
          queue,
          key: key || undefined,
          cron: cron || undefined,
          tz: zone || undefined,
          interval: interval || undefined,
          next: next === undefined ? undefined : msBetween(0, next),
          paused: paused || undefined,
          body,
        };
      }
      return { count };
    },
  };
}

/** The reply of EVERY about a schedule that is there: how long until its next job; `undefined` where it is paused. */
function nextOf(next: number | undefined) {
  return next === undefined ? { paused: true } : { next: msBetween(0, next) };
}

/** The traceparent to keep: clients may send any text, and other text helps no tracer. */
function traceparentOf(text: string | undefined): string | undefined {
  return text !== undefined && TRACEPARENT.test(text) ? text : undefined;
}
