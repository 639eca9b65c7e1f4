// The errors that the queue answers with.

import { Refusal } from "../protocol/errors.ts";

const RETRY = 1000;

/** There is no room for more. */
export function busy(message: string): Refusal {
  return new Refusal("busy", message, { retry: RETRY });
}

/** The store has room only for changes that remove jobs. */
export function noRows(): Refusal {
  return busy(
    "The disk, or the size that the queue's file may have, leaves room for the end of jobs only; " +
      "DONE without a result, DROP and PURGE make room.",
  );
}

/** The queue is closed. */
export function closed(): Refusal {
  return new Refusal("draining", "The queue is shutting down.", { retry: RETRY });
}

/** The store has failed and not recovered. */
export function readOnly(): Refusal {
  const message =
    "The store failed, so nothing can change until it works again; JOB and QUEUES go on.";
  return new Refusal("read-only", message, { retry: RETRY });
}

/** The store fails now: the change may be stored or not. */
export function storeFailed(incident: string, cause: unknown): Refusal {
  const message = "The store failed, so the queue is read-only; the server's log says why.";
  return new Refusal("internal", message, { executed: "maybe", details: { incident }, cause });
}

/** Another server has the store now: the change was not made. */
export function storeLost(incident: string, cause: unknown): Refusal {
  const message = "Another server has taken over this queue, so nothing was changed.";
  return new Refusal("internal", message, { executed: "no", details: { incident }, cause });
}

/** It is not sure that no other server has taken over the queue. */
export function notOwned(): Refusal {
  return busy(
    "The queue's server has lost touch with its database, and answers nothing until it is back.",
  );
}

/** The shard of a queue has no owner for now, because it moves or its node is gone. */
export function shardMoves(): Refusal {
  return busy("No node serves this queue for now; another one takes it over.");
}

/** The database cannot say where a queue is. */
export function noDatabase(): Refusal {
  return busy("The server cannot reach its database, which knows where this queue is.");
}

/** The store has no room: new jobs are given up, and the changes beside them are tried again. */
export function storeFull(incident: string, cause: unknown): Refusal {
  const message = "The disk is full, so new jobs are not kept; DONE, DROP and PURGE make room.";
  return new Refusal("internal", message, { executed: "maybe", details: { incident }, cause });
}

/** There is no job with this id. */
export function notFound(id: number): Refusal {
  return new Refusal("not-found", `There is no job ${id}: it is done, or never was.`);
}

/** The client has no lease on the job. */
export function notTaken(message: string): Refusal {
  return new Refusal("not-taken", message);
}

/** A job will have no result. */
export function deadJob(message: string): Refusal {
  return new Refusal("dead", message);
}

/** There is no schedule of this name. */
export function noSchedule(name: string): Refusal {
  return new Refusal("not-found", `There is no schedule ${name}; SCHEDULES lists them.`);
}

/** An argument is wrong, or does not go with another. */
export function badArguments(message: string): Refusal {
  return new Refusal("bad-arguments", message);
}

/** A job is not dead. */
export function notDead(id: number, state: string): Refusal {
  return new Refusal("not-dead", `Job ${id} is not dead: it is ${state}.`);
}

/** There is no tube of this name. */
export function noTube(name: string): Refusal {
  return new Refusal("not-found", `There is no tube ${name}.`);
}

/** The tube is the only one that the client watches. */
export function notIgnored(name: string): Refusal {
  return new Refusal("not-ignored", `${name} is the only tube that is watched.`);
}
