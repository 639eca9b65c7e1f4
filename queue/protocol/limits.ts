// The commands that hold jobs back: PAUSE, RESUME, LIMIT, LIMITS.

import type { Fields, Protocol } from "../../protocol/spec.ts";
import { bounds } from "../bounds.ts";
import { count, key, queue, readOnly } from "./fields.ts";

/** Whether a queue is paused. */
export const paused = {
  type: "boolean",
  optional: true,
  summary: "Whether its jobs are given to nobody.",
} as const;

/** Why no job of a queue or key is given out now. */
export const blocked = {
  type: "enum",
  values: ["paused", "running", "rate"],
  optional: true,
  summary: "Why none of its jobs is given out now: a pause, or the limit of this name.",
} as const;

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

/** Limits in a reply: those that are set. */
export const setLimits = {
  running: { ...limits.running, optional: true },
  rate: { ...limits.rate, optional: true },
  weight: { ...limits.weight, optional: true },
  depth: { ...limits.depth, optional: true },
} as const satisfies Fields;

/** The commands. */
export const limitCommands = {
  PAUSE: {
    summary: "Give no job of a queue to anybody until RESUME; PUT goes on.",
    args: { queue },
    errors: { "read-only": readOnly },
    idempotent: true,
    examples: [
      { request: "PAUSE chores", reply: "OK", undo: "RESUME chores" },
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
    reply: setLimits,
    errors: { "read-only": readOnly },
    idempotent: true,
    examples: [
      {
        request: "LIMIT chores running=10 depth=1",
        reply: "OK running=10 depth=1",
        undo: "LIMIT chores running=0 depth=0",
      },
      {
        request: "PUT chores dust",
        reply:
          'ERR busy "chores is full: it has 1 unfinished jobs, and its depth is 1." retry=1000',
      },
      {
        request: "LIMIT chores key=acme running=2 rate=0.5 weight=3",
        reply: "OK running=2 rate=0.5 weight=3",
        undo: "LIMIT chores key=acme running=0 rate=0 weight=0",
      },
      { request: "LIMIT chores depth=0", reply: "OK running=10" },
    ],
  },
  LIMITS: {
    summary: "List all limits, or those of a queue and its keys.",
    args: { queue: { ...queue, optional: true } },
    items: { queue, key: { ...key, optional: true }, paused, ...setLimits },
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
