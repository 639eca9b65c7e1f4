// The descriptions of the built-in commands of Lineup/1.

import type { Protocol, WithCommands } from "../../protocol/spec.ts";

/** The built-in commands, as a protocol. */
export const builtin = {
  name: "lineup",
  version: "1",
  summary: "What every server answers.",
  commands: {
    HELLO: {
      summary: "Agree on the version, and choose what replies carry.",
      args: {
        version: { type: "word", summary: "The version of the wire protocol: lineup/1." },
      },
      options: {
        agent: { type: "text", max: 128, summary: "The client's name, for the server's log." },
        timing: { type: "boolean", summary: "Add waited= and took= (ms) to every final line." },
        events: { type: "boolean", summary: "Send events such as `! draining within=10s`." },
        "half-close": {
          type: "boolean",
          summary:
            "off: the end of your side means that you are gone, and cancels what is in flight.",
        },
        heartbeat: {
          type: "duration",
          min: 1000,
          max: 3_600_000,
          summary:
            "Something comes from you at least so often: else you are given up after 2.5 times as long.",
        },
        protocol: {
          type: "word",
          max: 128,
          summary:
            "The protocol to speak, such as calc/1.0, of those that the greeting names. Default: its first.",
        },
        rights: {
          type: "boolean",
          summary: "Tell in the body what your identity may do: its roles and its grants.",
        },
      },
      reply: {
        version: { type: "word", positional: true },
        protocol: { type: "word", positional: true },
        "max-line": "size",
        "max-body": "size",
        "max-in-flight": { type: "integer", optional: true },
        auth: { type: "enum", values: ["none", "optional", "required"] },
        identity: { type: "text", optional: true },
        body: {
          type: "json",
          optional: true,
          summary: "The rights of the identity, where rights= asks for them.",
        },
      },
      errors: {},
      idempotent: true,
      class: "interactive",
      examples: [{
        request: "HELLO lineup/1 agent=docs",
        reply: "OK lineup/1 … max-line=… max-body=… auth=…",
      }],
    },
    AUTH: {
      summary: "Prove an identity, where the server has some (auth= of the greeting).",
      args: { token: { type: "text", max: 256, summary: "The token of the identity." } },
      reply: { identity: { type: "text", summary: "The name of the identity." } },
      idempotent: true,
      class: "interactive",
      examples: [{ request: "AUTH wrong", reply: "ERR unauthenticated …" }],
    },
    HELP: {
      summary: "Explain the protocol or one command to a person.",
      args: { verb: { type: "word", optional: true, summary: "A command." } },
      reply: { body: { type: "text", summary: "The explanation." } },
      idempotent: true,
      class: "interactive",
      examples: [{ request: "HELP PING", reply: "OK {…}\n…" }],
    },
    SPEC: {
      summary: "Send the protocol as JSON: what a client needs for completion, checks and types.",
      reply: { body: { type: "json", summary: "The protocol." } },
      idempotent: true,
      class: "interactive",
      examples: [{ request: "SPEC", reply: "OK {…}\n…" }],
    },
    PING: {
      summary: "Answer at once.",
      args: { word: { type: "text", optional: true, summary: "Answered instead of pong." } },
      reply: { word: { type: "text", positional: true } },
      idempotent: true,
      class: "interactive",
      examples: [
        { request: "PING", reply: "OK pong" },
        { request: 'PING "are you there?"', reply: 'OK "are you there?"' },
      ],
    },
    STATS: {
      summary: "Tell the server's figures.",
      items: {
        name: { type: "word", positional: true },
        value: { type: "text", positional: true },
      },
      reply: { count: "integer" },
      idempotent: true,
      class: "interactive",
      examples: [{ request: "STATS", reply: "* …\nOK count=…" }],
    },
    CANCEL: {
      summary: "Stop a request of this connection that waits or runs.",
      args: { tag: { type: "word", summary: "Its tag, without the #." } },
      reply: {},
      errors: { "not-found": { summary: "No request with this tag waits or runs." } },
      idempotent: true,
      class: "interactive",
      examples: [{
        request: "CANCEL a",
        reply: 'ERR not-found "No request with the tag a waits or runs."',
      }],
    },
    QUIT: {
      summary: "Answer what is in flight, then close.",
      reply: { word: { type: "text", positional: true } },
      idempotent: true,
      class: "interactive",
      examples: [{ request: "QUIT", reply: "OK bye" }],
    },
  },
} as const satisfies Protocol;

/** The commands of `builtin`. */
export type BuiltinCommands = typeof builtin.commands;

/** The commands that a client of a protocol may call: its own and the built-in ones. */
export type CommandsOf<P extends WithCommands> = P["commands"] & BuiltinCommands;
