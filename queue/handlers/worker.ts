// TAKE, DONE, FAIL, EXTEND, RELEASE.

import type { Context, ItemSource } from "../../server/request/handlers.ts";
import type { EngineFor } from "../engine/engine_access.ts";
import type { DeliveredJob, Engine } from "../engine/engine.ts";
import type { worker } from "../protocol/worker.ts";
import { badArguments } from "../refusals.ts";
import type { QueueHandlers } from "./queue_handlers.ts";

const EMPTY = new Uint8Array();
/** About the memory of a job on its way to a client, beside its body, in bytes. */
const DELIVERED_BYTES = 256;

/** The handlers of the commands of workers. */
export function workerHandlers(
  engineOf: EngineFor<Engine>,
): Pick<QueueHandlers, keyof typeof worker> {
  return {
    TAKE({ queue, wait, lease, max, hold }, context) {
      const { client } = context;
      const engine = engineOf(context.identity);
      const releaseOnDisconnect = hold !== undefined;
      const request = { queues: queue, lease, max, releaseOnDisconnect, client };
      // No async function here: its frame would take 0.3 KiB for each TAKE that waits.
      return engine.take(request, wait, context).then((jobs) => itemsOf(engine, jobs, context));
    },

    DONE({ id, body, result, attempt }, { client, signal, identity }) {
      if (body !== undefined && result !== undefined) {
        throw badArguments("DONE takes the result as result= or as a body, not both.");
      }
      return engineOf(identity).done(id, { client, attempt }, body ?? encode(result), signal);
    },

    async FAIL({ id, reason = "", retry, dead = false, attempt }, { client, identity }) {
      if (dead && retry !== undefined) {
        throw badArguments("A job that is dead has no retry; give one of the two.");
      }
      const counts = await engineOf(identity).fail(id, { client, attempt }, {
        reason,
        retry,
        dead,
      });
      const states = (["delayed", "ready", "dead"] as const).filter((state) => counts[state] > 0);
      return states.length === 1 ? { state: states[0] } : counts;
    },

    async EXTEND({ id, lease, attempt }, { client, identity }) {
      return { lease: await engineOf(identity).extend(id, { client, attempt }, lease) };
    },

    async RELEASE({ id, delay, attempt }, { client, identity }) {
      return { state: await engineOf(identity).release(id, { client, attempt }, delay) };
    },
  };
}

function encode(result: string | undefined): Uint8Array {
  return result === undefined ? EMPTY : new TextEncoder().encode(result);
}

/** Jobs as the items of an answer. Jobs of which the client does not learn go back. */
function* itemsOf(
  engine: Engine,
  jobs: readonly DeliveredJob[],
  { whenUnsent, hold }: Pick<Context, "whenUnsent" | "hold">,
): ItemSource<(typeof worker)["TAKE"]> {
  let count = 0;
  // They are in memory until the client has read everything before them.
  if (jobs.length > 0) hold(jobs.reduce((sum, { body }) => sum + DELIVERED_BYTES + body.length, 0));
  whenUnsent((from, to, mayBeRead) => engine.giveBack(jobs.slice(from, to), mayBeRead));
  try {
    for (const job of jobs) {
      yield job;
      count++;
    }
    return { count };
  } finally {
    // An answer that stops at an item has not passed that one on.
    if (count < jobs.length) engine.giveBack(jobs.slice(count), false);
  }
}
