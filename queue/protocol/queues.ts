// The commands that tell of queues: QUEUES, QUEUE.

import type { Protocol } from "../../protocol/spec.ts";
import { count, key, queue } from "./fields.ts";
import { blocked, paused, setLimits } from "./limits.ts";

const counts = { delayed: count, ready: count, taken: count, dead: count } as const;
const oldest = {
  type: "duration",
  optional: true,
  summary: "How long the job that has been ready for longest has been so.",
} as const;
const done = { ...count, optional: true, summary: "Jobs whose results are kept." } as const;
const takers = { ...count, summary: "Requests that wait for a job." } as const;
const lately = { type: "number", min: 0 } as const;

/** The commands. */
export const queueCommands = {
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
      key: { ...key, summary: "Only this key, if it has jobs or limits." },
    },
    items: {
      key: { ...key, optional: true },
      ...counts,
      done,
      "takes-total": {
        ...count,
        optional: true,
        summary: "How many of its jobs were taken since it has had jobs or limits.",
      },
      blocked,
      paused,
      ...setLimits,
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
      blocked,
      paused,
      ...setLimits,
    },
    class: "interactive",
    idempotent: true,
    examples: [
      {
        request: "QUEUE mail",
        reply: "* key=acme delayed=1 ready=0 taken=0 dead=0 takes-total=1\n" +
          "* delayed=1 ready=0 taken=0 dead=0 takes-total=1\n" +
          "OK delayed=2 ready=0 taken=0 dead=0 takers=0 keys=2 puts=… takes=… dones=… fails=…",
      },
      {
        request: "QUEUE mail key=acme",
        reply: "* key=acme delayed=1 ready=0 taken=0 dead=0 takes-total=1\n" +
          "OK delayed=2 ready=0 taken=0 dead=0 takers=0 keys=2 puts=… takes=… dones=… fails=…",
      },
      {
        request: "QUEUE none top=3",
        reply: "OK delayed=0 ready=0 taken=0 dead=0 takers=0 keys=0 puts=0 takes=0 dones=0 fails=0",
      },
    ],
  },
} as const satisfies Protocol["commands"];
