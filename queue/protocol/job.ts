// The fields of a job as clients give and get them.

import type { Fields } from "../../protocol/spec.ts";
import { bounds } from "../bounds.ts";
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
