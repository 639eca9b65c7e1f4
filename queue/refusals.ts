// What the queue refuses, in words.

import { Refusal } from "../protocol/errors.ts";

const RETRY = 1000;

/** There is too much of something already. */
export function busy(message: string): Refusal {
  return new Refusal("busy", message, { retry: RETRY });
}

/** The queue is closed. */
export function closed(): Refusal {
  return new Refusal("draining", "The queue is shutting down.", { retry: RETRY });
}

/** The store has failed before. */
export function readOnly(): Refusal {
  return new Refusal("read-only", "The store failed, so nothing can change; JOB and QUEUES go on.");
}

/** The store fails now: whether the change is stored nobody knows. */
export function storeFailed(incident: string, cause: unknown): Refusal {
  const message = "The store failed, so the queue is read-only; the server's log says why.";
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
