// The built-in commands without their texts for people: a client in a browser stays small. A test compares them with
// `builtin`.

import type { Command } from "../../protocol/spec.ts";

const word = { type: "word", positional: true } as const;
const text = { type: "text", positional: true } as const;

/** The built-in commands as a client calls them. All are idempotent. */
export const builtinCalls: Readonly<Record<string, Omit<Command, "summary">>> = {
  HELLO: {
    args: { version: "word" },
    options: {
      agent: { type: "text", max: 128 },
      timing: "boolean",
      events: "boolean",
      "half-close": "boolean",
      heartbeat: { type: "duration", min: 1000, max: 3_600_000 },
      protocol: { type: "word", max: 128 },
      rights: "boolean",
    },
    reply: {
      version: word,
      protocol: word,
      "max-line": "size",
      "max-body": "size",
      "max-in-flight": "integer?",
      auth: { type: "enum", values: ["none", "optional", "required"] },
      identity: "text?",
      body: "json?",
    },
  },
  AUTH: { args: { token: { type: "text", max: 256 } }, reply: { identity: "text" } },
  HELP: { args: { verb: "word?" }, reply: { body: "text" } },
  SPEC: { reply: { body: "json" } },
  PING: { args: { word: "text?" }, reply: { word: text } },
  STATS: { items: { name: word, value: text }, reply: { count: "integer" } },
  CANCEL: { args: { tag: "word" } },
  QUIT: { reply: { word: text } },
};
