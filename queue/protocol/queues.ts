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
const keys = { ...count, summary: "How many keys have jobs or limits." } as const;
const lately = { type: "number", min: 0 } as const;
const rates = {
  puts: { ...lately, summary: "Jobs put a second, on average of the last minute or so." },
  takes: { ...lately, summary: "And taken." },
  dones: { ...lately, summary: "And done." },
  fails: { ...lately, summary: "And failed." },
} as const;

/** The commands. */
export const queueCommands = {
  QUEUES: {
    summary: "Tell of every queue how many jobs it holds.",
    description:
      "Queues come by name. Where the reply has after=, there are more: give that to the next QUEUES.",
    options: {
      match: {
        ...queue,
        summary: "Only queues of such names: * stands for any characters, ? for one.",
      },
      after: { ...queue, summary: "Only queues whose names are behind this one." },
      max: { type: "integer", min: 1, max: 100_000, summary: "How many queues at most." },
      details: { type: "boolean", summary: "Whether to tell rates and limits too." },
    },
    items: {
      queue: { ...queue, positional: true },
      ...counts,
      done,
      oldest,
      takers,
      keys: { ...keys, optional: true },
      puts: { ...rates.puts, optional: true },
      takes: { ...rates.takes, optional: true },
      dones: { ...rates.dones, optional: true },
      fails: { ...rates.fails, optional: true },
      blocked,
      paused,
      ...setLimits,
    },
    reply: {
      count: { ...count, summary: "How many queues." },
      after: { ...queue, optional: true, summary: "Where the next page begins." },
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
      {
        request: "QUEUES match=m* max=1 details=yes",
        reply: "* mail delayed=2 ready=0 taken=0 dead=0 takers=0 keys=2 puts=… takes=… dones=… " +
          "fails=…\nOK count=1",
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
      keys,
      ...rates,
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
