// The commands on keys, as data. COMMAND and COMMAND DOCS are made from it.

import type { Fields, Protocol } from "@lineup/lineup/protocol";

const key = { type: "text", max: 8192 } as const;
const keys = { ...key, many: true } as const;
const ttl = (unit: string) => ({ type: "integer", summary: `Its time to live, ${unit}.` } as const);
const wrongType = {
  "wrong-type": { summary: "The key holds a value of another type." },
} as const;
const outOfMemory = {
  "out-of-memory": { summary: "The keys take all the memory that they may have." },
} as const;
const writes = { ...wrongType, ...outOfMemory } as const;
const popped = { type: "text", many: true, positional: true, optional: true } as const;

const push = {
  args: { key, element: { type: "text", many: true } },
  reply: { length: "integer" },
  errors: writes,
} as const;
const pop = {
  args: { key, count: { type: "integer", min: 0, optional: true } },
  reply: { element: "json" },
  errors: wrongType,
} as const;
const blockingPop = {
  args: { key: keys },
  options: {
    timeout: { type: "number", required: true, summary: "In seconds; 0: wait for ever." },
  },
  reply: { popped },
  errors: wrongType,
} as const;
const expire = {
  args: {
    key,
    time: "integer",
    condition: { type: "enum", values: ["NX", "XX", "GT", "LT"], many: true, optional: true },
  },
  reply: { set: "integer" },
} as const;
const timeLeft = { args: { key }, reply: { time: "integer" }, idempotent: true } as const;
const counted = { args: { key: keys }, reply: { count: "integer" } } as const satisfies {
  args: Fields;
  reply: Fields;
};

/** The protocol. */
export const protocol = {
  name: "redis",
  version: "7.0",
  summary: "Keys with strings and lists, as Redis has them.",
  commands: {
    GET: {
      summary: "The string of a key.",
      args: { key },
      reply: { value: "text?" },
      errors: wrongType,
      idempotent: true,
    },
    SET: {
      summary: "Set the string of a key.",
      args: { key, value: "text" },
      options: {
        ex: ttl("in seconds"),
        px: ttl("in milliseconds"),
        exat: ttl("as seconds since the Unix epoch"),
        pxat: ttl("as milliseconds since the Unix epoch"),
        keepttl: { type: "boolean", summary: "Keep the time to live." },
        nx: { type: "boolean", summary: "Only where the key is not there." },
        xx: { type: "boolean", summary: "Only where the key is there." },
        get: { type: "boolean", summary: "Answer the string before." },
      },
      reply: { value: "json" },
      errors: writes,
    },
    MGET: {
      summary: "The strings of some keys.",
      args: { key: keys },
      reply: { values: "json" },
      idempotent: true,
    },
    MSET: {
      summary: "Set the strings of some keys.",
      args: { "key-value": { ...key, max: undefined, many: true } },
      errors: outOfMemory,
    },
    INCR: {
      summary: "Add 1 to the integer of a key.",
      args: { key },
      reply: { value: "json" },
      errors: writes,
    },
    STRLEN: {
      summary: "The length of the string of a key.",
      args: { key },
      reply: { length: "integer" },
      errors: wrongType,
      idempotent: true,
    },
    DEL: { summary: "Remove keys.", ...counted },
    EXISTS: { summary: "Count the keys that are there.", ...counted, idempotent: true },
    TYPE: {
      summary: "The type of the value of a key.",
      args: { key },
      reply: { type: "word" },
      idempotent: true,
    },
    EXPIRE: { summary: "Set the time to live of a key, in seconds.", ...expire },
    PEXPIRE: { summary: "Set the time to live of a key, in milliseconds.", ...expire },
    TTL: { summary: "The time to live of a key, in seconds.", ...timeLeft },
    PTTL: { summary: "The time to live of a key, in milliseconds.", ...timeLeft },
    PERSIST: {
      summary: "Remove the bound on the time to live of a key.",
      args: { key },
      reply: { removed: "integer" },
    },
    SCAN: {
      summary: "Some of the keys, and a cursor for the next ones; 0 ends the scan.",
      args: { cursor: "text" },
      options: {
        match: { type: "text", max: 1024, summary: "A pattern with *, ? and [a-z]." },
        count: { type: "integer", summary: "How many keys to look at, roughly." },
        type: { type: "text", summary: "The type of the values." },
      },
      reply: { scanned: "json" },
      idempotent: true,
    },
    DBSIZE: { summary: "Count the keys.", reply: { count: "integer" }, idempotent: true },
    FLUSHALL: {
      summary: "Remove all keys.",
      options: {
        async: { type: "boolean", summary: "Changes nothing: it takes no time." },
        sync: { type: "boolean", summary: "Changes nothing." },
      },
    },

    LPUSH: { summary: "Add elements to the left of a list.", ...push },
    RPUSH: { summary: "Add elements to the right of a list.", ...push },
    LPOP: { summary: "Remove elements from the left of a list.", ...pop },
    RPOP: { summary: "Remove elements from the right of a list.", ...pop },
    LLEN: {
      summary: "The length of a list.",
      args: { key },
      reply: { length: "integer" },
      errors: wrongType,
      idempotent: true,
    },
    LRANGE: {
      summary: "The elements of a list from one index to another.",
      args: { key, start: "integer", stop: "integer" },
      reply: { elements: { type: "text", many: true, positional: true } },
      errors: wrongType,
      idempotent: true,
    },
    BLPOP: {
      summary: "Remove the left element of the first list that has one, or wait for one.",
      ...blockingPop,
    },
    BRPOP: {
      summary: "Remove the right element of the first list that has one, or wait for one.",
      ...blockingPop,
    },
  },
} as const satisfies Protocol;
