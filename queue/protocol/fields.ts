// The arguments, fields and errors that several commands have.

import type { ErrorSpec } from "../../protocol/errors.ts";
import type { FieldSpec } from "../../protocol/spec.ts";
import { bounds } from "../bounds.ts";

export const id = {
  type: "integer",
  min: 1,
  summary: "The job's number.",
} as const satisfies FieldSpec;
export const ids = {
  ...id,
  many: true,
  summary: "The jobs' numbers: all of these or, where one is refused, none.",
} as const satisfies FieldSpec;
export const queue = {
  type: "word",
  max: bounds.queue.max,
  summary: "The queue's name; a queue is there as soon as it is named.",
} as const satisfies FieldSpec;
export const key = {
  type: "word",
  max: bounds.key.max,
  summary: "Whose job it is, such as a tenant; keys take turns.",
} as const satisfies FieldSpec;
export const onlyText = {
  type: "text",
  max: 256,
  summary: "Only jobs with this text in the body, or in the name that id= of PUT gave.",
} as const satisfies FieldSpec;
export const onlyKey = { ...key, summary: "Only jobs of this key." } as const satisfies FieldSpec;
export const trace = {
  type: "word",
  max: bounds.trace.max,
  optional: true,
  summary: "The W3C traceparent that PUT had.",
} as const satisfies FieldSpec;
export const unique = {
  type: "word",
  max: bounds.unique.max,
  summary: "A name for the job: its queue has no other of that name while it has this one.",
} as const satisfies FieldSpec;
export const priority = {
  type: "integer",
  min: bounds.priority.min,
  max: bounds.priority.max,
  summary: "0 to 9, lower first; each has twice the share of the next.",
} as const satisfies FieldSpec;
export const lease = {
  type: "duration",
  min: bounds.lease.min,
  max: bounds.lease.max,
  summary: "How long a taker has, before the job is ready for others again.",
} as const satisfies FieldSpec;
export const attempts = {
  type: "integer",
  min: bounds.attempts.min,
  max: bounds.attempts.max,
  summary: "How many times it is taken at most, before it is dead.",
} as const satisfies FieldSpec;
export const attempt = {
  type: "integer",
  min: 1,
  summary:
    "The attempt of the TAKE reply: from any connection it means that attempt, never a later one.",
} as const satisfies FieldSpec;
export const backoff = {
  type: "duration",
  min: bounds.backoff.min,
  max: bounds.backoff.max,
  summary:
    "How long after its first failure it is tried again, twice that after the second and so on up to a day; " +
    "half of each pause is up to chance. 0ms is at once.",
} as const satisfies FieldSpec;
export const expires = {
  type: "duration",
  min: bounds.expires.min,
  max: bounds.expires.max,
  summary: "How long it is of use: not taken by then, it is dropped. Default: for ever.",
} as const satisfies FieldSpec;
export const result = {
  type: "enum",
  values: ["keep"],
  summary: "Keep the result that DONE gives, for WAIT and JOB: an hour by default.",
} as const satisfies FieldSpec;
export const state = {
  type: "enum",
  values: ["delayed", "ready", "taken", "dead", "done"],
} as const satisfies FieldSpec;
export const onlyState = {
  ...state,
  summary: "Only jobs in this state.",
} as const satisfies FieldSpec;
export const count = { type: "integer", min: 0 } as const satisfies FieldSpec;
export const text = { type: "text", max: 1024 } as const satisfies FieldSpec;

export const notFound = {
  summary: "There is no job of this number: it is done, or never was.",
} as const satisfies ErrorSpec;
export const notTaken = {
  summary: "The lease is not yours: the job is not taken, or it is by somebody else.",
} as const satisfies ErrorSpec;
export const readOnly = {
  summary: "The store failed, so nothing can change until it works again; JOB and QUEUES go on.",
  retry: true,
} as const satisfies ErrorSpec;
export const dead = {
  summary: "No result will come: the job is dead, expired, or was dropped.",
} as const satisfies ErrorSpec;

/** The errors of a command that changes a job. */
export const ofJob = { "not-found": notFound, "read-only": readOnly } as const;
/** The errors of a command that only the holder of a lease may give. */
export const ofTaker = { ...ofJob, "not-taken": notTaken } as const;
