// The commands of workers: they reserve jobs, and say what becomes of them.

import type { Context } from "../../server/request/handlers.ts";
import { Refusal } from "../../protocol/errors.ts";
import type { DeliveredJob } from "../engine/engine.ts";
import { notFound } from "../refusals.ts";
import type { BeanstalkdClient } from "./client.ts";
import { delayOf } from "./durations.ts";
import { scopesFor } from "./tubes.ts";
import type { ClientHandlers, HandlerParts, JobReply } from "./parts.ts";

const EMPTY = new Uint8Array();
/** A job whose time is over within so many ms is in its last second, as beanstalkd calls it. */
const MARGIN = 1000;

/** The longest wait of a reserve, in seconds. */
const LONGEST_WAIT = 2 ** 31 - 1;

/** The handlers. */
export function reservers(parts: HandlerParts): Pick<
  ClientHandlers,
  | "RESERVE"
  | "RESERVE-WITH-TIMEOUT"
  | "RESERVE-JOB"
  | "DELETE"
  | "RELEASE"
  | "BURY"
  | "TOUCH"
  | "KICK"
  | "KICK-JOB"
> {
  const { engineOf, tubes, counts } = parts;
  const claim = (context: Context) => ({ client: context.client, attempt: undefined });

  const reserve = (
    timeout: number,
    context: Context,
    client: BeanstalkdClient,
  ): Promise<JobReply> => {
    if (!client.isWorker) counts.works(client);
    const engine = engineOf(context);
    const request = client.requestFor(engine);
    if (!engine.hasJobFor(request)) return wait(parts, timeout, context, client);
    return engine.take(request, 0, context).then(([job]) =>
      job === undefined ? wait(parts, timeout, context, client) : reserved(job, context)
    );
  };

  return {
    RESERVE: (_args, context, client) => reserve(Infinity, context, client),

    "RESERVE-WITH-TIMEOUT": ({ seconds }, context, client) =>
      reserve(1000 * Math.min(seconds, LONGEST_WAIT), context, client),

    async "RESERVE-JOB"({ id }, context, client) {
      const job = await engineOf(context).takeJob(id, context.client);
      if (!client.isWorker) counts.works(client);
      return reserved(job, context);
    },

    async DELETE({ id }, context) {
      const engine = engineOf(context);
      const job = await engine.find(id);
      if (job === undefined || job.state === "done") throw notFound(id);
      if (job.state === "taken") await engine.done([id], claim(context), EMPTY, context.signal);
      else await engine.drop(id);
      const tube = tubes.of(job.queue, job.key);
      if (tube === undefined) return;
      tube.deletes++;
      tubes.leave(tube);
    },

    async RELEASE({ id, priority, delay }, context) {
      await engineOf(context).release(id, claim(context), delayOf(delay), priority);
    },

    async BURY({ id, priority }, context) {
      await engineOf(context).fail([id], claim(context), {
        reason: "",
        retry: undefined,
        dead: true,
        rank: priority,
      });
    },

    async TOUCH({ id }, context) {
      await engineOf(context).extend(id, claim(context), undefined);
    },

    async KICK({ most }, context, client) {
      const engine = engineOf(context);
      const scopes = scopesFor(client.used, "manage", engine);
      const buried = scopes.filter((scope) => engine.counts(scope).dead > 0);
      let count = 0;
      for (const scope of buried.length > 0 ? buried : scopes) {
        if (count < most) count += await engine.wakeFirst(scope, most - count, context);
      }
      return { count };
    },

    async "KICK-JOB"({ id }, context) {
      await engineOf(context).wake(id);
    },
  };
}

function reserved({ id, body }: DeliveredJob, context: Context): JobReply {
  context.hold(body.length);
  return { id, body };
}

/** Waits for a job. The further commands of the client wait too. Throws if there is no time to wait. */
function wait(
  parts: HandlerParts,
  timeout: number,
  context: Context,
  client: BeanstalkdClient,
): Promise<JobReply> {
  const { engine } = parts;
  if (engine.leaseEnd(context.client) - MARGIN <= engine.now()) throw deadlineSoon();
  if (timeout === 0) throw timedOut();
  const waiting = waitForJob(parts, timeout, context, client);
  // Else the commands behind this one wait for it already.
  if (!client.waits) client.holdBack(waiting);
  return waiting;
}

async function waitForJob(
  { engineOf, counts }: HandlerParts,
  timeout: number,
  context: Context,
  client: BeanstalkdClient,
): Promise<JobReply> {
  const engine = engineOf(context);
  const end = engine.now() + timeout;
  const watched = [...client.watched.values()];
  counts.waiting++;
  for (const tube of watched) tube.waiting++;
  try {
    for (;;) {
      const soon = engine.leaseEnd(context.client) - MARGIN;
      const time = Math.max(0, Math.min(end, soon) - engine.now());
      const [job] = await engine.take(client.requestFor(engine), time, context);
      if (job !== undefined) return reserved(job, context);
      // Another client may have ended the lease that was soon over.
      if (engine.leaseEnd(context.client) - MARGIN <= engine.now()) throw deadlineSoon();
      if (end <= engine.now()) throw timedOut();
    }
  } finally {
    counts.waiting--;
    for (const tube of watched) tube.waiting--;
  }
}

function timedOut(): Refusal {
  return new Refusal("timed-out", "No job came in time.");
}

function deadlineSoon(): Refusal {
  return new Refusal("deadline-soon", "A reserved job is in its last second, and none is ready.");
}
