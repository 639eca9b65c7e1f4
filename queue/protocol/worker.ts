// The commands of clients that do the work: TAKE, DONE, FAIL, EXTEND, RELEASE.

import type { Protocol } from "../../protocol/spec.ts";
import { bounds, DAY, MAX_TAKE } from "../bounds.ts";
import {
  attempt,
  count,
  id,
  ids,
  key,
  lease,
  ofTaker,
  queue,
  readOnly,
  text,
  trace,
} from "./fields.ts";

/** The commands of workers. */
export const worker = {
  TAKE: {
    summary: "Take jobs that are ready, or wait for one.",
    description: "The jobs are yours until their leases run out; then others get them. " +
      "Several queues take turns, by their weights where LIMIT gave them some: " +
      "each TAKE that names the same queues continues where the last one stopped. " +
      "A TAKE that waits is answered with the first job that comes; " +
      "those that wait are served in the order in which they came, " +
      "those of clients that have ended their side behind all others.",
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
      hold: {
        type: "enum",
        values: ["connection"],
        summary: "The leases end with this connection, if they do not run out before.",
      },
    },
    items: {
      id,
      queue,
      key: { ...key, optional: true },
      attempt: { type: "integer", min: 1, summary: "How often it was taken, this included." },
      lease,
      trace,
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
        request: "TAKE video mail max=10 lease=5m",
        reply: "* id=4 queue=video attempt=1 lease=300s {6}\nencode\n" +
          "* id=1 queue=mail key=acme attempt=1 lease=300s {11}\nhello world\n" +
          "* id=5 queue=video attempt=1 lease=300s {9}\nthumbnail\nOK count=3",
        summary: "The queues take turns.",
      },
      { request: "TAKE mail hold=connection", reply: "OK count=0" },
    ],
  },
  DONE: {
    summary: "Jobs are done: forget them.",
    description: "Where PUT said result=keep, a job is kept with its result for a while.",
    args: { id: ids, body: { type: "bytes", optional: true, summary: "The result: any bytes." } },
    options: { result: { ...text, summary: "The result, as text." }, attempt },
    errors: ofTaker,
    idempotent: true,
    examples: [
      { request: "DONE 2", reply: "OK" },
      {
        request: "DONE 2",
        reply: 'ERR not-found "There is no job 2: it is done, or never was."',
      },
      {
        request: "DONE 5 result=thumb-17.png",
        reply: "OK",
        summary: "With a result; as a counted body it may be any bytes.",
      },
      {
        request: "WAIT 5",
        reply: "OK {12}\nthumb-17.png",
        summary: "Somebody else asks for it.",
      },
      {
        request: "DONE 1 3 attempt=1",
        reply: 'ERR not-taken "Job 3 is not taken: it is delayed."',
        summary: "Neither is done.",
      },
    ],
  },
  FAIL: {
    summary: "Jobs could not be done: others try again, or they are dead.",
    args: { id: ids },
    options: {
      reason: { ...text, summary: "Why, for JOB to show." },
      retry: {
        type: "duration",
        min: bounds.delay.min,
        max: bounds.delay.max,
        summary: "How long before the next attempt. Default: what backoff= of PUT says.",
      },
      dead: { type: "boolean", summary: "No further attempt." },
      attempt,
    },
    reply: {
      state: {
        type: "enum",
        values: ["delayed", "ready", "dead"],
        optional: true,
        summary: "What the jobs are now, where all are the same.",
      },
      delayed: { ...count, optional: true, summary: "Else how many are delayed." },
      ready: { ...count, optional: true, summary: "And ready." },
      dead: { ...count, optional: true, summary: "And dead, their attempts being used up." },
    },
    errors: ofTaker,
    examples: [
      { request: 'FAIL 1 reason="421 try again later" retry=5m', reply: "OK state=delayed" },
      {
        request: "FAIL 1",
        reply: 'ERR not-taken "Job 1 is not taken: it is delayed."',
      },
      {
        request: "FAIL 4 dead=yes retry=1m",
        reply: 'ERR bad-arguments "A job that is dead has no retry; give one of the two."',
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
    errors: ofTaker,
    idempotent: true,
    examples: [
      { request: "EXTEND 4 lease=1m", reply: "OK lease=60s" },
      {
        request: "EXTEND 4 attempt=2",
        reply: 'ERR not-taken "Job 4 is taken, and attempt 2 is not the present one."',
      },
    ],
  },
  RELEASE: {
    summary: "Give a job back: others try it, and the attempt does not count.",
    description: "Without delay= it has its old place in its key.",
    args: { id },
    options: {
      delay: {
        type: "duration",
        min: bounds.delay.min,
        max: bounds.delay.max,
        default: "0ms",
        summary: "How long before it is ready.",
      },
      attempt,
    },
    reply: { state: { type: "enum", values: ["ready", "delayed"] } },
    errors: ofTaker,
    examples: [
      { request: "RELEASE 4", reply: "OK state=ready" },
      {
        request: "TAKE video",
        reply: "* id=4 queue=video attempt=2 lease=600s {6}\nencode\nOK count=1",
      },
      { request: "RELEASE 4 delay=1h attempt=2", reply: "OK state=delayed" },
    ],
  },
} as const satisfies Protocol["commands"];
