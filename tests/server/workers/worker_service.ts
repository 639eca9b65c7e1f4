// A service whose handlers do what no handler should. It is the module of workers, so it imports little: each worker
// loads it.

import { type Protocol, Refusal, type StandardSchema } from "@lineup/lineup/protocol";
import type { Handlers } from "@lineup/lineup/server";

/** Values of every type, by name. */
export const values: Readonly<Record<string, unknown>> = {
  undefined: { a: undefined, b: [1, undefined] },
  bigint: 2n ** 70n,
  numbers: [NaN, -0, 0, Infinity, 1e-300],
  date: new Date(1234),
  map: new Map([["a", new Set([1n])]]),
  bytes: [Uint8Array.of(1, 2, 255), new Float64Array([0.5])],
  error: new RangeError("wrong", { cause: new TypeError("deeper") }),
  pattern: /a+/giu,
  holes: [1, , 3], // deno-lint-ignore no-sparse-arrays
  text: 'π\u2028\u0000\ud83d"',
  plain: { a: [{ b: null, c: true }], "": 0.1, length: 7 },
  deep: Array.from({ length: 100 }).reduce((deep) => [deep], 0),
};

const anyValue: StandardSchema<unknown, unknown> = {
  "~standard": {
    version: 1,
    vendor: "tests",
    validate: (name) => ({ value: values[name as string] }),
  },
};

export const protocol = {
  name: "workers",
  version: "1.0",
  summary: "Work of every kind.",
  commands: {
    WHO: {
      summary: "What the handler is told, and who it is.",
      reply: { thread: "text", context: "json" },
    },
    ECHO: { summary: "Answer the body.", args: { body: "bytes" }, reply: { body: "bytes" } },
    NAP: { summary: "Wait for the signal.", args: { name: "word" } },
    REST: { summary: "Wait for the signal, parked.", args: { name: "word" } },
    SPIN: { summary: "Burn CPU, deaf to the signal.", args: { name: "word" } },
    ITEMS: {
      summary: "Items without end, or so many.",
      args: { count: { type: "integer", optional: true }, size: { type: "integer", default: "1" } },
      items: { text: { type: "text", positional: true } },
      reply: { count: "integer" },
    },
    STUCK: { summary: "One item, then burn CPU.", items: { n: "integer" } },
    BROKEN: { summary: "One item, then one that is none.", items: { n: "integer" } },
    SAY: {
      summary: "Log, and answer what was parked.",
      reply: { word: { type: "text", positional: true } },
    },
    FAIL: {
      summary: "Fail in a way.",
      args: { how: "word" },
      reply: { sum: "number" },
      errors: { gone: { summary: "It is gone.", retry: true } },
    },
    END: { summary: "End the worker in a way.", args: { how: "word" } },
    TYPE: {
      summary: "Log and describe a value that a schema makes.",
      args: { value: { type: "word", schema: anyValue } },
      reply: { text: "text" },
    },
    PRINT: { summary: "Print on standard output in every way." },
    START: {
      summary: "Start a process that sleeps, perhaps in a session of its own, and spin.",
      args: { name: "word" },
    },
  },
} as const satisfies Protocol;

const thread = crypto.randomUUID();

const failures: Record<string, () => { sum: number }> = {
  throw() {
    throw new RangeError("secret", { cause: new Error("deeper") });
  },
  string() {
    throw "secret";
  },
  uncloneable() {
    throw new Error("secret", { cause: () => {} });
  },
  wrong: () => ({ sum: "secret" as unknown as number }),
  function: () => ({ sum: (() => "secret") as unknown as number }),
  nothing: () => undefined!,
  reject: () => Promise.reject(new Error("secret")) as never,
  undeclared() {
    throw new Refusal("not-declared", "secret");
  },
  gone() {
    throw new Refusal("gone", 'It is "gone".', {
      retry: 250,
      executed: "maybe",
      details: { id: "7 8" },
      cause: new Error("secret"),
    });
  },
};

const ends: Record<string, () => void | Promise<never>> = {
  throw: () => void setTimeout(() => fail("thrown in a timer"), 0),
  reject: () => void Promise.reject(new Error("rejected, unheard")),
  close: () => self.close(),
  exit: () => Deno.exit(3),
  kill: () => Deno.kill(Deno.pid, "SIGKILL"),
  heap() {
    for (const held: unknown[] = [];;) held.push(new Array(10_000).fill(held.length));
  },
  buffers() {
    for (const held: unknown[] = [];;) held.push(new Uint8Array(1 << 20).fill(1));
  },
};

function fail(message: string): never {
  throw new Error(message);
}

export const handlers: Handlers<typeof protocol> = {
  WHO: (_, { verb, client, identity, deadline, trace, signal }) => ({
    thread,
    context: {
      verb,
      client: { id: client.id, peer: client.peer, agent: client.agent, closed: client.closed },
      identity: String(identity),
      deadline: String(deadline),
      trace: String(trace),
      aborted: signal.aborted,
    },
  }),
  ECHO: ({ body }) => ({ body }),
  async NAP({ name }, { signal, log, client }) {
    const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
    log(`${name} began`);
    await aborted;
    log(`${name} was stopped`, { code: signal.reason.code, closed: client.closed });
  },
  async REST({ name }, { park, log }) {
    log(`${name} began`);
    await park(new Promise<never>(() => {})).catch(({ code }) => log(`${name} left`, { code }));
  },
  SPIN({ name }, { log }) {
    log(`${name} began`);
    for (;;);
  },
  async *ITEMS({ count = Infinity, size }, { log }) {
    let i = 0;
    try {
      for (; i < count; i++) {
        yield { text: "x".repeat(size) };
        log("made");
      }
      return { count };
    } finally {
      log("ended", { items: i });
    }
  },
  *STUCK() {
    yield { n: 1 };
    for (;;);
  },
  *BROKEN(_, { log, signal }) {
    try {
      yield { n: 1 };
      yield { n: "none" as unknown as number };
      return {};
    } finally {
      log("ended", { aborted: signal.aborted });
    }
  },
  async SAY(_, { log, park }) {
    log("said", { n: 1, f: fail });
    return { word: await park(Promise.resolve("said")) };
  },
  FAIL: ({ how }) => failures[how](),
  TYPE({ value }, { log }) {
    log("value", { value });
    return { text: Deno.inspect(value, { depth: Infinity, compact: true, breakLength: Infinity }) };
  },
  PRINT() {
    console.log("printed");
    console.info("printed");
    Deno.stdout.writeSync(new TextEncoder().encode("written\n"));
    new Deno.Command("echo", { args: ["passed on"], stdout: "inherit" }).outputSync();
  },
  START({ name }, { log }) {
    const detached = name === "session";
    const { pid } = new Deno.Command("sleep", { args: ["600"], detached }).spawn();
    log(`${name} began`, { pid });
    for (;;);
  },
  async END({ how }) {
    await ends[how]();
    await new Promise(() => {});
  },
};

// The default export is for `lineup serve` and for the module of workers.
export default { protocol, handlers };
