// The suite: the behaviour of a client and a server over any transport. It runs in Deno, and as a bundle in Node, Bun
// and browsers, so it imports nothing of a runtime.

import type { Client, Connect, Dial, OpenSession } from "../../client/api.ts";
import { ConnectionLost } from "../../client/errors.ts";
import { Refusal } from "../../protocol/errors.ts";
import { parseAddress } from "../../net/address.ts";
import { type ByteStream, writeAll } from "../../net/stream.ts";
import { protocol } from "./protocol.ts";

/** A server and a client for the cases. */
export interface TransportFixture {
  /** The address of a server from `serveSuite`. */
  readonly address: string;
  readonly dial: Dial;
  /** The client of the runtime. */
  readonly connect: Connect;
  readonly openSession: OpenSession;
}

/** The result of a case. */
export interface CaseResult {
  readonly name: string;
  /** The error of a failed case. */
  readonly error?: string;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
let names = 0;
const newName = (): string => `n${Date.now().toString(36)}-${names++}`;

function check(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`not so: ${what}`);
}

function same(actual: unknown, expected: unknown): void {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== should) throw new Error(`${is} is not ${should}`);
}

async function rejected(promise: Promise<unknown>): Promise<Error & { code?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was not rejected");
}

/** So many answers in a row show a count that stands still. */
const STILL = 20;

type SuiteClient = Client<typeof protocol>;

async function withClient(fixture: TransportFixture, run: (client: SuiteClient) => Promise<void>) {
  const client = await fixture.connect(protocol, fixture.address, { dial: fixture.dial });
  try {
    await run(client);
  } finally {
    await client.close();
  }
}

function withClients(
  fixture: TransportFixture,
  run: (client: SuiteClient, other: SuiteClient) => Promise<void>,
): Promise<void> {
  return withClient(fixture, (client) => withClient(fixture, (other) => run(client, other)));
}

async function withStream(fixture: TransportFixture, run: (stream: ByteStream) => Promise<void>) {
  const stream = await fixture.dial(parseAddress(fixture.address), {});
  try {
    await run(stream);
  } finally {
    stream.close();
  }
}

async function readToEnd(stream: ByteStream): Promise<string> {
  const buffer = new Uint8Array(65_536);
  let text = "";
  for (let read; (read = await stream.read(buffer)) !== null;) {
    text += decoder.decode(buffer.subarray(0, read), { stream: true });
  }
  return text;
}

const cases: Record<string, (fixture: TransportFixture) => Promise<void>> = {
  async "the greeting names the protocol"(fixture) {
    const session = await fixture.openSession(fixture.address, { dial: fixture.dial });
    same([session.greeting.name, session.greeting.maxLine], ["suite", 8192]);
    await session.close();
  },

  "a call gets its typed reply": (fixture) =>
    withClient(fixture, async (client) => {
      same(await client.SUM({ a: 1.5, b: -2 }), { sum: -0.5 });
      for (const text of ["", 'a "b" \\ c=d', "é\u2028\0\r\n\t{5}", "𝕃".repeat(1000)]) {
        same(await client.SAY({ text }), { text });
      }
    }),

  "a refusal keeps its code, message, retry and details": (fixture) =>
    withClient(fixture, async (client) => {
      const error = await rejected(client.FAIL());
      check(error instanceof Refusal, `${error} is a Refusal`);
      same([error.code, error.message, error.retry, error.details], [
        "no-luck",
        'Not "today".',
        15,
        { day: "two words" },
      ]);
    }),

  "1000 calls at once get each its own answer": (fixture) =>
    withClient(fixture, async (client) => {
      const calls = Array.from({ length: 1000 }, (_, a) => client.SUM({ a, b: 1 }));
      same((await Promise.all(calls)).map(({ sum }) => sum - 1), [...calls.keys()]);
    }),

  "answers that come in another order find their calls": (fixture) =>
    withClient(fixture, async (client) => {
      const [name, of] = [newName(), 200];
      const calls = Array.from({ length: of }, (_, n) => client.SHUFFLE({ name, of, n }));
      same((await Promise.all(calls)).map(({ n }) => n), [...calls.keys()]);
    }),

  "a body of 1 MiB goes there and back, every byte value in it": (fixture) =>
    withClient(fixture, async (client) => {
      const body = Uint8Array.from({ length: 1 << 20 }, (_, i) => i ^ (i >> 8));
      const bodies = [body, body.subarray(1), new Uint8Array(0)];
      const answers = await Promise.all(bodies.map((body) => client.ECHO({ body })));
      for (const [i, { body: back }] of answers.entries()) {
        check(back.length === bodies[i].length, `body ${i} has ${back.length} bytes`);
        check(back.every((byte, at) => byte === bodies[i][at]), `body ${i} is the same`);
      }
    }),

  "10000 items come in order, followed by the reply": (fixture) =>
    withClient(fixture, async (client) => {
      const call = client.COUNT({ to: 10_000 });
      let last = 0;
      for await (const { n } of call) check(n === ++last, `${n} after ${last - 1}`);
      same([last, await call.reply], [10_000, { count: 10_000 }]);
    }),

  "a client that stops reading items ends them at the server": (fixture) =>
    withClient(fixture, async (client) => {
      const name = newName();
      let seen = 0;
      for await (const { text } of client.FLOW({ name, size: 100 })) {
        same(text.length, 100);
        if (++seen === 10) break;
      }
      await client.ENDED({ name });
    }),

  "an aborted call is aborted at the server": (fixture) =>
    withClient(fixture, async (client) => {
      const name = newName();
      const abort = new AbortController();
      const call = rejected(client.HOLD({ name }, { signal: abort.signal }));
      await client.BEGUN({ name });
      abort.abort(new Error("enough"));
      same((await call).message, "enough");
      same(await client.ABORTED({ name }), { begun: true });
    }),

  "a call ends at its deadline, here and at the server": (fixture) =>
    withClient(fixture, async (client) => {
      const name = newName();
      const error = await rejected(client.HOLD({ name }, { within: 50 }));
      same(error.code, "expired");
      // Where it expired on its way, it has never begun.
      await client.ABORTED({ name });
    }),

  "a lost connection fails a call behind the items that came": (fixture) =>
    withClients(fixture, async (client, other) => {
      const name = newName();
      const seen: number[] = [];
      const error = await rejected((async () => {
        for await (const { n } of client.CUT({ name })) {
          seen.push(n);
          await other.RELEASE({ name });
        }
      })());
      same(seen, [1]);
      check(error instanceof ConnectionLost, `${error} is a ConnectionLost`);
    }),

  "a call that may be made again survives a lost connection": (fixture) =>
    withClient(fixture, async (client) => {
      same(await client.FLAKY({ name: newName() }), { times: 2 });
      same(await client.SUM({ a: 1, b: 2 }), { sum: 3 });
    }),

  "a call that may not be made again is made once, and its error tells that it may have run": (
    fixture,
  ) =>
    withClient(fixture, async (client) => {
      const name = newName();
      const error = await rejected(client.ONCE({ name }));
      check(error instanceof ConnectionLost, `${error} is a ConnectionLost`);
      same(error.executed, "maybe");
      same(await client.TIMES({ name }), { times: 1 });
    }),

  async "a client with several addresses uses those that answer"(fixture) {
    const dead = "ws://dead.invalid:1";
    let refused = 0;
    const dial: Dial = (address, options) => {
      if (!("hostname" in address) || address.hostname !== "dead.invalid") {
        return fixture.dial(address, options);
      }
      refused++;
      return Promise.reject(new Error("connection refused"));
    };
    const client = await fixture.connect(protocol, [dead, fixture.address, dead], { dial });
    try {
      const calls = Array.from({ length: 100 }, (_, a) => client.SUM({ a, b: 1 }));
      same((await Promise.all(calls)).map(({ sum }) => sum - 1), [...calls.keys()]);
      check(refused > 0, "the others are tried");
    } finally {
      await client.close();
    }
  },

  "a client that knows no protocol asks the server for it": async (fixture) => {
    const client = await fixture.connect(fixture.address, { dial: fixture.dial });
    try {
      same(await client.call("SUM", { a: 1, b: 2 }), { sum: 3 });
      same((await client.stream("COUNT", { to: 3 }).all()).length, 3);
    } finally {
      await client.close();
    }
  },

  "requests before a half close are answered, then the connection ends": (fixture) =>
    withStream(fixture, async (stream) => {
      await writeAll(stream, encoder.encode("SUM 1 2\nSAY lo"));
      await writeAll(stream, encoder.encode("w\nECHO {3}\na\nb\n"));
      await stream.closeWrite();
      const [greeting, ...answers] = (await readToEnd(stream)).split("\n");
      check(greeting.startsWith("OK lineup/1 suite/1.0 "), greeting);
      same(answers, ["OK sum=3", "OK low", "OK {3}", "a", "b", ""]);
    }),

  "QUIT ends the connection from the other side": (fixture) =>
    withStream(fixture, async (stream) => {
      await writeAll(stream, encoder.encode("QUIT\n"));
      check((await readToEnd(stream)).endsWith("\nOK bye\n"), "it ends in OK bye");
    }),

  "a client that does not read does not make the server's memory grow": (fixture) =>
    withClient(fixture, async (client) => {
      const name = newName();
      const size = 16_384;
      await withStream(fixture, async (stream) => {
        await writeAll(stream, encoder.encode(`FLOW ${name} ${size}\n`));
        // The buffers of the system and of a WebSocket are bounded too (Chromium takes up to 150 MB): then the count
        // stands still.
        for (let still = 0, last = 0; still < STILL;) {
          const { count } = await client.PRODUCED({ name });
          check(count * size < 256 << 20, `${count} items were made for a client that reads none`);
          still = count > 0 && count === last ? still + 1 : 0;
          last = count;
          // A browser hands messages on from another process: questions without a pause would keep them there.
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
        check((await client.SUM({ a: 1, b: 1 })).sum === 2, "others are served");
      });
      await client.ENDED({ name });
    }),

  "a stream that is read as fast as it comes can be cancelled": (fixture) =>
    withStream(fixture, async (stream) => {
      await writeAll(stream, encoder.encode(`#f FLOW ${newName()} 1000\n`));
      const buffer = new Uint8Array(65_536);
      let [tail, seen, asked] = ["", 0, false];
      while (!tail.includes("\n#c OK\n")) {
        const read = await stream.read(buffer);
        check(read !== null, "it goes on");
        seen += read;
        check(seen < 128 << 20, "the CANCEL is seen");
        tail = tail.slice(-20) + decoder.decode(buffer.subarray(0, read));
        if (asked || seen < 1 << 20) continue;
        asked = true;
        await writeAll(stream, encoder.encode("#c CANCEL f\n"));
      }
    }),

  "close waits for the answers of calls in flight": (fixture) =>
    withClient(fixture, async (other) => {
      const name = newName();
      const client = await fixture.connect(protocol, fixture.address, { dial: fixture.dial });
      const call = client.HOLD({ name });
      await other.BEGUN({ name });
      const closed = client.close();
      await other.RELEASE({ name });
      same(await call, { name });
      await closed;
      check(await rejected(client.SUM({ a: 1, b: 1 })) instanceof ConnectionLost, "it is closed");
    }),
};

// Only a failing case runs as long as this.
const DEADLINE_MS = 60_000;

async function runCase(name: string, fixture: TransportFixture): Promise<CaseResult> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not over in ${DEADLINE_MS} ms`)), DEADLINE_MS);
  });
  try {
    await Promise.race([cases[name](fixture), late]);
    return { name };
  } catch (error) {
    return { name, error: error instanceof Error ? error.stack || error.message : String(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** Runs every case, in order. */
export async function* runSuite(fixture: TransportFixture): AsyncGenerator<CaseResult, void> {
  for (const name of Object.keys(cases)) yield await runCase(name, fixture);
}

/** The names of the cases. */
export const caseNames: readonly string[] = Object.keys(cases);
