// QUEUES, QUEUE, JOB, LIST, DROP, PURGE, REVIVE, PAUSE, RESUME, LIMIT, LIMITS.

import { roomForRow } from "../engine/capacity.ts";
import type { QueueHandlers } from "./handlers.ts";
import type { Job } from "../index/job.ts";
import type { admin } from "../protocol/admin.ts";
import { noJobs, type Queue } from "../index/queue.ts";
import { type Event, events } from "../index/rates.ts";
import { notDead } from "../refusals.ts";
import { allRules, rulesOf, setRules } from "../engine/rules.ts";
import type { QueueLimits } from "../store/store.ts";
import { list, purge, revive } from "../engine/sweeps.ts";
import { serve } from "../engine/take.ts";
import type { WorkQueue } from "../engine/work_queue.ts";

const TOLD: Readonly<Record<Event, "puts" | "takes" | "dones" | "fails">> = {
  put: "puts",
  taken: "takes",
  done: "dones",
  failed: "fails",
};

/** What an item of LIST takes in memory, about. */
const LISTED = 256;

/** The handlers of administrators' commands. */
export function adminHandlers(work: WorkQueue): Pick<QueueHandlers, keyof typeof admin> {
  return {
    *QUEUES() {
      const now = work.now();
      let count = 0;
      for (const name of work.jobs.names) {
        const queue = work.jobs.queues.get(name);
        if (queue === undefined) continue;
        count++;
        const paused = queue.limits?.rules.paused || undefined;
        yield { queue: queue.name, ...counts(queue.counts), ...waiting(queue, now), paused };
      }
      const readOnly = work.journal.failure === undefined ? undefined : true;
      return { count, "read-only": readOnly };
    },

    *QUEUE({ queue: name, top }) {
      const now = work.now();
      const queue = work.jobs.queues.get(name);
      for (const tenant of queue?.keys.top(top) ?? []) {
        const { key } = tenant;
        const limits = limitsOf(rulesOf(work, name, key));
        yield { key: key || undefined, ...counts(tenant), ...limits };
      }
      const rate = (event: Event): [string, number] => [
        TOLD[event],
        queue?.rates.perSecond(event, now) ?? 0,
      ];
      return {
        ...counts(queue?.counts ?? noJobs()),
        ...(queue === undefined ? { takers: 0 } : waiting(queue, now)),
        keys: queue?.keys.size ?? 0,
        ...Object.fromEntries(events.map(rate)) as Record<(typeof TOLD)[Event], number>,
        ...limitsOf(rulesOf(work, name, "")),
      };
    },

    async JOB({ id }) {
      const job = work.job(id);
      const { kind: { lease, backoff, keep: _ }, queue, extras } = job;
      const told = details(job, work.now());
      return {
        ...told,
        queue: queue.name,
        spared: extras?.uncountedAttempts || undefined,
        lease,
        backoff: backoff || undefined,
        body: await work.body(id),
      };
    },

    *LIST({ queue, state, key, max, after }, { hold }) {
      const now = work.now();
      const page = list(work, { queue, state, key }, max, after);
      const items = page.jobs.map((job) => ({ ...details(job, now), size: job.size }));
      hold(items.reduce((sum, { reason = "" }) => sum + LISTED + reason.length, 0));
      yield* items;
      return { count: items.length, after: page.after };
    },

    async DROP({ id }) {
      work.mayChange();
      const job = work.job(id);
      const written = work.remove(job);
      work.results.dead(id, `Job ${id} was dropped.`);
      serve(work, job.queue);
      await written;
    },

    async PURGE({ queue, state, key }, asker) {
      return { count: await purge(work, { queue, state, key }, asker) };
    },

    async REVIVE({ target }, asker) {
      work.mayChange();
      if (!/^[0-9]+$/.test(target)) return { count: await revive(work, target, asker) };
      const job = work.job(Number(target));
      if (job.state !== "dead") throw notDead(job.id, job.state);
      roomForRow(work);
      const written = work.change(job, () => job.revive(work.now()));
      serve(work, job.queue);
      await written;
      return { count: 1 };
    },

    PAUSE: async ({ queue }) => void await setRules(work, queue, "", { paused: true }),

    RESUME: async ({ queue }) => void await setRules(work, queue, "", { paused: false }),

    async LIMIT({ queue, key = "", running, rate, weight, depth }) {
      const named = Object.entries({ running, rate, weight, depth })
        .filter(([, value]) => value !== undefined);
      if (named.length === 0) return limitsOf(rulesOf(work, queue, key));
      return limitsOf(await setRules(work, queue, key, Object.fromEntries(named)));
    },

    *LIMITS({ queue: name }) {
      let count = 0;
      for (const rules of allRules(work, name)) {
        count++;
        yield { queue: rules.queue, key: rules.key || undefined, ...limitsOf(rules) };
      }
      return { count };
    },
  };
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

function counts({ delayed, ready, taken, dead, done }: Queue["counts"]) {
  return { delayed, ready, taken, dead, done: done || undefined };
}

function waiting({ order: { oldest }, line }: Queue, now: number) {
  return { oldest: oldest === undefined ? undefined : passed(oldest, now), takers: line.size };
}

function details(job: Job, now: number) {
  const { id, key, kind: { priority, attempts }, state, attempt, unique, expiresAt, reason } = job;
  return {
    id,
    key: key || undefined,
    priority,
    state,
    attempt,
    attempts,
    unique: unique || undefined,
    age: passed(job.enqueuedAt, now),
    left: job.hasDeadline ? passed(now, job.due) : undefined,
    expires: expiresAt > 0 ? passed(now, expiresAt) : undefined,
    reason: reason || undefined,
  };
}

/** Whole ms from one time to another. */
function passed(from: number, to: number): number {
  return Math.max(0, Math.round(to - from));
}
