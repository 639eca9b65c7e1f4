// What the queue refuses, in words.

import { Refusal } from "../protocol/errors.ts";

const RETRY = 1000;

/** There is too much of something already. */
export function busy(message: string): Refusal {
  return new Refusal("busy", message, { retry: RETRY });
}

/** A store has room for what removes jobs only. */
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

/** The store fails now: whether the change is stored nobody knows. */
export function storeFailed(incident: string, cause: unknown): Refusal {
  const message = "The store failed, so the queue is read-only; the server's log says why.";
  return new Refusal("internal", message, { executed: "maybe", details: { incident }, cause });
}

/** The store has no room: new jobs are not stored, what was to be stored with them is tried again. */
export function storeFull(incident: string, cause: unknown): Refusal {
  const message = "The disk is full, so new jobs are not kept; DONE, DROP and PURGE make room.";
  return new Refusal("internal", message, { executed: "maybe", details: { incident }, cause });
}

/** There is no such job. */
export function notFound(id: number): Refusal {
  return new Refusal("not-found", `There is no job ${id}: it is done, or never was.`);
}

/** A lease is somebody else's, or nobody's. */
export function notTaken(message: string): Refusal {
  return new Refusal("not-taken", message);
}

/** No result will come. */
export function deadJob(message: string): Refusal {
  return new Refusal("dead", message);
}

/** There is no such schedule. */
export function noSchedule(name: string): Refusal {
  return new Refusal("not-found", `There is no schedule ${name}; SCHEDULES lists them.`);
}

/** An argument is not what it should be, or does not go with another. */
export function badArguments(message: string): Refusal {
  return new Refusal("bad-arguments", message);
}

/** A job is not dead. */
export function notDead(id: number, state: string): Refusal {
  return new Refusal("not-dead", `Job ${id} is not dead: it is ${state}.`);
}
