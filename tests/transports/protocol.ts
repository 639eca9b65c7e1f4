import type { Protocol } from "../../protocol/spec.ts";

/** The protocol of the suite. The cases share one server; names keep their requests apart. */
export const protocol = {
  name: "suite",
  version: "1.0",
  summary: "What the suite of transports needs.",
  commands: {
    SUM: { summary: "Add.", args: { a: "number", b: "number" }, reply: { sum: "number" } },
    SAY: {
      summary: "Say it again.",
      args: { text: "text" },
      reply: { text: { type: "text", positional: true } },
    },
    ECHO: { summary: "Send the bytes back.", args: { body: "bytes" }, reply: { body: "bytes" } },
    FAIL: {
      summary: "Refuse.",
      errors: { "no-luck": { summary: "Not today.", retry: true } },
    },
    SHUFFLE: {
      summary: "Answer in another order, once so many have asked.",
      args: { name: "word", of: "integer", n: "integer" },
      reply: { n: "integer" },
    },
    COUNT: {
      summary: "Count up to a number.",
      args: { to: "integer" },
      items: { n: "integer" },
      reply: { count: "integer" },
    },
    FLOW: {
      summary: "Items without end.",
      args: { name: "word", size: "integer" },
      items: { text: "text" },
    },
    PRODUCED: {
      summary: "How many items a FLOW has made.",
      args: { name: "word" },
      reply: { count: "integer" },
    },
    ENDED: { summary: "Wait until a FLOW has ended.", args: { name: "word" } },
    HOLD: { summary: "Wait for RELEASE.", args: { name: "word" }, reply: { name: "word" } },
    RELEASE: { summary: "Let a HOLD answer.", args: { name: "word" } },
    BEGUN: { summary: "Wait until a HOLD has begun.", args: { name: "word" } },
    ABORTED: {
      summary: "Wait until a HOLD that has begun is aborted.",
      args: { name: "word" },
      reply: { begun: "boolean" },
    },
    FLAKY: {
      summary: "Lose this connection the first time, answer the second.",
      args: { name: "word" },
      reply: { times: "integer" },
      idempotent: true,
    },
    ONCE: {
      summary: "Lose this connection, however often it is asked.",
      args: { name: "word" },
      reply: { times: "integer" },
    },
    TIMES: {
      summary: "How often FLAKY or ONCE was done.",
      args: { name: "word" },
      reply: { times: "integer" },
    },
    CUT: {
      summary: "Lose this connection after an item, once RELEASE tells that it has come.",
      args: { name: "word" },
      items: { n: "integer" },
    },
  },
} as const satisfies Protocol;
