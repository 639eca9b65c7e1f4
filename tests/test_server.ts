// A server whose handlers do what a test tells them.

import { type Protocol, Refusal } from "@lineup/lineup/protocol";
import {
  type Handlers,
  listenMemory,
  type LogEntry,
  type MemoryListener,
  serve,
  type ServeOptions,
  type Server,
} from "@lineup/lineup/server";
import { VirtualClock } from "../testing/virtual_clock.ts";
import { RawClient } from "./raw_client.ts";

export const protocol = {
  name: "tests",
  version: "1.0",
  summary: "Does what a test says.",
  commands: {
    ECHO: {
      summary: "Answer the body.",
      args: { body: "bytes" },
      reply: { body: "bytes" },
    },
    SAY: {
      summary: "Answer the word.",
      args: {
        word: { type: "text", max: 2000 },
        n: { type: "integer", min: 1, max: 9, optional: true },
      },
      reply: { word: { type: "text", positional: true } },
    },
    HOLD: {
      summary: "Keep a seat until the test lets go.",
      args: { name: "word?" },
      reply: { word: { type: "text", positional: true } },
    },
    WAIT: {
      summary: "Wait without a seat until the test lets go.",
      args: { name: "word?" },
      reply: { word: { type: "text", positional: true } },
    },
    FLOW: {
      summary: "Items without end, or so many.",
      args: { count: { type: "integer", optional: true }, size: { type: "integer", default: "1" } },
      items: { text: { type: "text", positional: true } },
      reply: { count: "integer" },
    },
    FAIL: {
      summary: "Fail in a way.",
      args: { how: "word" },
      reply: { sum: "number" },
      errors: { gone: { summary: "It is gone.", retry: true } },
    },
    SECRET: { summary: "For administrators.", role: "admin" },
  },
} as const satisfies Protocol;

const SECRET = "secret /etc/passwd";

// The ways in which FAIL fails, by name.
const failures: Record<string, () => { sum: number }> = {
  throw() {
    throw new Error(SECRET);
  },
  string() {
    throw SECRET;
  },
  nothing: () => undefined!,
  wrong: () => ({ sum: SECRET as unknown as number }),
  reject: () => Promise.reject(new Error(SECRET)) as never,
  undeclared() {
    throw new Refusal("not-declared", SECRET);
  },
  detail() {
    throw new Refusal("gone", SECRET, { details: { "a b\nOK": "1" } });
  },
  twice() {
    throw new Refusal("gone", SECRET, { details: { retry: "1" } });
  },
  gone() {
    throw new Refusal("gone", 'It is "gone".\n', {
      retry: 249.5,
      executed: "maybe",
      details: { id: "7 8" },
      cause: new Error(SECRET),
    });
  },
  half() {
    throw new Refusal("gone", "half \ud83d", { details: { id: "\udc00" }, retry: Infinity });
  },
  forbidden() {
    throw new Refusal("forbidden", "Not for you.");
  },
  quota() {
    throw new Refusal("quota", "Enough.", { retry: 5, details: { scope: "identity" } });
  },
};

/** A request that waits until a test lets it go on. */
export interface Hold {
  readonly name: string;
  readonly signal: AbortSignal;
  /** Lets the request go on: it answers with `word`. */
  readonly go: (word: string) => void;
  readonly break: (error: Error) => void;
}

/** A server in memory, its clock, its log, and the requests that its handlers hold. */
export class TestServer implements AsyncDisposable {
  readonly clock = new VirtualClock();
  readonly log: LogEntry[] = [];
  readonly holds: Hold[] = [];
  /** The number of items that FLOW has produced, over all requests. */
  produced = 0;
  /** The number of FLOWs that have ended, by themselves or from outside. */
  flowsEnded = 0;
  readonly listener: MemoryListener = listenMemory();
  #server: Server | undefined;
  #change = Promise.withResolvers<void>();

  static async open(options: ServeOptions = {}): Promise<TestServer> {
    const testServer = new TestServer();
    testServer.#server = await serve(protocol, testServer.#handlers(), {
      listen: [testServer.listener],
      clock: testServer.clock,
      log: (entry) => void testServer.log.push(entry),
      ...options,
    });
    return testServer;
  }

  get server(): Server {
    return this.#server!;
  }

  /** A client that has read the greeting. */
  client(capacity?: number): Promise<RawClient> {
    return RawClient.open(this.listener.connect(capacity));
  }

  /** Resolves once a condition on its handlers holds. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.#change.promise;
  }

  /** The request that a HOLD or WAIT of this name holds, once it has started. */
  async held(name: string): Promise<Hold> {
    const find = () => this.holds.find((each) => each.name === name);
    await this.until(() => find() !== undefined);
    return find()!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { go } of this.holds) go("over");
    await this.server.shutdown();
  }

  #hold(name: string, signal: AbortSignal): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.holds.push({ name, signal, go: resolve, break: reject });
    this.#changed();
    return promise;
  }

  #changed(): void {
    this.#change.resolve();
    this.#change = Promise.withResolvers();
  }

  #handlers(): Handlers<typeof protocol> {
    return {
      ECHO: ({ body }) => ({ body }),
      SAY: ({ word }) => ({ word }),
      HOLD: async ({ name = "" }, { signal }) => ({ word: await this.#hold(name, signal) }),
      WAIT: async ({ name = "" }, { signal, park }) => ({
        word: await park(this.#hold(name, signal)),
      }),
      FLOW: ({ count = Infinity, size }) => this.#flow(count, size),
      FAIL: ({ how }) => failures[how](),
      SECRET: () => {},
    };
  }

  async *#flow(count: number, size: number) {
    try {
      for (let i = 0; i < count; i++) {
        this.produced++;
        this.#changed();
        yield { text: "x".repeat(size) };
        // Each item takes a turn of the microtask queue, like an item from a disk or another server.
        await null;
      }
      return { count };
    } finally {
      this.flowsEnded++;
      this.#changed();
    }
  }
}
