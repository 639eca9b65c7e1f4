// What a client needs of the commands that every server answers: a part of `standing`, which a test compares, without
// its words for people.

import type { Command } from "./spec.ts";

/** The standing commands as a client calls them; each may be sent again. */
export const standingCalls: Readonly<Record<string, Omit<Command, "summary">>> = {
  HELLO: {
    args: { version: "word" },
    options: { agent: { type: "text", max: 128 }, timing: "boolean", events: "boolean" },
    reply: {
      version: { type: "word", positional: true },
      protocol: { type: "word", positional: true },
      "max-line": "size",
      "max-body": "size",
      auth: { type: "enum", values: ["none", "token"] },
      identity: "text?",
    },
    idempotent: true,
  },
  HELP: { args: { verb: "word?" }, reply: { body: "text" }, idempotent: true },
  SPEC: { reply: { body: "json" }, idempotent: true },
  PING: {
    args: { word: "text?" },
    reply: { word: { type: "text", positional: true } },
    idempotent: true,
  },
  STATS: {
    items: {
      name: { type: "word", positional: true },
      value: { type: "text", positional: true },
    },
    reply: { count: "integer" },
    idempotent: true,
  },
  CANCEL: { args: { tag: "word" }, reply: {}, idempotent: true },
  QUIT: { reply: { word: { type: "text", positional: true } }, idempotent: true },
};
