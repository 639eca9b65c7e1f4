// beanstalkd's protocol as data: every command, its arguments, its reply and its errors. The names of commands are upper
// case here, as in every protocol; on the wire they are lower case.

import type { ErrorSpec } from "../../protocol/errors.ts";
import type { FieldSpec, Protocol } from "../../protocol/spec.ts";

/** The highest number of 32 bits: priorities, seconds, bytes. */
export const MOST_32 = 2 ** 32 - 1;
/** The longest name of a tube. */
export const LONGEST_TUBE = 200;

const id = {
  type: "integer",
  min: 0,
  summary: "The number of the job.",
} as const satisfies FieldSpec;
const priority = {
  type: "integer",
  min: 0,
  max: MOST_32,
  summary: "Its priority: the most urgent is 0.",
} as const satisfies FieldSpec;
const delay = {
  type: "integer",
  min: 0,
  max: MOST_32,
  summary: "How long before it is ready, in seconds; at most a year.",
} as const satisfies FieldSpec;
const tube = {
  type: "word",
  max: LONGEST_TUBE,
  summary: "The name of a tube: letters, digits and -+/;.$_(), no hyphen first.",
} as const satisfies FieldSpec;
const count = { type: "integer", min: 0 } as const satisfies FieldSpec;
const body = { type: "bytes", summary: "The body of the job." } as const satisfies FieldSpec;
const yaml = { body: { type: "text", summary: "YAML." } } as const;

const notFound = {
  summary: "There is no such job or tube, or the job is not in a state for this, or not yours.",
} as const satisfies ErrorSpec;
const notTaken = {
  summary: "The job is not reserved by this client.",
} as const satisfies ErrorSpec;
const readOnly = {
  summary: "The store failed, so nothing can change until it works again.",
  retry: true,
} as const satisfies ErrorSpec;
const timedOut = { summary: "No job came in time." } as const satisfies ErrorSpec;
const deadlineSoon = {
  summary: "No job is ready, and one that this client has reserved is in its last second.",
} as const satisfies ErrorSpec;

const ofJob = {
  "not-found": notFound,
  "not-taken": notTaken,
  "not-dead": notFound,
  "read-only": readOnly,
} as const;
const ofReserve = {
  "timed-out": timedOut,
  "deadline-soon": deadlineSoon,
  "read-only": readOnly,
} as const;
const peek = {
  reply: { id, body },
  errors: { "not-found": notFound },
  class: "interactive",
  idempotent: true,
} as const;
const look = { reply: yaml, class: "interactive", idempotent: true } as const;

/** beanstalkd's protocol 1.13, on the jobs of a queue. */
export const beanstalkdProtocol = {
  name: "beanstalkd",
  version: "1.13",
  summary: "The jobs of the queue for clients of beanstalkd.",
  commands: {
    PUT: {
      summary: "Put a job into the tube that is used.",
      args: {
        priority,
        delay,
        ttr: {
          type: "integer",
          min: 0,
          max: MOST_32,
          summary: "How long a worker has, in seconds: at least 1, at most 30 days.",
        },
        body,
      },
      reply: { id },
      errors: {
        "read-only": readOnly,
        "expected-crlf": { summary: "The body does not end where it should.", ends: "connection" },
      },
    },
    USE: { summary: "Put jobs into this tube from now on.", args: { tube }, reply: { tube } },
    RESERVE: {
      summary: "Take a job of the watched tubes; wait for one.",
      reply: { id, body },
      errors: ofReserve,
    },
    "RESERVE-WITH-TIMEOUT": {
      summary: "Take a job of the watched tubes; wait no longer than this.",
      args: {
        seconds: {
          type: "integer",
          min: 0,
          summary: "How long to wait, in seconds; at most 68 years.",
        },
      },
      reply: { id, body },
      errors: ofReserve,
    },
    "RESERVE-JOB": {
      summary: "Take this job: one that is ready, delayed or buried.",
      args: { id },
      reply: { id, body },
      errors: ofJob,
    },
    DELETE: { summary: "Remove a job.", args: { id }, errors: ofJob },
    RELEASE: {
      summary: "Give a reserved job back.",
      args: { id, priority, delay },
      errors: ofJob,
    },
    BURY: {
      summary: "Set a reserved job aside until it is kicked.",
      args: { id, priority },
      errors: ofJob,
    },
    TOUCH: { summary: "Begin the time of a reserved job anew.", args: { id }, errors: ofJob },
    WATCH: { summary: "Reserve from this tube too.", args: { tube }, reply: { count } },
    IGNORE: {
      summary: "Reserve from this tube no longer.",
      args: { tube },
      reply: { count },
      errors: { "not-ignored": { summary: "It is the only watched tube." } },
    },
    PEEK: { summary: "Look at a job.", args: { id }, ...peek },
    "PEEK-READY": { summary: "Look at the next ready job of the tube that is used.", ...peek },
    "PEEK-DELAYED": {
      summary: "Look at the delayed job of the tube that is used that is ready first.",
      ...peek,
    },
    "PEEK-BURIED": {
      summary: "Look at the job of the tube that is used that was buried first.",
      ...peek,
    },
    KICK: {
      summary:
        "Make buried jobs of the tube that is used ready; delayed ones where there are none.",
      args: { most: { ...count, summary: "How many at most." } },
      reply: { count },
      errors: { "read-only": readOnly },
    },
    "KICK-JOB": {
      summary: "Make a buried or delayed job ready.",
      args: { id },
      errors: ofJob,
    },
    STATS: { summary: "Tell the figures of the server.", ...look },
    "STATS-JOB": {
      summary: "Tell all of a job.",
      args: { id },
      errors: { "not-found": notFound },
      ...look,
    },
    "STATS-TUBE": {
      summary: "Tell the figures of a tube.",
      args: { tube },
      errors: { "not-found": notFound },
      ...look,
    },
    "LIST-TUBES": { summary: "List all tubes.", ...look },
    "LIST-TUBE-USED": { summary: "Tell the tube that is used.", reply: { tube } },
    "LIST-TUBES-WATCHED": { summary: "List the watched tubes.", ...look },
    "PAUSE-TUBE": {
      summary: "Let nobody reserve from a tube for so long.",
      args: { tube, delay: { ...delay, summary: "How long, in seconds." } },
      errors: { "not-found": notFound },
    },
  },
} as const satisfies Protocol;
