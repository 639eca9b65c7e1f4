import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import {
  BadValue,
  type Client,
  type ClientOptions,
  connect,
  ConnectionLost,
  ProtocolError,
  Refusal,
} from "../../client/mod.ts";
import { listenMemory, memoryPair, writeAll } from "../../net/mod.ts";
import type { ByteStream } from "../../net/mod.ts";
import { type Protocol, SpecError } from "../../protocol/mod.ts";
import { type Handlers, serve } from "../../server/mod.ts";
import { bareProtocol } from "../bare_protocol.ts";

const protocol = {
  name: "bench",
  version: "1.2",
  summary: "What the tests of the client need.",
  commands: {
    ECHO: {
      summary: "Say it again.",
      args: { words: "text..." },
      options: { loud: "boolean", at: { type: "duration", default: "5s" } },
      reply: {
        words: { type: "text", many: true, positional: true },
        loud: "boolean?",
        at: "duration",
      },
    },
    STORE: {
      summary: "Send bytes back.",
      args: { key: "word", body: "bytes" },
      reply: { key: "word", body: "bytes" },
    },
    HOLD: { summary: "Answer when released.", args: { name: "word" }, reply: { name: "word" } },
    COUNT: {
      summary: "Count up to a number.",
      args: { to: "integer" },
      items: { n: "integer" },
      reply: { count: "integer" },
    },
    FAIL: {
      summary: "Refuse.",
      errors: { "no-luck": { summary: "Not today.", retry: true } },
    },
  },
} as const satisfies Protocol;

interface World {
  client: Client<typeof protocol>;
  /** Lets the HOLD of this name answer. */
  release(name: string): void;
  /** The records of the handlers, in order. */
  seen: string[];
}

async function withClient(
  test: (world: World) => Promise<void>,
  options: ClientOptions = {},
): Promise<void> {
  const held = new Map<string, PromiseWithResolvers<void>>();
  const gate = (name: string): PromiseWithResolvers<void> => {
    const known = held.get(name) ?? Promise.withResolvers<void>();
    held.set(name, known);
    return known;
  };
  const seen: string[] = [];
  const handlers: Handlers<typeof protocol> = {
    ECHO: ({ words, loud, at }) => ({ words, loud, at }),
    STORE: ({ key, body }) => ({ key, body }),
    async HOLD({ name }, { signal, park }) {
      seen.push(`hold ${name}`);
      signal.addEventListener("abort", () => seen.push(`aborted ${name}: ${signal.reason.code}`));
      await park(gate(name).promise);
      return { name };
    },
    *COUNT({ to }) {
      try {
        for (let n = 1; n <= to; n++) yield { n };
        return { count: to };
      } finally {
        seen.push("count over");
      }
    },
    FAIL() {
      throw new Refusal("no-luck", 'Not "today".', { retry: 1500, details: { day: "two words" } });
    },
  };
  const listener = listenMemory();
  await using _ = await serve(protocol, handlers, { listen: [listener] });
  await using client = await connect(protocol, listener.connect(), options);
  await test({ client, release: (name) => gate(name).resolve(), seen });
}

Deno.test("connect gives typed calls with defaults, options and bodies", () =>
  withClient(async ({ client }) => {
    assertEquals(await client.ECHO({ words: ["a b", "c=d", ""] }), {
      words: ["a b", "c=d", ""],
      at: 5000,
    });
    assertEquals(await client.ECHO({ words: ['é\u2028\0\r\n\\"'], loud: true, at: 1 }), {
      words: ['é\u2028\0\r\n\\"'],
      loud: true,
      at: 1,
    });
    const body = Uint8Array.from({ length: 256 }, (_, i) => i);
    assertEquals(await client.STORE({ key: "k", body }), { key: "k", body });
    assertEquals(
      (await client.STORE({ key: "k", body: "text" })).body,
      new TextEncoder().encode("text"),
    );
    assertEquals(await client.PING(), { word: "pong" });
  }));

Deno.test("connect pairs answers that come in another order", () =>
  withClient(async ({ client, release }) => {
    const first = client.HOLD({ name: "first" });
    const second = client.HOLD({ name: "second" });
    release("second");
    assertEquals(await second, { name: "second" });
    release("first");
    assertEquals(await first, { name: "first" });
  }));

Deno.test("connect keeps no more in flight than maxInFlight, and sends the rest in order", () =>
  withClient(async ({ client, release, seen }) => {
    const calls = ["a", "b", "c"].map((name) => client.HOLD({ name }));
    while (seen.length < 2) await new Promise((resolve) => queueMicrotask(() => resolve(null)));
    assertEquals(seen, ["hold a", "hold b"]);
    release("a");
    await calls[0];
    release("b");
    release("c");
    assertEquals(await Promise.all(calls), [{ name: "a" }, { name: "b" }, { name: "c" }]);
    assertEquals(seen, ["hold a", "hold b", "hold c"]);
  }, { maxInFlight: 2 }));

Deno.test("connect can cancel a call while as many are in flight as the server takes", async () => {
  const { name, version, summary, commands: { HOLD } } = protocol;
  const holding = { name, version, summary, commands: { HOLD } } as const;
  for (const options of [{}, { maxInFlight: 100 }]) {
    const listener = listenMemory();
    const aborted: string[] = [];
    const seen = Promise.withResolvers<void>();
    let held = 0;
    await using _server = await serve(holding, {
      async HOLD({ name }, { park, signal }) {
        signal.addEventListener("abort", () => aborted.push(name));
        if (++held === 3) seen.resolve();
        return await park(new Promise<never>(() => {}));
      },
    }, { listen: [listener], log: () => {}, maxInFlight: 5 });
    const client = await connect(holding, listener.connect(), options);
    const abort = new AbortController();
    const calls = ["a", "b", "c", "d"].map((name) =>
      client.HOLD({ name }, { signal: abort.signal })
    );
    const ends = Promise.allSettled(calls);
    await seen.promise;
    assertEquals(held, 3, "two fewer than the server takes");
    abort.abort();
    await ends;
    await client.PING();
    assertEquals(aborted, ["a", "b", "c"]);
    await client.close();
  }
});

Deno.test("connect yields items, then the reply", () =>
  withClient(async ({ client }) => {
    const call = client.COUNT({ to: 5000 });
    const numbers: number[] = [];
    for await (const { n } of call) numbers.push(n);
    assertEquals(numbers, Array.from({ length: 5000 }, (_, i) => i + 1));
    assertEquals(await call.reply, { count: 5000 });
    assertEquals(await client.COUNT({ to: 2 }).all(), [{ n: 1 }, { n: 2 }]);
  }));

Deno.test("connect cancels a stream that is left early, and goes on", () =>
  withClient(async ({ client, seen }) => {
    const call = client.COUNT({ to: 1e9 });
    for await (const { n } of call) if (n === 3) break;
    await assertRejects(() => call.reply, DOMException, "stopped");
    assertEquals(await client.PING(), { word: "pong" });
    while (seen.length === 0) await client.PING();
    assertEquals(seen, ["count over"]);
  }));

Deno.test("connect throws a refusal of the server, with code, retry and details", () =>
  withClient(async ({ client }) => {
    const error = await assertRejects(() => client.FAIL(), Refusal);
    assertEquals([error.code, error.message, error.retry, error.details], [
      "no-luck",
      'Not "today".',
      1500,
      { day: "two words" },
    ]);
  }, { retry: { attempts: 1 } }));

Deno.test("connect sends no call that the protocol does not allow", () =>
  withClient(async ({ client }) => {
    await assertRejects(
      () => client.STORE({ key: "two words", body: "" }),
      BadValue,
      "key must be a word",
    );
    await assertRejects(
      () => client.STORE({ key: "a\nQUIT", body: "" }),
      BadValue,
      "key must be a word",
    );
    await assertRejects(
      () => client.STORE({ key: "\ud800", body: "" }),
      BadValue,
      "key must be a word without white space",
    );
    await assertRejects(() => client.COUNT({ to: 1.5 }).all(), BadValue, "to must be an integer");
    await assertRejects(() => client.ECHO({ words: [] }), BadValue, "words must be an array");
    await assertRejects(
      () => client.ECHO({ words: ["x".repeat(9000)] }),
      Refusal,
      "8192 bytes of line",
    );
    const body = new Uint8Array((1 << 20) + 1);
    await assertRejects(() => client.STORE({ key: "k", body }), Refusal, "at most 1048576 bytes");
    await assertRejects(
      () => client.PING({}, { trace: "a", class: "urgent" as "normal" }),
      BadValue,
      "class must be one of",
    );
    assertEquals(await client.PING(), { word: "pong" });
  }));

Deno.test("connect aborts a call here and at the server", () =>
  withClient(async ({ client, seen }) => {
    const abort = new AbortController();
    const call = client.HOLD({ name: "x" }, { signal: abort.signal });
    while (seen.length < 1) await client.PING();
    abort.abort(new Error("enough"));
    await assertRejects(() => call, Error, "enough");
    while (seen.length < 2) await client.PING();
    assertEquals(seen, ["hold x", "aborted x: cancelled"]);
    await assertRejects(() => client.PING({}, { signal: abort.signal }), Error, "enough");
  }));

Deno.test("connect ends a call at its deadline (within), here and at the server", () =>
  withClient(async ({ client, seen }) => {
    const error = await assertRejects(() => client.HOLD({ name: "x" }, { within: 20 }), Refusal);
    assertEquals(error.code, "expired");
    while (seen.length < 2) await client.PING();
    assertEquals(seen, ["hold x", "aborted x: expired"]);
  }));

Deno.test("connect closes after the calls in flight are answered", () =>
  withClient(async ({ client, release }) => {
    const call = client.HOLD({ name: "x" });
    const closed = client.close();
    release("x");
    assertEquals(await call, { name: "x" });
    await closed;
    const error = await assertRejects(() => client.PING(), ConnectionLost);
    assertEquals(error.executed, "no");
  }));

Deno.test("connect refuses a server of another protocol or major version", async () => {
  const listener = listenMemory();
  await using _ = await serve(
    { name: "other", version: "1.0", summary: "Another.", commands: {} },
    {},
    { listen: [listener] },
  );
  await assertRejects(
    () => connect(protocol, listener.connect()),
    ProtocolError,
    "the server speaks other/1.0, not bench/1.2",
  );
  await assertRejects(
    () => connect({ ...protocol, name: "other", version: "2.0" }, listener.connect()),
    ProtocolError,
  );
});

Deno.test("connect rejects where no server listens", async () => {
  const port = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = `tcp://127.0.0.1:${port.addr.port}`;
  port.close();
  const error = await assertRejects(
    () => connect(protocol, address),
    ConnectionLost,
    "cannot connect",
  );
  assertEquals(error.executed, "no");
  await assertRejects(() => connect(protocol, "no address"), TypeError, "an address is");
});

const GREETING = "OK lineup/1 bench/1.0 max-line=8192 max-body=1048576\r\n";

/** A server that sends these bytes after any request, then closes. */
async function scripted(server: ByteStream, bytes: string): Promise<void> {
  await writeAll(server, new TextEncoder().encode(GREETING));
  await server.read(new Uint8Array(1000));
  await writeAll(server, new TextEncoder().encode(bytes));
  await server.closeWrite();
}

/** Arguments that are neither a protocol with an address nor an address, and the message. */
const NOWHERE: readonly (readonly [args: readonly unknown[], message: string])[] = [
  [[], 'connect needs a protocol, or an address such as "tcp://127.0.0.1:5463", not undefined'],
  [[undefined, "127.0.0.1:1"], "connect needs a protocol, or an address"],
  [[null], "connect needs a protocol, or an address"],
  // The module in place of its export.
  [[{ calc: {} }, "127.0.0.1:1"], "connect needs a protocol, or an address"],
  [[[7]], "connect needs a protocol, or an address"],
  [[bareProtocol], "connect needs behind the protocol an address"],
  [[bareProtocol, 5463], 'an address such as "tcp://127.0.0.1:5463", not number'],
];

Deno.test("connect says what it needs where it gets neither a protocol nor an address", async () => {
  const untyped = connect as (...args: readonly unknown[]) => Promise<unknown>;
  for (const [args, message] of NOWHERE) {
    await assertRejects(() => untyped(...args), TypeError, message);
  }
});

Deno.test("connect says of a wrong protocol what is wrong, before it dials", async () => {
  const wrong = { ...bareProtocol, commands: { status: { summary: "Tell." } } } as never;
  await assertRejects(
    () => connect(wrong, "tcp://10.0.0.1:1", { dial: () => Promise.reject(new Error("dialled")) }),
    SpecError,
    "commands.status: a verb is an upper-case letter",
  );
});

const BROKEN: readonly {
  name: string;
  bytes: string;
  // deno-lint-ignore no-explicit-any
  error: new (...args: any[]) => Error;
  message: string;
}[] = [
  { name: "closes", bytes: "", error: ConnectionLost, message: "closed the connection" },
  { name: "is cut in an answer", bytes: "#1 O", error: ConnectionLost, message: "closed" },
  {
    name: "sends garbage",
    bytes: "\x01\x02\n",
    error: ProtocolError,
    message: "0x01 cannot occur in a line",
  },
  {
    name: "answers without a tag",
    bytes: "OK pong\n",
    error: ProtocolError,
    message: "tag undefined was not sent",
  },
  {
    name: "uses another tag",
    bytes: "#9 OK pong\n",
    error: ProtocolError,
    message: "tag 9 was not sent",
  },
  {
    name: "answers twice",
    bytes: "#1 OK a\n#1 OK b\n",
    error: ProtocolError,
    message: "tag 1 was not sent",
  },
  {
    name: "leaves out a field",
    bytes: "#1 OK\n",
    error: ProtocolError,
    message: "word must be text, and is missing",
  },
  {
    name: "announces a body of 1 GiB",
    bytes: "#1 OK {1073741824}\n",
    error: ProtocolError,
    message: "at most 67108864 bytes",
  },
  {
    name: "ends the connection with an error",
    bytes: 'ERR timeout "Bye."\n',
    error: ConnectionLost,
    message: "Bye.",
  },
];

for (const { name, bytes, error, message } of BROKEN) {
  Deno.test(`connect gives a typed error where the server ${name}`, async () => {
    const [stream, server] = memoryPair();
    const done = scripted(server, bytes);
    const client = await connect(protocol, stream);
    const calls = await Promise.allSettled([client.PING(), client.PING()]);
    const failed = calls.filter((call) => call.status === "rejected").map((call) => call.reason);
    assertInstanceOf(failed[0], error);
    assertEquals(failed[0].message.includes(message), true, failed[0].message);
    await client.close();
    await done;
    const after = await assertRejects(
      () => client.PING(),
      ConnectionLost,
      "the connection is closed",
    );
    assertEquals(after.executed, "no");
  });
}

for (
  const greeting of [
    "",
    "HTTP/1.1 400 Bad Request\r\n",
    "OK redis\r\n",
    "\xff\xfe",
    "OK lineup/2 a/1\n",
  ]
) {
  Deno.test(`connect refuses the greeting ${JSON.stringify(greeting)}`, async () => {
    const [client, server] = memoryPair();
    await writeAll(server, new TextEncoder().encode(greeting));
    await server.closeWrite();
    const error = await assertRejects(() => connect(protocol, client));
    assertEquals(
      error instanceof ProtocolError || error instanceof ConnectionLost,
      true,
      `${error}`,
    );
    server.close();
  });
}

Deno.test("connect throws the refusal in a greeting", async () => {
  const [client, server] = memoryPair();
  await writeAll(server, new TextEncoder().encode('ERR busy "Too many." retry=700\r\n'));
  const error = await assertRejects(() => connect(protocol, client), Refusal, "Too many.");
  assertEquals(error.retry, 700);
  server.close();
});

for (const retry of ["soon", "-5", "NaN"]) {
  Deno.test(`connect ignores retry=${retry} of a refusal: it is no duration`, async () => {
    const [client, server] = memoryPair();
    await writeAll(server, new TextEncoder().encode(`ERR busy "Too many." retry=${retry}\n`));
    const error = await assertRejects(() => connect(protocol, client), Refusal, "Too many.");
    assertEquals(error.retry, undefined);
    server.close();
  });
}

Deno.test("connect waits for a greeting for a bounded time, and no longer once it is aborted", async () => {
  const [client, server] = memoryPair();
  const signal = AbortSignal.abort(new Error("too late"));
  await assertRejects(() => connect(protocol, client, { signal }), Error, "too late");
  await assertRejects(
    () => connect(protocol, client, { timeout: 10 }),
    ConnectionLost,
    "cannot connect to memory: no greeting in time",
  );
  server.close();
});

Deno.test("A client stops reading its connection while nobody reads its items", () =>
  withClient(async ({ client, seen }) => {
    const call = client.COUNT({ to: 1_000_000 });
    await call.next();
    // The producer is ahead only by the items in the buffers on the way.
    const numbers: number[] = [];
    for await (const { n } of call) {
      numbers.push(n);
      if (n === 20_000) break;
    }
    assertEquals(numbers.length, 19_999);
    while (seen.length === 0) await client.PING();
  }));

Deno.test("the refusal of a connection names the server and the code", async () => {
  const dial = async (): Promise<ByteStream> => {
    const [client, server] = memoryPair();
    await writeAll(server, new TextEncoder().encode('ERR busy "Too many." retry=700\n'));
    return client;
  };
  const error = await assertRejects(
    () => connect(bareProtocol, "127.0.0.1:5463", { dial }),
    Refusal,
    "refused the connection (busy): Too many.",
  );
  assertEquals([error.code, error.retry, error.message.includes("127.0.0.1:5463")], [
    "busy",
    700,
    true,
  ]);
});
