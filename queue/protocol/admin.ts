// The commands of those who look after the queues.

import type { Fields, Protocol } from "../../protocol/spec.ts";
import { bounds } from "../bounds.ts";
import {
  attempts,
  backoff,
  count,
  expires,
  id,
  key,
  lease,
  notFound,
  ofJob,
  onlyKey,
  onlyState,
  priority,
  queue,
  readOnly,
  state,
  unique,
} from "./fields.ts";

const counts = { delayed: count, ready: count, taken: count, dead: count } as const;
const oldest = {
  type: "duration",
  optional: true,
  summary: "How long the job that has been ready for longest has been so.",
} as const;
const paused = {
  type: "boolean",
  optional: true,
  summary: "Whether its jobs are given to nobody.",
} as const;
const done = { ...count, optional: true, summary: "Jobs whose results are kept." } as const;
const takers = { ...count, summary: "Requests that wait for a job." } as const;
const limits = {
  running: {
    type: "integer",
    min: bounds.running.min,
    max: bounds.running.max,
    summary: "How many of its jobs may be taken at a time.",
  },
  rate: {
    type: "number",
    min: bounds.rate.min,
    max: bounds.rate.max,
    summary: "How many of its jobs may be taken in a second, such as 0.5 or 100; 0.00001 at least.",
  },
  weight: {
    type: "number",
    min: bounds.weight.min,
    max: bounds.weight.max,
    summary: "Its share beside the other keys, or the other queues of a TAKE; 0.001 at least.",
  },
  depth: {
    type: "integer",
    min: bounds.depth.min,
    max: bounds.depth.max,
    summary:
      "How many jobs it may have that are delayed, ready or taken; beyond them PUT answers busy.",
  },
} as const satisfies Fields;
const given = {
  running: { ...limits.running, optional: true },
  rate: { ...limits.rate, optional: true },
  weight: { ...limits.weight, optional: true },
  depth: { ...limits.depth, optional: true },
} as const satisfies Fields;
const lately = { type: "number", min: 0 } as const;
const job = {
  key: { ...key, optional: true },
  priority,
  state,
  attempt: { ...count, summary: "How often it was taken." },
  attempts,
} as const satisfies Fields;
const times = {
  age: { type: "duration", summary: "How long ago it was put." },
  left: {
    type: "duration",
    optional: true,
    summary: "How long it is still delayed or taken, or its result kept.",
  },
  expires: { ...expires, min: 0, optional: true, summary: "How long it is still of use." },
  reason: { type: "text", optional: true, summary: "Why the last attempt failed." },
} as const satisfies Fields;

/** The commands of administrators. */
export const admin = {
  QUEUES: {
    summary: "Tell of every queue how many jobs it holds.",
    items: {
      queue: { ...queue, positional: true },
      ...counts,
      done,
      oldest,
      takers,
      paused,
    },
    reply: {
      count: { ...count, summary: "How many queues." },
      "read-only": { type: "boolean", optional: true, summary: "Whether the store fails." },
    },
    class: "interactive",
    idempotent: true,
    examples: [
      {
        request: "QUEUES",
        reply: "* mail delayed=2 ready=0 taken=0 dead=0 takers=0\n" +
          "* video delayed=1 ready=0 taken=0 dead=0 done=1 takers=0\nOK count=2",
      },
    ],
  },
  QUEUE: {
    summary: "Tell all of a queue: counts, rates, limits, and the keys with most jobs.",
    description: "An item is a key; without key= it is that of the jobs that have none.",
    args: { queue },
    options: {
      top: {
        type: "integer",
        min: 0,
        max: 100,
        default: "10",
        summary: "How many keys, those with most ready jobs first.",
      },
    },
    items: {
      key: { ...key, optional: true },
      ...counts,
      done,
      paused,
      ...given,
    },
    reply: {
      ...counts,
      done,
      oldest,
      takers,
      keys: { ...count, summary: "How many keys have jobs or limits." },
      puts: { ...lately, summary: "Jobs put a second, on average of the last minute or so." },
      takes: { ...lately, summary: "And taken." },
      dones: { ...lately, summary: "And done." },
      fails: { ...lately, summary: "And failed." },
      paused,
      ...given,
    },
    class: "interactive",
    idempotent: true,
    examples: [
      {
        request: "QUEUE mail",
        reply: "* key=acme delayed=1 ready=0 taken=0 dead=0\n* delayed=1 ready=0 taken=0 dead=0\n" +
          "OK delayed=2 ready=0 taken=0 dead=0 takers=0 keys=2 puts=… takes=… dones=… fails=…",
      },
      {
        request: "QUEUE none top=3",
        reply: "OK delayed=0 ready=0 taken=0 dead=0 takers=0 keys=0 puts=0 takes=0 dones=0 fails=0",
      },
    ],
  },
  JOB: {
    summary: "Tell all of a job.",
    args: { id },
    reply: {
      id,
      queue,
      ...job,
      spared: {
        ...count,
        optional: true,
        summary: "How many attempts do not count: it was released or revived.",
      },
      lease,
      backoff: { ...backoff, optional: true },
      unique: { ...unique, optional: true, summary: "What id= of PUT named it." },
      ...times,
      body: { type: "bytes", summary: "The job; its result where it is done." },
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
  LIST: {
    summary: "List jobs of a queue by number, a page at a time.",
    description:
      "Where the reply has after=, there may be more: give that to the next LIST, even where a page is empty. " +
      "Jobs that come and go meanwhile change nothing about the others.",
    args: { queue },
    options: {
      state: onlyState,
      key: onlyKey,
      max: {
        type: "integer",
        min: 1,
        max: 1000,
        default: "100",
        summary: "How many jobs at most.",
      },
      after: { ...count, default: "0", summary: "Only jobs with numbers above this one." },
    },
    items: {
      id,
      ...job,
      unique: { ...unique, optional: true, summary: "What id= of PUT named it." },
      ...times,
      size: { type: "size", summary: "How long its body is, or its result where it is done." },
    },
    reply: {
      count: { ...count, summary: "How many jobs." },
      after: { ...count, optional: true, summary: "Where the next page begins." },
    },
    class: "interactive",
    idempotent: true,
    examples: [
      {
        request: "LIST mail state=delayed max=1",
        reply: "* id=1 key=acme priority=5 state=delayed attempt=1 attempts=10 age=… left=… " +
          'reason="421 try again later" size=11\nOK count=1 after=1',
      },
      {
        request: "LIST mail state=delayed max=1 after=1",
        reply:
          "* id=3 priority=5 state=delayed attempt=0 attempts=10 age=… left=… size=5\nOK count=1",
      },
      { request: "LIST mail key=none", reply: "OK count=0" },
    ],
  },
  DROP: {
    summary: "Remove a job, whatever its state.",
    args: { id },
    errors: ofJob,
    idempotent: true,
    examples: [
      { request: "DROP 5", reply: "OK" },
      { request: "WAIT 5", reply: 'ERR not-found "There is no job 5: it is done, or never was."' },
    ],
  },
  PURGE: {
    summary: "Remove the jobs of a queue.",
    description: "A million take a while, in which everything else goes on. " +
      "Jobs put meanwhile stay. Cancelled, it has removed some.",
    args: { queue },
    options: { state: onlyState, key: onlyKey },
    reply: { count: { ...count, summary: "How many were removed." } },
    errors: { "read-only": readOnly },
    class: "bulk",
    idempotent: true,
    examples: [
      { request: "PURGE mail state=delayed key=acme", reply: "OK count=1" },
      { request: "PURGE none", reply: "OK count=0" },
    ],
  },
  REVIVE: {
    summary: "Make a dead job, or all dead jobs of a queue, ready again with all their attempts.",
    args: {
      target: {
        type: "word",
        max: 128,
        summary: "A job's number, or the name of a queue that is no number.",
      },
    },
    reply: { count: { ...count, summary: "How many were revived." } },
    errors: { ...ofJob, "not-dead": { summary: "The job is not dead." } },
    class: "bulk",
    idempotent: true,
    examples: [
      { request: "PUT chores sweep attempts=1", reply: "OK id=6" },
      {
        request: "TAKE chores",
        reply: "* id=6 queue=chores attempt=1 lease=60s {5}\nsweep\nOK count=1",
      },
      { request: "FAIL 6", reply: "OK state=dead" },
      { request: "WAIT 6", reply: 'ERR dead "Job 6 is dead."' },
      { request: "REVIVE 6", reply: "OK count=1" },
      { request: "REVIVE 6", reply: 'ERR not-dead "Job 6 is not dead: it is ready."' },
      { request: "REVIVE chores", reply: "OK count=0" },
    ],
  },
  PAUSE: {
    summary: "Give no job of a queue to anybody until RESUME; PUT goes on.",
    args: { queue },
    errors: { "read-only": readOnly },
    idempotent: true,
    examples: [
      { request: "PAUSE chores", reply: "OK" },
      { request: "TAKE chores", reply: "OK count=0" },
    ],
  },
  RESUME: {
    summary: "Give jobs of a queue to those who ask again.",
    args: { queue },
    errors: { "read-only": readOnly },
    idempotent: true,
    examples: [
      { request: "RESUME chores", reply: "OK" },
      {
        request: "TAKE chores",
        reply: "* id=6 queue=chores attempt=2 lease=60s {5}\nsweep\nOK count=1",
      },
    ],
  },
  LIMIT: {
    summary: "Set or tell the limits of a queue, or of one key of it.",
    description:
      "Only those named change; 0 lifts a limit. They hold over restarts: a job whose lease goes on counts as running. " +
      "A rate lets a tenth of a second's worth through at once, at least one job; " +
      "what is taken counts towards it whatever happens to the limit. A weight holds from now on, for what was taken too.",
    args: { queue },
    options: { key: { ...key, summary: "The key; without it the queue as a whole." }, ...limits },
    reply: given,
    errors: { "read-only": readOnly },
    idempotent: true,
    examples: [
      { request: "LIMIT chores running=10 depth=1", reply: "OK running=10 depth=1" },
      {
        request: "PUT chores dust",
        reply:
          'ERR busy "chores is full: it has 1 unfinished jobs, and its depth is 1." retry=1000',
      },
      {
        request: "LIMIT chores key=acme running=2 rate=0.5 weight=3",
        reply: "OK running=2 rate=0.5 weight=3",
      },
      { request: "LIMIT chores depth=0", reply: "OK running=10" },
    ],
  },
  LIMITS: {
    summary: "List all limits, or those of a queue and its keys.",
    args: { queue: { ...queue, optional: true } },
    items: { queue, key: { ...key, optional: true }, paused, ...given },
    reply: { count: { ...count, summary: "How many queues and keys have limits." } },
    class: "interactive",
    idempotent: true,
    examples: [
      {
        request: "LIMITS",
        reply: "* queue=chores running=10\n* queue=chores key=acme running=2 rate=0.5 weight=3\n" +
          "OK count=2",
      },
    ],
  },
} as const satisfies Protocol["commands"];
