// The commands of the protocol, and what they mean to the queue.

import { Refusal } from "../protocol/errors.ts";
import type { Handlers, ItemSource } from "../server/handlers.ts";
import type { Given } from "./grant.ts";
import { MAX_TAKE_QUEUES, type queueProtocol } from "./protocol.ts";
import type { WorkQueue } from "./work_queue.ts";

/** The handlers of the queue's protocol. */
export type QueueHandlers = Handlers<typeof queueProtocol>;

type Take = (typeof queueProtocol)["commands"]["TAKE"];

/** Serves a queue. */
export function handlers(work: WorkQueue): QueueHandlers {
  function* deliver(given: readonly Given[]): ItemSource<Take> {
    let told = 0;
    try {
      for (const job of given) {
        yield job;
        told++;
      }
      return { count: told };
    } finally {
      // Whoever stops the items at one has not passed that one on.
      if (told < given.length) work.giveBack(given.slice(told));
    }
  }

  return {
    PUT: async (job) => ({ id: await work.put(job) }),

    async TAKE({ queue, wait, lease, max }, { client, park }) {
      const queues = [...new Set(queue)];
      if (queues.length > MAX_TAKE_QUEUES) {
        throw new Refusal("bad-arguments", `TAKE names at most ${MAX_TAKE_QUEUES} queues.`);
      }
      const wish = { queues, lease, max, client };
      const grant = work.take(wish);
      if (grant !== undefined) {
        await grant.whole;
        return deliver(grant.given);
      }
      if (wait === 0) return deliver([]);
      const taker = work.wait(wish, wait);
      try {
        return deliver((await park(taker.answer))?.given ?? []);
      } catch (error) {
        work.abandon(taker);
        throw error;
      }
    },

    DONE: ({ id, attempt }, { client }) => work.done(id, { client, attempt }),

    async FAIL({ id, reason = "", retry = 0, dead = false, attempt }, { client }) {
      if (dead && retry > 0) {
        throw new Refusal("bad-arguments", "A job that is dead has no retry; give one of the two.");
      }
      return { state: await work.fail(id, { client, attempt }, reason, retry, dead) };
    },

    async EXTEND({ id, lease, attempt }, { client }) {
      return { lease: await work.extend(id, { client, attempt }, lease) };
    },

    *QUEUES() {
      const now = work.now();
      const queues = [...work.jobs.queues.values()].sort((a, b) => a.name < b.name ? -1 : 1);
      for (const { name, counts, order, line } of queues) {
        const oldest = order.oldest === undefined ? undefined : passed(order.oldest, now);
        const { delayed, ready, taken, dead } = counts;
        yield { queue: name, delayed, ready, taken, dead, oldest, takers: line.size };
      }
      const readOnly = work.journal.failure === undefined ? undefined : true;
      return { count: queues.length, "read-only": readOnly };
    },

    async JOB({ id }) {
      const job = work.job(id);
      const { queue, key, priority, state, attempt, attempts, lease, reason } = job;
      const now = work.now();
      return {
        id,
        queue,
        key: key === "" ? undefined : key,
        priority,
        state: state as "ready",
        attempt,
        attempts,
        lease,
        age: passed(job.put, now),
        left: job.hasDeadline ? passed(now, job.due) : undefined,
        reason: reason === "" ? undefined : reason,
        body: await work.body(id),
      };
    },
  };
}

/** Whole ms from one time to another. */
function passed(from: number, to: number): number {
  return Math.max(0, Math.round(to - from));
}
