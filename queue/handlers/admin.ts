// QUEUES, QUEUE, JOB, LIST, DROP, PURGE, REVIVE, PAUSE, RESUME, LIMIT, LIMITS.

import type { EngineFor } from "../engine/engine_access.ts";
import type { Engine, QueueDetails, QueueSummary } from "../engine/engine.ts";
import type { admin } from "../protocol/admin.ts";
import type { StoredJob } from "../store/job_fields.ts";
import { badArguments } from "../refusals.ts";
import { pastAttempts } from "../store/past_attempts.ts";
import type { QueueLimits } from "../store/store.ts";
import { msBetween } from "./durations.ts";
import type { QueueHandlers } from "./queue_handlers.ts";

/** About the memory of an item of LIST, in bytes. */
const ITEM_BYTES = 256;

/** The handlers of the commands of administrators. */
export function adminHandlers(
  engineOf: EngineFor<Engine>,
): Pick<QueueHandlers, keyof typeof admin> {
  return {
    async *QUEUES({ match, after, max = Infinity, details = false }, { identity }) {
      const engine = engineOf(identity);
      const now = engine.now();
      let count = 0;
      let last: string | undefined;
      let hasMore = false;
      for await (const each of engine.queues({ match, after })) {
        if (count === max) {
          hasMore = true;
          break;
        }
        count++;
        const { queue, counts, paused } = each;
        last = queue;
        yield {
          queue,
          ...countsOf(counts),
          ...waitingOf(each, now),
          paused: paused || undefined,
          ...details ? detailsOfQueue(await engine.queue(queue, 0)) : {},
        };
      }
      const next = hasMore ? last : undefined;
      return { count, after: next, "read-only": engine.readOnly || undefined };
    },

    async *QUEUE({ queue: name, top, key: only }, { identity }) {
      const engine = engineOf(identity);
      const now = engine.now();
      const queue = await engine.queue(name, top, only);
      for (const { key, counts, takes, blocked, limits } of queue.top) {
        yield {
          key: key || undefined,
          ...countsOf(counts),
          "takes-total": takes || undefined,
          blocked,
          ...limitsOf(limits),
        };
      }
      return {
        ...countsOf(queue.counts),
        ...waitingOf(queue, now),
        ...detailsOfQueue(queue),
      };
    },

    async *JOB({ id }, { identity }) {
      const engine = engineOf(identity);
      const { job, body, takenBy } = await engine.job(id);
      const { queue, uncountedAttempts, lease, backoff } = job;
      yield* attemptsOf(job, takenBy, engine.now());
      return {
        ...detailsOf(job, engine.now()),
        queue,
        spared: uncountedAttempts || undefined,
        lease,
        backoff: backoff || undefined,
        body,
      };
    },

    async *LIST({ queue, state, key, text, max, after }, context) {
      const engine = engineOf(context.identity);
      const page = await engine.list({ queue, state, key, text }, max, after, context);
      const now = engine.now();
      context.hold(page.jobs.reduce((sum, { reason }) => sum + ITEM_BYTES + reason.length, 0));
      for (const job of page.jobs) yield { ...detailsOf(job, now), size: job.size };
      return { count: page.jobs.length, after: page.after };
    },

    DROP: ({ id }, { identity }) => engineOf(identity).drop(id),

    async PURGE(filter, context) {
      return { count: await engineOf(context.identity).purge(filter, context) };
    },

    async REVIVE({ target, key }, context) {
      const engine = engineOf(context.identity);
      if (!/^[0-9]+$/.test(target)) return { count: await engine.reviveAll(target, key, context) };
      if (key !== undefined) throw badArguments("key= goes with the name of a queue only.");
      await engine.revive(Number(target));
      return { count: 1 };
    },

    PAUSE: async ({ queue }, { identity }) =>
      void await engineOf(identity).setLimits(queue, "", { paused: true }),

    RESUME: async ({ queue }, { identity }) =>
      void await engineOf(identity).setLimits(queue, "", { paused: false }),

    async LIMIT({ queue, key = "", running, rate, weight, depth }, { identity }) {
      const engine = engineOf(identity);
      const change = Object.entries({ running, rate, weight, depth })
        .filter(([, value]) => value !== undefined);
      if (change.length === 0) return limitsOf(await engine.limits(queue, key));
      return limitsOf(await engine.setLimits(queue, key, Object.fromEntries(change)));
    },

    async *LIMITS({ queue: name }, { identity }) {
      let count = 0;
      for await (const limits of engineOf(identity).allLimits(name)) {
        count++;
        yield { queue: limits.queue, key: limits.key || undefined, ...limitsOf(limits) };
      }
      return { count };
    },
  };
}

/** The attempts of a job, the one that runs last. */
function* attemptsOf(
  { state, attempt, takenAt, past }: StoredJob,
  by: string | undefined,
  now: number,
) {
  for (const each of pastAttempts(past)) {
    yield {
      attempt: each.attempt,
      age: msBetween(each.takenAt, now),
      ran: Math.round(each.ran),
      outcome: each.outcome,
      by: each.by || undefined,
      reason: each.reason || undefined,
    };
  }
  if (state !== "taken") return;
  const ran = takenAt === 0 ? undefined : msBetween(takenAt, now);
  yield { attempt, age: ran, ran, outcome: "running" as const, by };
}

function limitsOf({ paused, running, rate, weight, depth }: QueueLimits) {
  return {
    paused: paused || undefined,
    running: running || undefined,
    rate: rate || undefined,
    weight: weight || undefined,
    depth: depth || undefined,
  };
}

/** What a queue has beside its counts. */
function detailsOfQueue({ keys, rates, blocked, limits }: QueueDetails) {
  const { put, taken, done, failed } = rates;
  return {
    keys,
    puts: put,
    takes: taken,
    dones: done,
    fails: failed,
    blocked,
    ...limitsOf(limits),
  };
}

function countsOf({ delayed, ready, taken, dead, done }: QueueSummary["counts"]) {
  return { delayed, ready, taken, dead, done: done || undefined };
}

function waitingOf({ oldest, consumers }: QueueSummary | QueueDetails, now: number) {
  return { oldest: oldest === undefined ? undefined : msBetween(oldest, now), takers: consumers };
}

function detailsOf(job: StoredJob, now: number) {
  const { id, key, priority, state, attempt, attempts, unique, trace, expiresAt, reason } = job;
  const endsAt = state === "delayed" ? job.readyAt : job.endsAt;
  const hasEnd = state === "delayed" || state === "taken" || state === "done";
  return {
    id,
    key: key || undefined,
    priority,
    state,
    attempt,
    attempts,
    unique: unique || undefined,
    trace: trace || undefined,
    age: msBetween(job.enqueuedAt, now),
    left: hasEnd ? msBetween(now, endsAt) : undefined,
    expires: expiresAt > 0 ? msBetween(now, expiresAt) : undefined,
    reason: reason || undefined,
  };
}
