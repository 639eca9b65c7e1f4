// The commands of clients that have work: PUT, WAIT, and those of schedules.

import type { Protocol } from "../../protocol/spec.ts";
import { bounds } from "../bounds.ts";
import { dead, id, notFound, queue, readOnly, unique } from "./fields.ts";
import { jobOptions } from "./job.ts";
import { scheduleCommands } from "./schedules.ts";

/** Undoes an example of PUT. */
const undo = "DROP $id";

/** The commands of producers. */
export const producer = {
  PUT: {
    summary: "Put a job into a queue.",
    description:
      "Where the queue has a job of the same id= already, in whatever state, nothing is put, " +
      "and the reply tells that job's number and `duplicate=yes`.",
    args: {
      queue,
      body: { type: "bytes", summary: "The job: any bytes." },
    },
    options: {
      ...jobOptions,
      delay: {
        type: "duration",
        min: bounds.delay.min,
        max: bounds.delay.max,
        default: bounds.delay.default,
        summary: "How long before it is ready.",
      },
      id: unique,
    },
    reply: {
      id,
      duplicate: {
        type: "boolean",
        optional: true,
        summary: "Whether the job was there before.",
      },
    },
    errors: { "read-only": readOnly },
    examples: [
      { request: 'PUT mail "hello world" key=acme', reply: "OK id=1", undo },
      {
        request: "PUT mail priority=0 {6}\nurgent",
        reply: "OK id=2",
        undo,
        summary: "A counted body: any bytes; and ahead of the other jobs.",
      },
      { request: "PUT mail later delay=1h", reply: "OK id=3", undo },
      {
        request: "PUT video encode lease=10m attempts=3 backoff=30s",
        reply: "OK id=4",
        undo,
        summary:
          "Three attempts of ten minutes each, the second 15 to 30 seconds after the first failed.",
      },
      {
        request: "PUT video thumbnail id=thumb-17 result=keep expires=1d",
        reply: "OK id=5",
        undo,
        summary: "The only one of its name, and of no use any more after a day.",
      },
      { request: "PUT video thumbnail id=thumb-17", reply: "OK id=5 duplicate=yes" },
      {
        request: "PUT mail x priority=11",
        reply: 'ERR bad-arguments "priority must be an integer, 0 to 9, not \\"11\\". Usage: …"',
      },
    ],
  },
  WAIT: {
    summary: "Wait until a job is done, and get its result.",
    description:
      "Request and response through the queue. A result is told to those who wait for it; " +
      "to those who come later only where PUT said result=keep. Give within= to wait no longer than that.",
    args: { id },
    reply: { body: { type: "bytes", optional: true, summary: "The result, where DONE gave one." } },
    errors: { "not-found": notFound, dead },
    class: "interactive",
    idempotent: true,
    examples: [
      {
        request: "WAIT 1 within=50ms",
        reply: 'ERR expired "…',
        summary: "It was not done in time; it still may be.",
      },
      {
        request: "WAIT 99",
        reply: 'ERR not-found "There is no job 99: it is done, or never was."',
      },
    ],
  },
  ...scheduleCommands,
} as const satisfies Protocol["commands"];
