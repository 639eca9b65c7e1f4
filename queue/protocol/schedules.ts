// The commands of schedules: EVERY, SCHEDULES.

import type { Fields, Protocol } from "../../protocol/spec.ts";
import { bounds } from "../bounds.ts";
import { count, key, queue, readOnly } from "./fields.ts";
import { jobOptions } from "./job.ts";

const name = {
  type: "word",
  max: bounds.schedule.max,
  summary: "The schedule's name.",
} as const;
const every = {
  cron: {
    type: "text",
    max: bounds.cron.max,
    summary:
      'When, as a cron expression: minute, hour, day, month, weekday, such as "0 3 * * 1-5"; ' +
      "with the second before them where there are six fields. @daily and its like are known.",
  },
  tz: {
    type: "word",
    max: bounds.zone.max,
    summary: "The time zone of cron=, such as Europe/Berlin or +05:30. Default: UTC.",
  },
  interval: {
    type: "duration",
    min: bounds.interval.min,
    max: bounds.interval.max,
    summary: "How long between two jobs, in place of cron=.",
  },
} as const satisfies Fields;
const next = {
  type: "duration",
  summary: "How long until the next job.",
} as const;

const paused = {
  type: "boolean",
  optional: true,
  summary: "yes while it is paused, else absent.",
} as const;

/** The commands. */
export const scheduleCommands = {
  EVERY: {
    summary: "Put a job again and again, at times or intervals; or pause or end that.",
    description:
      "`EVERY name off` ends it. `EVERY name pause` keeps it and puts no job; `EVERY name resume` goes on at its next time, " +
      "and makes up for nothing. A schedule of the same name takes the place of the old one; a pause stays. " +
      "Where the server was down at the time of one or several jobs, one is put when it is back. " +
      "Each job has the id NAME@TIME, so no time has two; PUT refuses such an id.\n\n" +
      "A field of cron= is `*`, a value, a range `1-5`, a step `*/2` or `8-18/2`, or a list of these; months and " +
      "weekdays have names of three letters, and 7 is Sunday as 0 is. Where both day and weekday are given, and " +
      "neither begins with `*`, one of them is enough. There is no L, W, # or ?, and no year.\n\n" +
      "Where clocks change, an expression without `*` in minute and hour runs once for each of its times: one that " +
      "is skipped runs at the moment of the change, one that comes twice runs the first time. An expression with " +
      "`*` in one of them runs whenever the clocks show what fits.",
    args: {
      name,
      queue: {
        ...queue,
        summary: "The queue; or `off`, `pause` or `resume` to end, pause or continue the schedule.",
      },
      body: { type: "bytes", optional: true, summary: "The body of each job." },
    },
    options: { ...every, ...jobOptions },
    reply: { next: { ...next, optional: true }, paused },
    errors: {
      "not-found": { summary: "There is no schedule of this name." },
      "read-only": readOnly,
    },
    examples: [
      {
        request: 'EVERY report mail "weekly report" cron="0 8 * * 1" tz=Europe/Berlin',
        reply: "OK next=…",
        undo: "EVERY report off",
      },
      {
        request: "EVERY cleanup chores interval=1h",
        reply: "OK next=3600s",
        undo: "EVERY cleanup off",
      },
      {
        request: 'EVERY cleanup chores cron="61 * * * *"',
        reply: 'ERR bad-arguments "cron must have 0 to 59 as its minute, not 61."',
      },
      {
        request: "EVERY cleanup chores",
        reply:
          'ERR bad-arguments "EVERY needs cron= or interval=, or `off`, `pause` or `resume` in the place of the queue."',
      },
      { request: "EVERY cleanup pause", reply: "OK paused=yes", undo: "EVERY cleanup resume" },
      { request: "EVERY cleanup resume", reply: "OK next=3600s" },
      { request: "EVERY cleanup off", reply: "OK" },
      {
        request: "EVERY cleanup off",
        reply: 'ERR not-found "There is no schedule cleanup; SCHEDULES lists them."',
      },
    ],
  },
  SCHEDULES: {
    summary: "Tell of every schedule what it puts and when.",
    items: {
      name: { ...name, positional: true },
      queue,
      key: { ...key, optional: true },
      cron: { ...every.cron, optional: true },
      tz: { ...every.tz, optional: true },
      interval: { ...every.interval, optional: true },
      next: {
        ...next,
        optional: true,
        summary:
          "How long until the next job; absent while it is paused, or where this version cannot read when.",
      },
      paused,
      body: { type: "bytes", summary: "The body of each job." },
    },
    reply: { count: { ...count, summary: "How many schedules." } },
    class: "interactive",
    idempotent: true,
    examples: [
      {
        request: "SCHEDULES",
        reply:
          '* report queue=mail cron="0 8 * * 1" tz=Europe/Berlin next=… {13}\nweekly report\nOK count=1',
      },
    ],
  },
} as const satisfies Protocol["commands"];
