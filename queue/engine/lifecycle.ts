// The events of a job, as data: the states in which each may happen, its needs, and the state after it.

import type { CountedEvent } from "../index/event_rates.ts";
import {
  type JobProgress,
  type JobState,
  NO_RANK,
  states,
  type StoredJob,
} from "../store/job_fields.ts";
import type { Outcome, PastAttempt } from "../store/past_attempts.ts";
import type { QueueClient } from "./caller.ts";

/** Something that happens to a job. Times are in ms since the Unix epoch. */
export type JobEvent =
  /** A consumer gets it: in its turn, or because the consumer wants this job. */
  | {
    readonly kind: "take";
    readonly client: QueueClient;
    readonly takenAt: number;
    readonly endsAt: number;
    readonly releaseOnDisconnect: boolean;
    readonly inTurn: boolean;
  }
  /** Its lease ends at another time. */
  | { readonly kind: "extend"; readonly endsAt: number }
  /** Its consumer did not learn of it: it has its old place, and the attempt number is free again. */
  | { readonly kind: "untake" }
  /** It goes back, to its old place or delayed until then, and the attempt does not count. A job with a rank may get another. */
  | {
    readonly kind: "release";
    readonly readyAt: number | undefined;
    readonly rank: number | undefined;
  }
  /** Its consumer is gone and most likely did not learn of it: it has its old place, and the attempt does not count. */
  | { readonly kind: "giveBack" }
  /** Its attempt failed: it is delayed until then, or ready, or dead. */
  | {
    readonly kind: "fail";
    readonly readyAt: number;
    readonly delayed: boolean;
    readonly dead: boolean;
    readonly reason: string;
    readonly rank: number | undefined;
  }
  /** The connection that held it ended. */
  | { readonly kind: "disconnect"; readonly readyAt: number; readonly reason: string }
  /** Its body cannot be read: it is dead, so that it does not keep others waiting. */
  | { readonly kind: "unreadable"; readonly readyAt: number; readonly reason: string }
  /** Its delay or lease is over. */
  | { readonly kind: "timeOver" }
  /** It is done. Where its result is kept, that is until `endsAt`. */
  | { readonly kind: "done"; readonly result: Uint8Array; readonly endsAt: number }
  /** It was dead or delayed, and has all its attempts again. */
  | { readonly kind: "revive"; readonly readyAt: number }
  /** It is removed: by a client, because it expired, because its result is old, because the store has no room for it. */
  | { readonly kind: "drop" | "purge" | "expire" | "forget" | "refuse" };

/** The rules of one kind of event. */
interface Rule {
  /** The states in which it can happen. */
  readonly from: readonly JobState[];
  /** Whether a client asks for it: it is refused while nothing can change. */
  readonly asked: boolean;
  /** Whether it is refused while the store has no room for a row. */
  readonly needsRow: boolean;
  /** Whether another job may be taken after it, so that consumers are served. */
  readonly frees: boolean;
  /**
   * Whether it is stored. The passing of time is not: the state follows from the times of the job. A job that the store
   * refused is not in the store.
   */
  readonly stored: boolean;
  /** The outcome of the attempt that it ends, to be remembered with the job. */
  readonly outcome?: Outcome;
  /** The rate that counts it. */
  readonly counts?: CountedEvent;
  /** The error of requests that wait for its result, if the event removes the job. */
  readonly ending?: string;
}

const TAKEN: readonly JobState[] = ["taken"];
const ASKED = { asked: true, needsRow: false, frees: true, stored: true } as const;
const BY_ITSELF = { asked: false, needsRow: false, frees: true, stored: true } as const;

/** The rules of every kind of event. */
export const lifecycle: Readonly<Record<JobEvent["kind"], Rule>> = {
  // The dispatcher asks for a row, once for each TAKE.
  take: { ...ASKED, from: ["ready", "delayed", "dead"], frees: false, counts: "taken" },
  extend: { ...ASKED, from: TAKEN, frees: false },
  untake: { ...BY_ITSELF, from: TAKEN },
  release: { ...ASKED, from: TAKEN, outcome: "released" },
  giveBack: { ...BY_ITSELF, from: TAKEN, outcome: "undelivered" },
  // It makes room, so it never needs any.
  fail: { ...ASKED, from: TAKEN, counts: "failed", outcome: "failed" },
  disconnect: { ...BY_ITSELF, from: TAKEN, outcome: "disconnected" },
  unreadable: { ...BY_ITSELF, from: TAKEN, outcome: "unreadable" },
  timeOver: { ...BY_ITSELF, from: ["delayed", "taken"], stored: false, outcome: "timeout" },
  done: { ...ASKED, from: TAKEN, counts: "done", outcome: "done" },
  revive: { ...ASKED, from: ["dead", "delayed"], needsRow: true },
  drop: { ...ASKED, from: states, ending: "was dropped" },
  purge: { ...ASKED, from: states, ending: "was purged" },
  expire: { ...BY_ITSELF, from: ["delayed", "ready", "taken", "dead"], ending: "expired" },
  forget: { ...BY_ITSELF, from: ["done"], frees: false },
  refuse: { ...BY_ITSELF, from: states, stored: false, ending: "was not kept: the disk is full" },
};

/** The part of a job that decides what becomes of it. */
export type JobSoFar = JobProgress & Pick<StoredJob, "attempts" | "enqueuedAt">;

/**
 * The attempt of a job that ends with an event; `undefined` if none does, or nobody knows when it began.
 *
 * @param by who had taken the job; empty where nobody knows
 */
export function attemptEnded(
  { state, attempt, takenAt, endsAt }: JobSoFar,
  event: JobEvent,
  by: string,
  now: number,
): PastAttempt | undefined {
  const { outcome } = lifecycle[event.kind];
  if (outcome === undefined || state !== "taken" || takenAt === 0) return undefined;
  const ran = (event.kind === "timeOver" ? endsAt : now) - takenAt;
  // The other outcomes say why.
  const reason = event.kind === "fail" || event.kind === "unreadable" ? event.reason : "";
  return { attempt, takenAt, ran, outcome, by, reason };
}

/**
 * Where a job is after an event that does not remove it.
 *
 * @param past its attempts that are over by then
 */
export function progressAfter(
  job: JobSoFar,
  event: JobEvent,
  past: string = job.past,
): JobProgress {
  const progress = nextProgress(job, event);
  return past === progress.past ? progress : { ...progress, past };
}

function nextProgress(job: JobSoFar, event: JobEvent): JobProgress {
  switch (event.kind) {
    case "take": {
      // Without `moved`, for speed: every job passes here.
      const { uncountedAttempts, readyAt, reason, rank, past } = job;
      const { takenAt, endsAt, releaseOnDisconnect } = event;
      const attempt = job.attempt + 1;
      return {
        state: "taken",
        attempt,
        uncountedAttempts,
        readyAt,
        endsAt,
        releaseOnDisconnect,
        reason,
        rank,
        takenAt,
        past,
      };
    }
    case "extend": {
      const { releaseOnDisconnect, takenAt } = job;
      return moved(job, "taken", { endsAt: event.endsAt, releaseOnDisconnect, takenAt });
    }
    case "untake":
      return moved(job, "ready", { attempt: job.attempt - 1 });
    case "release": {
      const { readyAt, rank } = event;
      const state = readyAt === undefined ? "ready" : "delayed";
      return moved(job, state, { uncountedAttempts: job.uncountedAttempts + 1, readyAt, rank });
    }
    case "giveBack":
      return moved(job, "ready", { uncountedAttempts: job.uncountedAttempts + 1 });
    case "fail":
      return failed(job, event, event.delayed, event.dead);
    case "disconnect":
      return failed(job, event, false, false);
    case "unreadable":
      return failed(job, event, false, true);
    case "timeOver":
      if (job.state === "delayed") return moved(job, "ready", {});
      return failed(job, { readyAt: job.endsAt, reason: "The lease ran out." }, false, false);
    case "done":
      return moved(job, "done", { endsAt: event.endsAt, reason: "" });
    case "revive":
      return moved(job, "ready", { uncountedAttempts: job.attempt, readyAt: event.readyAt });
    default:
      throw new Error(`a job that is gone has no progress: ${event.kind}`);
  }
}

function failed(
  job: JobSoFar,
  { readyAt, reason, rank }: Pick<JobProgress, "readyAt" | "reason"> & { readonly rank?: number },
  delayed: boolean,
  dead: boolean,
): JobProgress {
  const isLast = dead || (job.attempts > 0 && countedAttempts(job) >= job.attempts);
  return moved(job, isLast ? "dead" : delayed ? "delayed" : "ready", { readyAt, reason, rank });
}

/** The progress of a job in another state, with some fields changed. */
function moved(
  { attempt, uncountedAttempts, readyAt, reason, rank, past, enqueuedAt }: JobSoFar,
  state: JobState,
  to: Partial<JobProgress>,
): JobProgress {
  const isRanked = rank !== NO_RANK;
  return {
    state,
    attempt: to.attempt ?? attempt,
    uncountedAttempts: to.uncountedAttempts ?? uncountedAttempts,
    // The place of a job with a rank is that of its number, whenever it becomes ready.
    readyAt: isRanked && state === "ready" ? enqueuedAt : to.readyAt ?? readyAt,
    endsAt: to.endsAt ?? 0,
    releaseOnDisconnect: to.releaseOnDisconnect ?? false,
    reason: to.reason ?? reason,
    rank: isRanked ? to.rank ?? rank : rank,
    takenAt: to.takenAt ?? 0,
    past,
  };
}

/** The reason of a job whose connection ended. */
const CLOSED = "The connection closed.";

/** The time of a job is over: it expires. */
export const EXPIRE: JobEvent = { kind: "expire" };
/** The time of a result is over, or it makes room for another. */
export const FORGET: JobEvent = { kind: "forget" };

/** The connection that held a job ended. */
export function disconnect(readyAt: number): JobEvent {
  return { kind: "disconnect", readyAt, reason: CLOSED };
}

/**
 * The event of a stored job since the last process ended; `undefined` for none.
 *
 * @param keepsHold whether the connection that holds it is not over with the process
 */
export function eventSince(
  stored: StoredJob,
  now: number,
  keepsHold: boolean,
): JobEvent | undefined {
  const { state, readyAt, endsAt, releaseOnDisconnect } = stored;
  if (state === "delayed") return readyAt <= now ? { kind: "timeOver" } : undefined;
  if (state === "taken" && releaseOnDisconnect && !keepsHold) return disconnect(now);
  if (state === "taken") return endsAt <= now ? { kind: "timeOver" } : undefined;
  if (state === "done") return endsAt <= now ? { kind: "forget" } : undefined;
}

/** How many attempts of a job count. */
export function countedAttempts(
  { attempt, uncountedAttempts }: Pick<JobProgress, "attempt" | "uncountedAttempts">,
): number {
  return attempt - uncountedAttempts;
}

/** Whether a job in this state is of no use any more. */
export function isExpired(state: JobState, expiresAt: number, now: number): boolean {
  return expiresAt > 0 && expiresAt <= now && (state === "ready" || state === "delayed");
}
