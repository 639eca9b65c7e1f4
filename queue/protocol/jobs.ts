// The commands that look after single jobs: JOB, LIST, DROP, PURGE, REVIVE.

import type { Protocol } from "../../protocol/spec.ts";
import {
  backoff,
  count,
  id,
  lease,
  notFound,
  ofJob,
  onlyKey,
  onlyState,
  onlyText,
  queue,
  readOnly,
  trace,
  unique,
} from "./fields.ts";
import { jobSummary, jobTimes, pastAttempt } from "./job.ts";

/** The commands. */
export const jobCommands = {
  JOB: {
    summary: "Tell all of a job, and of its last attempts.",
    description:
      "The items are its last 8 attempts, the oldest first. They stay with the job over restarts. " +
      "The attempt of a job that is taken is the last one, with the outcome running; who has taken it is known until a " +
      "restart.",
    args: { id },
    items: pastAttempt,
    reply: {
      id,
      queue,
      ...jobSummary,
      spared: {
        ...count,
        optional: true,
        summary: "How many attempts do not count: it was released or revived.",
      },
      lease,
      backoff: { ...backoff, optional: true },
      unique: { ...unique, optional: true, summary: "What id= of PUT named it." },
      trace,
      ...jobTimes,
      body: { type: "bytes", summary: "The job; its result where it is done." },
    },
    errors: { "not-found": notFound },
    class: "interactive",
    idempotent: true,
    examples: [
      {
        request: "JOB 1",
        reply: '* attempt=1 age=… ran=… outcome=failed by=… reason="421 try again later"\n' +
          "OK id=1 queue=mail key=acme priority=5 state=delayed attempt=1 attempts=10 " +
          'lease=60s age=… left=… reason="421 try again later" {11}\nhello world',
      },
    ],
  },
  LIST: {
    summary: "List jobs of a queue by number, a page at a time.",
    description:
      "Where the reply has after=, there may be more: give that to the next LIST, even where a page is empty. " +
      "Jobs that come and go meanwhile change nothing about the others. " +
      "With text=, a page ends after 1,000 jobs or 8 MiB of bodies that were looked at.",
    args: { queue },
    options: {
      state: onlyState,
      key: onlyKey,
      text: onlyText,
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
      ...jobSummary,
      unique: { ...unique, optional: true, summary: "What id= of PUT named it." },
      trace,
      ...jobTimes,
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
      {
        request: "LIST mail text=ello",
        reply: "* id=1 key=acme priority=5 state=delayed attempt=1 attempts=10 age=… left=… " +
          'reason="421 try again later" size=11\nOK count=1',
      },
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
    options: { key: { ...onlyKey, summary: "Of a queue, only jobs of this key." } },
    reply: { count: { ...count, summary: "How many were revived." } },
    errors: { ...ofJob, "not-dead": { summary: "The job is not dead." } },
    class: "bulk",
    idempotent: true,
    examples: [
      { request: "PUT chores sweep attempts=1", reply: "OK id=6", undo: "DROP $id" },
      {
        request: "TAKE chores",
        reply: "* id=6 queue=chores attempt=1 lease=60s {5}\nsweep\nOK count=1",
      },
      { request: "FAIL 6", reply: "OK state=dead" },
      { request: "WAIT 6", reply: 'ERR dead "Job 6 is dead."' },
      { request: "REVIVE 6", reply: "OK count=1" },
      { request: "REVIVE 6", reply: 'ERR not-dead "Job 6 is not dead: it is ready."' },
      { request: "REVIVE chores", reply: "OK count=0" },
      { request: "REVIVE chores key=acme", reply: "OK count=0" },
    ],
  },
} as const satisfies Protocol["commands"];
