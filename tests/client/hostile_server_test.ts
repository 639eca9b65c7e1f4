// A hostile server must not end the process of a client, make it spin, or fill its memory.

import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import {
  connect,
  openSession,
  ProtocolError,
  Refusal,
  type TakenItem,
  work,
  type WorkClient,
} from "../../client/mod.ts";
import { type ByteStream, memoryPair, writeAll } from "../../net/mod.ts";
import { VirtualClock } from "../../testing/virtual_clock.ts";
import { Ledger, ledger } from "./ledger.ts";
import { FaultyProxy, GREETING, run } from "./proxy.ts";

const encoder = new TextEncoder();

/** Sends whole pieces until the client has closed. Resolves with the number of bytes sent. */
async function flood(stream: ByteStream, piece: string, most: number): Promise<number> {
  const bytes = encoder.encode(piece);
  let sent = 0;
  try {
    for (let at = 0; sent < most || at > 0; at %= bytes.length) {
      const count = await stream.write(bytes.subarray(at));
      sent += count;
      at += count;
    }
  } catch {
    // The client has closed the connection.
  }
  return sent;
}

/** Calls a server that runs `attack` instead of an answer. Resolves with the error of the call. */
async function attacked(
  attack: (stream: ByteStream) => Promise<unknown>,
): Promise<Error> {
  const [near, far] = memoryPair();
  await far.write(encoder.encode(GREETING));
  const client = await connect(ledger, near);
  const answer = client.ADD({ id: 1 }).then(() => new Error("it was answered"), (error) => error);
  await attack(far);
  const error = await answer;
  await client.close(0);
  far.close();
  return error;
}

const MEBI = 1 << 20;
/** The bound of 32 MiB, and the bytes that are on their way when the client closes. */
const MOST = 33 * MEBI;
/** Events that nobody waits for, in long lines, which are soon read. */
const NEWS = `! news about=${"x".repeat(8000)}\n`.repeat(100);

/** Sends news until nearly the bound, then these bytes without end. Resolves with the number of bytes sent. */
async function floodAtBound(stream: ByteStream, piece: string): Promise<number> {
  const news = await flood(stream, NEWS, 31.5 * MEBI);
  return news + await flood(stream, piece, 100 * MEBI);
}

const floods: Record<string, string> = {
  events: "! draining within=10s\n".repeat(1000),
  "empty lines": "\n".repeat(10_000),
};

for (const [what, piece] of Object.entries(floods)) {
  Deno.test(`a server that sends ${what} without end loses its client`, async () => {
    let sent = 0;
    const error = await attacked(async (stream) => sent = await floodAtBound(stream, piece));
    assertInstanceOf(error, ProtocolError);
    assertStringIncludes(error.message, "bytes came that nobody waits for");
    assert(sent > 32 * MEBI && sent < MOST, `${sent} bytes were read`);
  });
}

Deno.test("a client closes where the items of a cancelled request do not end", async () => {
  const [near, far] = memoryPair();
  await far.write(encoder.encode(GREETING));
  const session = await openSession(near);
  const sent = session.send({ head: "LIST", text: " 1" }, {
    item: () => true,
    final() {},
    failed() {},
  });
  sent.cancel();
  const count = await floodAtBound(far, `#${sent.tag} * id=1 n=1\n`.repeat(1000));
  assert(count > 32 * MEBI && count < MOST, `${count} bytes were read`);
  await session.closed;
  assertStringIncludes(session.error!.message, "bytes came that nobody waits for");
  far.close();
});

for (const head of ["!", "#1 *", "#7 OK"]) {
  Deno.test(`a client does not read a body for which no call waits: ${head}`, async () => {
    const [near, far] = memoryPair();
    await far.write(encoder.encode(GREETING));
    const session = await openSession(near);
    const waiter = { item: () => true, final() {}, failed() {} };
    session.send({ head: "LIST", text: " 1" }, waiter).cancel();
    await far.write(encoder.encode(`${head} {${60 * MEBI}}\n`));
    const count = await flood(far, "x".repeat(100_000), 60 * MEBI);
    assert(count > 32 * MEBI && count < MOST, `${count} bytes were read`);
    await session.closed;
    assertStringIncludes(session.error!.message, "bytes came that nobody waits for");
    far.close();
  });
}

Deno.test("a body that a call waits for may come behind events, also where the call is cancelled meanwhile", async () => {
  for (const cancel of [false, true]) {
    const [near, far] = memoryPair();
    await far.write(encoder.encode(GREETING));
    const session = await openSession(near);
    const { promise, resolve } = Promise.withResolvers<unknown>();
    const waiter = { item: () => true, final: resolve, failed: resolve };
    const sent = session.send({ head: "LIST", text: " 1" }, waiter);
    const last = session.send({ head: "LIST", text: " 1" }, waiter);
    await flood(far, NEWS, 20 * MEBI);
    await writeAll(far, encoder.encode(`#${sent.tag} OK {${40 * MEBI}}\n`));
    if (cancel) sent.cancel();
    await flood(far, "x".repeat(MEBI), 40 * MEBI);
    await writeAll(far, encoder.encode(`\n#${last.tag} OK\n`));
    await promise;
    assertEquals([session.open, session.error], [true, undefined]);
    await session.close(0);
    far.close();
  }
});

const wrong: readonly [lines: string, message: string][] = [
  ["#7 OK\n", "tag 7 was not sent"],
  ["#7 * n=1\n", "tag 7 was not sent"],
  ["* n=1\n", "tag undefined was not sent"],
  ["OK\n", "tag undefined was not sent"],
  ["#1 OK {99999999999}\n", "length"],
  [`#1 OK {${1 << 30}}\n`, "at most 67108864 bytes"],
  [`#1 OK ${"x".repeat(70_000)}\n`, "65536"],
  ["\xff\xfe\n", "does not speak Lineup/1"],
];

for (const [lines, message] of wrong) {
  Deno.test(`a client names the error in ${JSON.stringify(lines.slice(0, 20))}`, async () => {
    const bytes = Uint8Array.from(lines, (each) => each.charCodeAt(0));
    const error = await attacked((stream) => writeAll(stream, bytes).catch(() => {}));
    assertInstanceOf(error, ProtocolError);
    assertStringIncludes(error.message, message);
  });
}

for (
  const limits of [
    "max-line=0 max-body=5",
    "max-line=-1 max-body=5",
    "max-line=x max-body=5",
    "max-line=5 max-body=-1",
    "max-line=5 max-body=5 max-in-flight=0",
    "max-line=5 max-body=5 max-in-flight=many",
    "max-line=5",
    "",
  ]
) {
  Deno.test(`a greeting with ${limits || "no limits"} is refused`, async () => {
    const [near, far] = memoryPair();
    await far.write(encoder.encode(`OK lineup/1 ledger/1.0 ${limits}\n`));
    const error = await connect(ledger, near).then((client) => client.close(), (error) => error);
    assertInstanceOf(error, ProtocolError);
    assertStringIncludes(error.message, "the greeting says max-");
    far.close();
  });
}

for (
  const [line, message] of [
    ["OK lineup/2 ledger/1.0 max-line=80 max-body=5", "it greets with lineup/2"],
    ["OK lineup/1.1 ledger/1.0", "it greets with lineup/1.1"],
    ["OK lineup/1", "no greeting"],
    ["OK hello", "no greeting"],
    ["OK lineup/2\\n ledger/1.0", "no greeting"],
  ]
) {
  Deno.test(`a client names the version of a greeting: ${line}`, async () => {
    const [near, far] = memoryPair();
    await far.write(encoder.encode(`${line}\n`));
    const error = await connect(ledger, near).then((client) => client.close(), (error) => error);
    assertInstanceOf(error, ProtocolError);
    assertEquals(error.message, `the server does not speak Lineup/1: ${message}`);
    far.close();
  });
}

Deno.test("all() of endless items rejects at a bound", async () => {
  const [near, far] = memoryPair(1 << 20);
  await far.write(encoder.encode(GREETING));
  const client = await connect(ledger, near, { maxLine: 1 << 20 });
  // The value has a length and the rest of the line too: the client skips fields that it does not know.
  const items = client.LIST({ id: 1 }).all().then(() => undefined, (error) => error);
  const sent = flood(far, `#1 * id=1 n=1 x=${"y".repeat(60_000)}\n`, 2000 * MEBI);
  const error = await items;
  assertInstanceOf(error, RangeError);
  assertStringIncludes(error.message, "the items have more than 268435456 bytes");
  await client.close(0);
  assert(await sent < 400 * MEBI);
  far.close();
});

const HOUR = 3_600_000;

for (const retry of ["3000000000", "1e300", "2147483648"]) {
  Deno.test(`a call that is refused with retry=${retry} waits an hour, and does not spin`, async () => {
    const clock = new VirtualClock();
    const service = new Ledger();
    let refused = 0;
    const proxy = new FaultyProxy(clock, (frame) => {
      if (refused > 0) return service.do(frame);
      refused++;
      const options = new Map([["retry", retry]]);
      return { lines: [{ head: "ERR", words: ["busy", "Not now."], options }] };
    });
    const client = await run(
      clock,
      connect(ledger, "tcp://10.0.0.1:1", { clock, dial: proxy.dial }),
    );
    const call = client.LOOK({ id: 1 });
    const began = clock.now();
    assertEquals(await run(clock, call), { id: 1 });
    const took = clock.now() - began;
    assert(took >= HOUR && took < HOUR + 10_000, `${took} ms`);
    await run(clock, client.close());
  });
}

for (const retry of ["-5", "NaN", "Infinity", "x", ""]) {
  Deno.test(`a client ignores retry=${JSON.stringify(retry)}`, async () => {
    const error = await attacked((stream) =>
      stream.write(encoder.encode(`#1 ERR no-such "No." retry="${retry}"\n`))
    );
    assertInstanceOf(error, Refusal);
    assertEquals(error.retry, undefined);
  });
}

/**
 * Runs a worker for `ms` on the clock, with these answers to TAKE and EXTEND. Resolves with the number of calls of
 * each.
 */
async function workFor(
  ms: number,
  take: () => TakenItem,
  extend: () => { lease: number } = () => ({ lease: 1000 }),
): Promise<{ takes: number; extensions: number }> {
  const clock = new VirtualClock();
  const calls = { takes: 0, extensions: 0 };
  const client: WorkClient = {
    closed: false,
    TAKE() {
      calls.takes++;
      return {
        stop() {},
        cancel() {},
        async *[Symbol.asyncIterator]() {
          yield take();
        },
      };
    },
    EXTEND() {
      calls.extensions++;
      return Promise.resolve(extend());
    },
    DONE: () => Promise.resolve({}),
    FAIL: () => Promise.resolve({}),
    RELEASE: () => Promise.resolve({}),
  };
  const worker = work(client, "q", () => new Promise(() => {}), { clock, grace: 0 });
  await clock.elapse(ms);
  const closed = worker.close(0);
  await clock.elapse(10_000);
  await closed;
  return calls;
}

const job = (lease: number): TakenItem => ({
  id: 1,
  queue: "q",
  attempt: 1,
  lease,
  body: new Uint8Array(),
});

Deno.test("a worker that is refused with retry=3000000000 does not spin", async () => {
  const { takes } = await workFor(2.5 * HOUR, () => {
    throw new Refusal("busy", "Not now.", { retry: 3e9 });
  });
  assertEquals(takes, 3);
});

for (const lease of [3e9, 1e12, 9e15]) {
  Deno.test(`a lease of ${lease} ms is extended at half of its time only`, async () => {
    assertEquals(await workFor(10 * HOUR, () => job(lease)), { takes: 1, extensions: 0 });
  });
}

Deno.test("a worker respects a lease of a year in the answer to EXTEND", async () => {
  const calls = await workFor(10 * HOUR, () => job(1000), () => ({ lease: 3.2e10 }));
  assertEquals(calls, { takes: 1, extensions: 1 });
});
