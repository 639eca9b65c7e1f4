// The clients of a simulated queue, and their random requests.

import type { QueueClient } from "../../../queue/engine/caller.ts";
import type { AttemptFailure, LimitChange, TakeRequest } from "../../../queue/engine/engine.ts";
import type { NewJob } from "../../../queue/store/job_values.ts";

export const QUEUES = ["a", "b"];
const KEYS = ["", "x", "y"];
const NAMES = ["m", "n", "o"];
const PRIORITIES = [4, 5, 6];
const EMPTY = new Uint8Array();

/** Draws a whole number from 0 up to, and without, the limit. */
export type Below = (limit: number) => number;

/** A connection that may vanish. */
export class FakeClient implements QueueClient {
  halfClosed = false;
  closed = false;
  readonly #actions: (() => void)[] = [];

  constructor(readonly id: number) {}

  whenClosed(action: () => void): void {
    this.#actions.push(action);
  }

  vanish(): void {
    this.closed = true;
    for (const action of this.#actions) action();
  }
}

/** The job of a random PUT. */
export function someJob(below: Below): NewJob {
  return {
    queue: one(below, QUEUES),
    key: one(below, KEYS),
    body: EMPTY,
    priority: one(below, PRIORITIES),
    delay: below(4) === 0 ? below(30) : 0,
    lease: 10 + below(40),
    attempts: 1 + below(6),
    backoff: below(3) === 0 ? 10 : 0,
    unique: below(4) === 0 ? one(below, NAMES) : "",
    expires: below(5) === 0 ? 20 + below(200) : undefined,
    keep: below(6) === 0,
  };
}

/** The request of a random TAKE. */
export function someRequest(below: Below, clients: readonly FakeClient[]): TakeRequest {
  const queues = below(5) === 0 ? QUEUES : [one(below, QUEUES)];
  const lease = below(3) === 0 ? 5 + below(30) : undefined;
  const max = below(4) === 0 ? 1 + below(4) : 1;
  return { queues, max, lease, releaseOnDisconnect: below(6) === 0, client: one(below, clients) };
}

/** The failure of a random FAIL. */
export function someFailure(below: Below): AttemptFailure {
  return {
    reason: "",
    retry: below(3) === 0 ? below(20) : undefined,
    dead: below(8) === 0,
  };
}

/** The change of a random LIMIT or PAUSE. */
export function someLimits(below: Below): LimitChange {
  const kind = below(4);
  if (kind === 0) return { paused: below(3) === 0 };
  if (kind === 1) return { rate: below(2) === 0 ? 0 : 50 + below(500) };
  return { running: below(2) === 0 ? 0 : 1 + below(6) };
}

function one<T>(below: Below, of: readonly T[]): T {
  return of[below(of.length)];
}
