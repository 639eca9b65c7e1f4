// TAKE, DONE, FAIL, EXTEND, RELEASE.

import type { Context, ItemSource } from "../../server/request/handlers.ts";
import { done, extend, fail, type Failed, release } from "../engine/finish.ts";
import type { DeliveredJob } from "../engine/delivery.ts";
import type { QueueHandlers } from "./handlers.ts";
import { MAX_TAKE_QUEUES } from "../bounds.ts";
import type { worker } from "../protocol/worker.ts";
import { badArguments } from "../refusals.ts";
import { abandon, giveBack, take, wait as waitFor } from "../engine/take.ts";
import type { TakeRequest } from "../engine/consumers.ts";
import type { WorkQueue } from "../engine/work_queue.ts";

type Take = (typeof worker)["TAKE"];

const NOTHING = new Uint8Array();
/** What a job that is given takes in memory beside its body, about. */
const GIVEN = 256;

/** The handlers of workers' commands. */
export function workerHandlers(work: WorkQueue): Pick<QueueHandlers, keyof typeof worker> {
  return {
    async TAKE({ queue, wait, lease, max, hold }, context) {
      const { client, park } = context;
      const queues = queue.length === 1 ? queue : [...new Set(queue)];
      if (queues.length > MAX_TAKE_QUEUES) {
        throw badArguments(`TAKE names at most ${MAX_TAKE_QUEUES} queues.`);
      }
      const wish: TakeRequest = { queues, lease, max, held: hold !== undefined, client };
      const end = wait === 0 ? 0 : work.now() + wait;
      // Again only where no body of those that were given could be read.
      for (;;) {
        const grant = take(work, wish);
        if (grant !== undefined) {
          await grant.whole;
          if (grant.given.length > 0) return deliver(work, grant.given, context);
          continue;
        }
        const time = end - work.now();
        if (wait === 0 || time <= 0) return deliver(work, [], context);
        const taker = waitFor(work, wish, time);
        try {
          const grant = await park(taker.answer);
          if (grant === undefined) return deliver(work, [], context);
          if (grant.given.length > 0) return deliver(work, grant.given, context);
        } catch (error) {
          abandon(work, taker);
          throw error;
        }
      }
    },

    DONE: ({ id, body, result, attempt }, context) => {
      if (body !== undefined && result !== undefined) {
        throw badArguments("DONE takes the result as result= or as a body, not both.");
      }
      const bytes = body ?? encode(result);
      const claim = { client: context.client, attempt };
      if (bytes.length === 0 || !work.journal.full) return done(work, id, claim, bytes);
      return work.journal.room(context.signal).then(() => done(work, id, claim, bytes));
    },

    async FAIL({ id, reason = "", retry, dead = false, attempt }, { client }) {
      if (dead && retry !== undefined) {
        throw badArguments("A job that is dead has no retry; give one of the two.");
      }
      const failed = await fail(work, id, { client, attempt }, { reason, retry, dead });
      const states = (["delayed", "ready", "dead"] as const).filter((state) => failed[state] > 0);
      return states.length === 1 ? { state: states[0] } : failed satisfies Failed;
    },

    async EXTEND({ id, lease, attempt }, { client }) {
      return { lease: await extend(work, id, { client, attempt }, lease) };
    },

    async RELEASE({ id, delay, attempt }, { client }) {
      return { state: await release(work, id, { client, attempt }, delay) };
    },
  };
}

function encode(result: string | undefined): Uint8Array {
  return result === undefined ? NOTHING : new TextEncoder().encode(result);
}

function* deliver(
  work: WorkQueue,
  given: readonly DeliveredJob[],
  { whenUnsent, hold }: Pick<Context, "whenUnsent" | "hold">,
): ItemSource<Take> {
  let told = 0;
  // They are in memory until the client has read what comes before them.
  if (given.length > 0) hold(given.reduce((sum, { body }) => sum + GIVEN + body!.length, 0));
  whenUnsent((from, to, mayBeRead) => giveBack(work, given.slice(from, to), mayBeRead));
  try {
    for (const { id, queue, key, attempt, lease, body } of given) {
      yield { id, queue, key, attempt, lease, body: body! };
      told++;
    }
    return { count: told };
  } finally {
    // Whoever stops the items at one has not passed that one on.
    if (told < given.length) giveBack(work, given.slice(told));
  }
}
