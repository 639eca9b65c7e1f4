// The services of the recorded sessions. Each is in memory, on a clock of its own and without randomness.

import { type Protocol, Refusal } from "@lineup/lineup/protocol";
import { memoryStore, openQueue, queueProtocol } from "@lineup/lineup/queue";
import {
  type Handlers,
  type Listener,
  serve,
  type ServeOptions,
  type Server,
} from "@lineup/lineup/server";
import calc from "../../examples/calc.ts";
import type { VirtualClock } from "../../testing/virtual_clock.ts";

/** Serves at a listener. `options` are the options of the service that JSON can express. */
export type Service = (
  listener: Listener,
  clock: VirtualClock,
  options: Readonly<Record<string, unknown>>,
) => Promise<Server>;

const trial = {
  name: "trial",
  version: "1.2",
  summary: "Has a value of every type, streams, waits, and fails in every way.",
  commands: {
    ECHO: { summary: "Answer the body.", args: { body: "bytes" }, reply: { body: "bytes" } },
    TEXT: { summary: "Answer the body as text.", args: { body: "text" }, reply: { body: "text" } },
    JSON: { summary: "Answer the body as JSON.", args: { body: "json" }, reply: { body: "json" } },
    SAY: {
      summary: "Answer the word.",
      args: { word: { type: "text", max: 2000 }, n: { type: "integer", min: 1, optional: true } },
      reply: { word: { type: "text", positional: true } },
      idempotent: true,
    },
    TYPES: {
      summary: "Answer a value of each type.",
      options: {
        text: { type: "text", min: 1, max: 5, optional: true },
        word: "word?",
        integer: { type: "integer", min: -5, max: 5, optional: true },
        number: { type: "number", min: 0, max: 1e6, optional: true },
        boolean: "boolean?",
        duration: { type: "duration", max: 86_400_000, optional: true },
        size: { type: "size", max: 1 << 30, optional: true },
        bytes: "bytes?",
        json: "json?",
        enum: { type: "enum", values: ["red", "green"], optional: true },
      },
      reply: {
        text: "text?",
        word: "word?",
        integer: "integer?",
        number: "number?",
        boolean: "boolean?",
        duration: "duration?",
        size: "size?",
        bytes: "bytes?",
        json: "json?",
        enum: { type: "enum", values: ["red", "green"], optional: true },
      },
    },
    MANY: {
      summary: "Answer all words, and a default.",
      args: { word: { type: "word", many: true } },
      options: { level: { type: "integer", default: "3" } },
      reply: { level: "integer", count: "integer" },
    },
    HOLD: {
      summary: "Keep a seat for a while.",
      args: { time: "duration" },
      reply: { word: { type: "text", positional: true } },
    },
    WAIT: {
      summary: "Wait for a while without a seat.",
      args: { time: "duration" },
      reply: { word: { type: "text", positional: true } },
    },
    FLOW: {
      summary: "Answer so many items, at an interval.",
      args: { count: "integer" },
      options: { every: { type: "duration", optional: true } },
      items: { n: { type: "integer", positional: true }, body: { type: "bytes", optional: true } },
      reply: { count: "integer" },
      class: "bulk",
    },
    FAIL: {
      summary: "Fail in a way.",
      args: { how: "word" },
      items: { sum: "number" },
      reply: { sum: "number" },
      errors: { gone: { summary: "It is gone.", retry: true } },
    },
    SECRET: { summary: "For administrators.", role: "admin" },
  },
} as const satisfies Protocol;

/** Yields items, then throws an error. */
function* failing(error: Error, ...items: { sum: number }[]): Generator<{ sum: number }, never> {
  yield* items;
  throw error;
}

const secret = "a secret";
const noSum = { sum: secret as unknown as number };

/** The ways in which FAIL fails. */
const failures: Readonly<Record<string, () => Generator<{ sum: number }, { sum: number }>>> = {
  throw: () => failing(new Error(secret)),
  late: () => failing(new Error(secret), { sum: 1 }),
  item: () => failing(new Error(secret), noSum),
  *wrong() {
    yield* [];
    return noSum;
  },
  undeclared: () => failing(new Refusal("not-declared", secret)),
  gone: () =>
    failing(
      new Refusal("gone", 'It is "gone".\n', {
        retry: 249.5,
        executed: "maybe",
        details: { id: "7 8" },
      }),
    ),
  detail: () => failing(new Refusal("gone", secret, { details: { "a b\nOK": "1" } })),
  half: () =>
    failing(new Refusal("gone", "half \ud83d", { details: { id: "\udc00" }, retry: Infinity })),
  forbidden: () => failing(new Refusal("forbidden", "Not for you.")),
  quota: () =>
    failing(new Refusal("quota", "Enough.", { retry: 5, details: { scope: "identity" } })),
  long: () => failing(new Refusal("gone", "x".repeat(70_000))),
};

function trialHandlers(clock: VirtualClock): Handlers<typeof trial> {
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => void clock.after(ms, resolve));
  return {
    ECHO: ({ body }) => ({ body }),
    TEXT: ({ body }) => ({ body }),
    JSON: ({ body }) => ({ body }),
    SAY: ({ word }) => ({ word }),
    TYPES: (values) => values,
    MANY: ({ word, level }) => ({ level, count: word.length }),
    HOLD: async ({ time }) => {
      await pause(time);
      return { word: "held" };
    },
    WAIT: async ({ time }, { park }) => {
      await park(pause(time));
      return { word: "waited" };
    },
    async *FLOW({ count, every }, { park }) {
      for (let n = 0; n < count; n++) {
        yield n % 2 === 0 ? { n } : { n, body: new Uint8Array(n).fill(0x62) };
        if (every !== undefined) await park(pause(every));
      }
      return { count };
    },
    *FAIL({ how }) {
      return yield* failures[how]();
    },
    SECRET: () => {},
  };
}

function base(listener: Listener, clock: VirtualClock, options: ServeOptions): ServeOptions {
  // The server logs incidents, and these tests do not need them.
  return { listen: [listener], clock, random: () => 0.5, log: () => {}, ...options };
}

/** Services by name. */
export const services: Readonly<Record<string, Service>> = {
  trial: (listener, clock, options) =>
    serve(trial, trialHandlers(clock), base(listener, clock, options)),

  calc: (listener, clock, options) =>
    serve(calc.protocol, calc.handlers, base(listener, clock, options)),

  /** The queue. `options` are the options of the queue, `serve` those of its server. */
  async queue(listener, clock, { serve: serveOptions = {}, ...options }) {
    const queue = await openQueue({
      store: memoryStore(),
      clock,
      random: () => 0.5,
      log: () => {},
      yield: queueMicrotask,
      ...options,
    });
    const server = await serve(queueProtocol, queue.handlers, {
      ...base(listener, clock, { stats: queue.stats }),
      ...serveOptions as ServeOptions,
    });
    const shutdown = async (): Promise<void> => {
      await server.shutdown();
      await queue.close();
    };
    return { ...server, shutdown };
  },
};
