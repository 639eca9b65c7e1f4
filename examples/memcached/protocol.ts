// The service, as data: the commands that the cache serves. The types of its handlers come from here.

import type { Protocol } from "@lineup/lineup";

// Each character of a key or value stands for a byte, whatever the byte means.
const key = { type: "text", min: 1, max: 250 } as const;
/** 0: never. Up to 30 days: in so many seconds. Above: at this Unix time. Below 0: at once. */
const exptime = "integer?";
/** A number that changes with the item. */
const cas = "integer?";
const value = "text?";
const outcome = {
  type: "enum",
  values: ["STORED", "NOT_STORED", "EXISTS", "NOT_FOUND", "DELETED", "CHANGED"],
} as const;

/** The protocol of the cache. */
export const protocol = {
  name: "memcached",
  version: "1.6",
  summary: "A cache of keys and values, in bounded memory.",
  commands: {
    GET: {
      summary: "The item under a key. With touch, it expires then.",
      args: { key },
      options: { touch: exptime },
      reply: { flags: "integer?", cas, value },
    },
    MULTIGET: {
      summary: "The items under several keys, sent no faster than the client reads.",
      args: { keys: { type: "text", many: true } },
      options: { touch: exptime },
      items: { key, flags: "integer", cas: "integer", value: "text" },
    },
    LOOKUP: {
      summary: "The item under a key, with what is known of it, for clients that renew items.",
      description:
        "A client that has won renews the item. The others see sent, and wait or take what is there.",
      args: { key },
      options: {
        touch: exptime,
        create: {
          type: "integer",
          summary: "If there is none, make an empty one that expires then.",
        },
        recache: { type: "integer", summary: "Let one client win if it expires sooner than this." },
        peek: { type: "boolean", summary: "This is no use of the item." },
      },
      reply: {
        flags: "integer?",
        cas,
        ttl: { type: "integer", optional: true, summary: "Seconds; -1: it does not expire." },
        idle: { type: "integer", optional: true, summary: "Seconds since its last use." },
        fetched: "boolean?",
        stale: "boolean?",
        sent: "boolean?",
        won: "boolean?",
        value,
      },
    },
    STORE: {
      summary: "Store a value under a key. Without a value: it is too large.",
      args: { key, value },
      options: {
        mode: {
          type: "enum",
          values: ["set", "add", "replace", "append", "prepend"],
          default: "set",
        },
        flags: { type: "integer", default: "0" },
        exptime: { type: "integer", default: "0" },
        cas: { type: "integer", summary: "Only if the item has this number." },
        invalidate: { type: "boolean", summary: "If the item has a later one, store it as stale." },
      },
      reply: { outcome, cas },
      errors: { "too-large": { summary: "An item holds at most 1 MiB." } },
    },
    DELETE: {
      summary: "Remove an item, or mark it as stale.",
      args: { key },
      options: { cas, stale: "boolean?", exptime },
      reply: { outcome },
    },
    CHANGE: {
      summary: "Add to the number under a key, or take away from it, but not below 0.",
      args: { key, by: { type: "text", summary: "A decimal number of 64 bits." } },
      options: { down: "boolean?", cas, touch: exptime, create: exptime, initial: "text?" },
      reply: { outcome, cas, ttl: "integer?", value },
      errors: { "not-a-number": { summary: "The value is not a decimal number of 64 bits." } },
    },
    TOUCH: {
      summary: "Change when an item expires.",
      args: { key, exptime: "integer" },
      reply: { found: "boolean" },
    },
    "FLUSH-ALL": {
      summary: "Forget all items that are there, now or at a time.",
      args: { exptime: "integer" },
    },
    VERBOSITY: {
      summary: "Set the level that stats settings shows. Lineup's log has one level.",
      args: { level: "integer" },
    },
    "RESET-STATS": { summary: "Count from 0 again." },
    VERSION: { summary: "The version.", reply: { version: "word" } },
    NOOP: { summary: "Answer, so that a client knows that all before is answered." },
  },
} as const satisfies Protocol;
