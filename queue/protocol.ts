// The queue's protocol as data: every command, limit, error and example.

import type { ErrorSpec } from "../protocol/errors.ts";
import type { FieldSpec, Protocol } from "../protocol/spec.ts";

const DAY = 86_400_000;

/** The most jobs that one TAKE is given. */
export const MAX_TAKE = 100;
/** The most bytes of bodies that one TAKE is given, unless the first job alone has more. */
export const MAX_TAKE_BYTES = 4 << 20;
/** The most queues that one TAKE names. */
export const MAX_TAKE_QUEUES = 100;

const id = { type: "integer", min: 1, summary: "The job's number." } as const satisfies FieldSpec;
const queue = {
  type: "word",
  max: 128,
  summary: "The queue's name; a queue is there as soon as it is named.",
} as const satisfies FieldSpec;
const key = {
  type: "word",
  max: 128,
  summary: "Whose job it is, such as a tenant; keys take turns.",
} as const satisfies FieldSpec;
const priority = {
  type: "integer",
  min: 0,
  max: 9,
  summary: "0 to 9, lower first; each has twice the share of the next.",
} as const satisfies FieldSpec;
const lease = {
  type: "duration",
  min: 1,
  max: 30 * DAY,
  summary: "How long a taker has, before the job is ready for others again.",
} as const satisfies FieldSpec;
const attempts = {
  type: "integer",
  min: 1,
  max: 1000,
  summary: "How many times it is taken at most, before it is dead.",
} as const satisfies FieldSpec;
const attempt = {
  type: "integer",
  min: 1,
  summary: "The attempt of the TAKE reply: proof from any connection that the job is yours.",
} as const satisfies FieldSpec;
const count = { type: "integer", min: 0 } as const satisfies FieldSpec;

const notFound = {
  summary: "There is no job of this number: it is done, or never was.",
} as const satisfies ErrorSpec;
const notTaken = {
  summary: "The lease is not yours: the job is not taken, or it is by somebody else.",
} as const satisfies ErrorSpec;
const readOnly = {
  summary: "The store failed, so nothing can change; JOB and QUEUES go on.",
} as const satisfies ErrorSpec;

/**
 * The protocol of the work queue: a job is bytes in a named queue; delivery is at least once, and what was
 * acknowledged is stored.
 *
 * The priorities of a queue share it by weight, 512 for 0 down to 1 for 9, each twice the next; in a priority the keys
 * take turns; in a key it is first in, first out.
 *
 * @example
 * ```ts
 * import { openQueue, queueProtocol } from "@lineup/lineup/queue";
 * import { serve } from "@lineup/lineup/server";
 * import { assertEquals } from "@std/assert";
 *
 * await using queue = await openQueue();
 * await using server = await serve(queueProtocol, queue.handlers, { port: 0, stats: queue.stats });
 * assertEquals(server.address.startsWith("tcp://127.0.0.1:"), true);
 * ```
 */
export const queueProtocol = {
  name: "queue",
  version: "1.0",
  summary: "A durable work queue: put jobs in, take them out, say when they are done.",
  description:
    "A job is bytes in a named queue: delayed, then ready, then taken by a worker until it is done. " +
    "A job that fails, or whose lease runs out, is ready again; once its attempts are used up it is dead, " +
    "and stays to be looked at.\n\n" +
    "Which of the ready jobs of a queue is next: the priorities share it by weight, each of 0 to 9 with twice " +
    "the weight of the next, so that jobs of 0 go far ahead and those of 9 still go on; " +
    "in a priority the keys take turns, however many jobs one of them has (no key is a key too); " +
    "in a key it is first in, first out, by when a job became ready. " +
    "A job that failed or whose lease ran out is last of its key again; one that a cancelled TAKE did not " +
    "get has its old place, and its key is not charged for it.\n\n" +
    "Delivery is at least once. OK means that the change is stored.",
  commands: {
    PUT: {
      summary: "Put a job into a queue.",
      args: {
        queue,
        body: { type: "bytes", summary: "The job: any bytes." },
      },
      options: {
        key,
        priority: { ...priority, default: "5" },
        delay: {
          type: "duration",
          min: 0,
          max: 366 * DAY,
          default: "0ms",
          summary: "How long before it is ready.",
        },
        lease: { ...lease, default: "60s" },
        attempts: { ...attempts, default: "10" },
      },
      reply: { id },
      errors: { "read-only": readOnly },
      examples: [
        { request: 'PUT mail "hello world" key=acme', reply: "OK id=1" },
        {
          request: "PUT mail priority=0 {6}\nurgent",
          reply: "OK id=2",
          summary: "A counted body: any bytes; and ahead of the other jobs.",
        },
        { request: "PUT mail later delay=1h", reply: "OK id=3" },
        { request: "PUT video encode lease=10m attempts=3", reply: "OK id=4" },
      ],
    },
    TAKE: {
      summary: "Take jobs that are ready, or wait for one.",
      description: "The jobs are yours until their leases run out; then others get them. " +
        "The queues are looked through in the order in which they are named. " +
        "A TAKE that waits is answered with the first job that comes; " +
        "those that wait are served in the order in which they came.",
      args: { queue: { ...queue, many: true } },
      options: {
        wait: {
          type: "duration",
          min: 0,
          max: DAY,
          default: "0ms",
          summary: "How long to wait for a job where none is ready.",
        },
        lease: {
          ...lease,
          summary: "How long you have before others get the jobs. Default: what PUT said.",
        },
        max: {
          type: "integer",
          min: 1,
          max: MAX_TAKE,
          default: "1",
          summary:
            "How many jobs at most, and not more than 4 MiB of them unless the first is larger.",
        },
      },
      items: {
        id,
        queue,
        key: { ...key, optional: true },
        attempt: { type: "integer", min: 1, summary: "How often it was taken, this included." },
        lease,
        body: { type: "bytes", summary: "The job." },
      },
      reply: { count: { ...count, summary: "How many jobs; 0 where none came in time." } },
      errors: { "read-only": readOnly },
      examples: [
        {
          request: "TAKE mail wait=5s",
          reply: "* id=2 queue=mail attempt=1 lease=60s {6}\nurgent\nOK count=1",
        },
        {
          request: "TAKE video mail max=10",
          reply: "* id=4 queue=video attempt=1 lease=600s {6}\nencode\n" +
            "* id=1 queue=mail key=acme attempt=1 lease=60s {11}\nhello world\nOK count=2",
        },
        { request: "TAKE mail", reply: "OK count=0" },
      ],
    },
    DONE: {
      summary: "A job is done: forget it.",
      args: { id },
      options: { attempt },
      errors: { "not-found": notFound, "not-taken": notTaken, "read-only": readOnly },
      idempotent: true,
      examples: [
        { request: "DONE 2", reply: "OK" },
        {
          request: "DONE 2",
          reply: 'ERR not-found "There is no job 2: it is done, or never was."',
        },
        {
          request: "DONE 3 attempt=1",
          reply: 'ERR not-taken "Job 3 is not taken: it is delayed."',
        },
      ],
    },
    FAIL: {
      summary: "A job could not be done: others try again, or it is dead.",
      args: {
        id,
        reason: { type: "text", max: 1024, optional: true, summary: "Why, for JOB to show." },
      },
      options: {
        retry: {
          type: "duration",
          min: 0,
          max: 366 * DAY,
          summary: "How long before the next attempt. Default: none.",
        },
        dead: { type: "boolean", summary: "No further attempt." },
        attempt,
      },
      reply: { state: { type: "enum", values: ["delayed", "ready", "dead"] } },
      errors: { "not-found": notFound, "not-taken": notTaken, "read-only": readOnly },
      examples: [
        { request: 'FAIL 1 "421 try again later" retry=5m', reply: "OK state=delayed" },
        {
          request: "FAIL 1",
          reply: 'ERR not-taken "Job 1 is not taken: it is delayed."',
        },
      ],
    },
    EXTEND: {
      summary: "Begin a lease anew.",
      args: { id },
      options: {
        lease: { ...lease, summary: "How long from now. Default: what PUT said." },
        attempt,
      },
      reply: { lease },
      errors: { "not-found": notFound, "not-taken": notTaken, "read-only": readOnly },
      idempotent: true,
      examples: [
        { request: "EXTEND 4 lease=1m", reply: "OK lease=60s" },
        {
          request: "EXTEND 4 attempt=2",
          reply: 'ERR not-taken "Job 4 is taken, and attempt 2 is not the present one."',
        },
      ],
    },
    QUEUES: {
      summary: "Tell of every queue how many jobs it holds.",
      items: {
        queue: { ...queue, positional: true },
        delayed: count,
        ready: count,
        taken: count,
        dead: count,
        oldest: {
          type: "duration",
          optional: true,
          summary: "How long the job that has been ready for longest has been so.",
        },
        takers: { ...count, summary: "Requests that wait for a job." },
      },
      reply: {
        count: { ...count, summary: "How many queues." },
        "read-only": { type: "boolean", optional: true, summary: "Whether the store failed." },
      },
      class: "interactive",
      idempotent: true,
      examples: [
        {
          request: "QUEUES",
          reply: "* mail delayed=2 ready=0 taken=0 dead=0 takers=0\n" +
            "* video delayed=0 ready=0 taken=1 dead=0 takers=0\nOK count=2",
        },
      ],
    },
    JOB: {
      summary: "Tell all of a job.",
      args: { id },
      reply: {
        id,
        queue,
        key: { ...key, optional: true },
        priority,
        state: { type: "enum", values: ["delayed", "ready", "taken", "dead"] },
        attempt: { ...count, summary: "How often it was taken." },
        attempts,
        lease,
        age: { type: "duration", summary: "How long ago it was put." },
        left: {
          type: "duration",
          optional: true,
          summary: "How long it is still delayed or taken.",
        },
        reason: { type: "text", optional: true, summary: "Why the last attempt failed." },
        body: { type: "bytes", summary: "The job." },
      },
      errors: { "not-found": notFound },
      class: "interactive",
      idempotent: true,
      examples: [
        {
          request: "JOB 1",
          reply: "OK id=1 queue=mail key=acme priority=5 state=delayed attempt=1 attempts=10 " +
            'lease=60s age=… left=… reason="421 try again later" {11}\nhello world',
        },
      ],
    },
  },
} as const satisfies Protocol;
