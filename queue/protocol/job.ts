// The fields of a job as clients give and get them.

import type { Fields } from "../../protocol/spec.ts";
import { bounds, outcomes } from "../bounds.ts";
import {
  attempts,
  backoff,
  count,
  expires,
  key,
  lease,
  priority,
  result,
  state,
} from "./fields.ts";

/** The options of PUT and EVERY. */
export const jobOptions = {
  key,
  priority: { ...priority, default: bounds.priority.default },
  lease: { ...lease, default: bounds.lease.default },
  attempts: { ...attempts, default: bounds.attempts.default },
  backoff: { ...backoff, default: bounds.backoff.default },
  expires,
  result,
} as const satisfies Fields;

/** The fields that JOB and LIST tell first. */
export const jobSummary = {
  key: { ...key, optional: true },
  priority,
  state,
  attempt: { ...count, summary: "How often it was taken." },
  attempts: {
    ...attempts,
    min: 0,
    summary: "How many times it is taken at most, before it is dead; 0 is no limit.",
  },
} as const satisfies Fields;

/** The fields of an attempt, which JOB tells. */
export const pastAttempt = {
  attempt: { ...count, summary: "The number of the attempt." },
  age: { type: "duration", optional: true, summary: "How long ago the job was taken." },
  ran: { type: "duration", optional: true, summary: "How long it was taken, or is so far." },
  outcome: {
    type: "enum",
    values: [...outcomes, "running"],
    summary:
      "How it ended: by DONE (where the result is kept), FAIL, RELEASE; timeout: its lease ran out; " +
      "disconnected: the connection that held it closed; undelivered: its taker most likely never read it; " +
      "unreadable: its body cannot be read.",
  },
  by: { type: "text", optional: true, summary: "Whose attempt: an identity, or an address." },
  reason: { type: "text", optional: true, summary: "Why it failed, at most 200 characters." },
} as const satisfies Fields;

/** And last. */
export const jobTimes = {
  age: { type: "duration", summary: "How long ago it was put." },
  left: {
    type: "duration",
    optional: true,
    summary: "How long it is still delayed or taken, or its result kept.",
  },
  expires: { ...expires, min: 0, optional: true, summary: "How long it is still of use." },
  reason: { type: "text", optional: true, summary: "Why the last attempt failed." },
} as const satisfies Fields;
