// A call that is sent again tells so, and may be told not to.

import { assertEquals, assertRejects } from "@std/assert";
import v8 from "node:v8";
import vm from "node:vm";
import {
  type CallOptions,
  type Client,
  type ClientOptions,
  connect,
  ConnectionLost,
  Refusal,
  type RetryInfo,
} from "@lineup/lineup/client";
import { VirtualClock } from "../../testing/virtual_clock.ts";
import { Ledger, ledger } from "./ledger.ts";
import { FaultyProxy, run } from "./proxy.ts";

const ADDRESS = "tcp://10.0.0.1:1";

/** What a test knows of a retry; the pause has a part by lot. */
type Told = Pick<RetryInfo, "verb" | "address" | "attempt"> & { error: string; ms: boolean };

function toTold({ verb, address, attempt, ms, error }: RetryInfo, least: number): Told {
  return { verb, address, attempt, error: error.message, ms: ms >= least };
}

/** Runs `body` with a client of a server that refuses each request with `retry=700` until the `refusals` are used up. */
async function withRefusals(
  refusals: number,
  options: ClientOptions,
  body: (
    client: Client<typeof ledger>,
    fixture: { clock: VirtualClock; sent: () => number; refuse: (more: number) => void },
  ) => Promise<void>,
): Promise<void> {
  const clock = new VirtualClock();
  const service = new Ledger();
  let sent = 0, left = refusals;
  const proxy = new FaultyProxy(clock, (frame) => {
    // A client that waits for longer than a second says who it is.
    if (frame.head === "HELLO") return { lines: [{ head: "OK" }] };
    sent++;
    if (left-- <= 0) return service.do(frame);
    const retry = new Map([["retry", "700"]]);
    return { lines: [{ head: "ERR", words: ["busy", "Not now."], options: retry }] };
  });
  const client = await run(
    clock,
    connect(ledger, ADDRESS, { clock, dial: proxy.dial, random: () => 0.5, ...options }),
  );
  await body(client, { clock, sent: () => sent, refuse: (more) => left = more });
  await run(clock, client.close());
}

Deno.test("onRetry tells each time that a refused call is sent again", async () => {
  const told: RetryInfo[] = [], own: RetryInfo[] = [];
  const onRetry = (info: RetryInfo): void => void told.push(info);
  await withRefusals(2, { onRetry }, async (client, { clock, refuse }) => {
    assertEquals(await run(clock, client.ADD({ id: 1 })), { id: 1 });
    const expected = { verb: "ADD", address: ADDRESS, error: "Not now.", ms: true };
    assertEquals(told.map((info) => toTold(info, 700)), [
      { ...expected, attempt: 1 },
      { ...expected, attempt: 2 },
    ]);
    refuse(1);
    const more = { onRetry: (info: RetryInfo) => void own.push(info) };
    assertEquals(await run(clock, client.LIST({ id: 2 }, more).all()), [
      { id: 2, n: 1 },
      { id: 2, n: 2 },
      { id: 2, n: 3 },
    ]);
    assertEquals([told.length, own.map(({ verb }) => verb)], [2, ["LIST"]]);
  });
});

Deno.test("a call whose pause would outlast its deadline ends at once, with the refusal", async () => {
  for (const [within, code, sent] of [[600, "busy", 1], [2000, undefined, 2]] as const) {
    await withRefusals(1, {}, async (client, { clock, sent: count }) => {
      const began = clock.now();
      const result = await run(clock, client.LOOK({ id: 1 }, { within }).catch((error) => error));
      assertEquals([result.code, count()], [code, sent]);
      if (code !== undefined) assertEquals(clock.now(), began);
    });
  }
});

Deno.test("a call that ends in the pause before its next attempt leaves nothing in the client", async () => {
  v8.setFlagsFromString("--expose-gc");
  const collect: () => void = vm.runInNewContext("gc");
  await withRefusals(100, {}, async (client, { clock }) => {
    /** Makes a call, and aborts it in its pause. */
    const abortInPause = async (): Promise<WeakRef<AbortSignal>> => {
      const abort = new AbortController();
      const call = client.LOOK({ id: 1 }, { signal: abort.signal }).catch(() => {});
      await clock.elapse(10);
      abort.abort();
      await call;
      return new WeakRef(abort.signal);
    };
    const signal = await abortInPause();
    await clock.elapse(0);
    collect();
    assertEquals(signal.deref(), undefined);
  });
});

Deno.test("retries limits how often a call is sent again; 0 never sends it again", async () => {
  const cases: readonly { limits: CallOptions; retry?: number; sent: number }[] = [
    { limits: { retries: 0 }, sent: 1 },
    { limits: { retries: 1 }, sent: 2 },
    { limits: {}, retry: 2, sent: 2 },
    { limits: { retries: 3 }, retry: 1, sent: 4 },
  ];
  for (const { limits, retry: attempts, sent: expected } of cases) {
    await withRefusals(100, { retry: { attempts } }, async (client, { clock, sent }) => {
      const error = await run(clock, client.LOOK({ id: 1 }, limits).catch((error) => error));
      assertEquals([error instanceof Refusal && error.retry, sent()], [700, expected]);
    });
  }
});

Deno.test("the calls of a client share a budget of retries, which may be larger", async () => {
  // A server that refuses most is left alone as well, so a larger budget shows in the first call only.
  const cases = [[undefined, [6, 7, 8]], [7, [8]], [Infinity, [8]]] as const;
  for (const [budget, expected] of cases) {
    await withRefusals(1000, { retry: { budget } }, async (client, { clock, sent }) => {
      const counts: number[] = [];
      for (const _ of expected) {
        await run(clock, client.LOOK({ id: 1 }, { retries: 7 }).catch(() => {}));
        counts.push(sent());
      }
      assertEquals(counts, [...expected]);
    });
  }
});

Deno.test("retries: 0 holds for a connection that cannot be made, and onRetry tells of it", async () => {
  const clock = new VirtualClock();
  const service = new Ledger();
  let isDown = false;
  const proxy = new FaultyProxy(
    clock,
    (frame) => service.do(frame),
    () => isDown ? { dial: "refused" } : {},
  );
  const client = await run(clock, connect(ledger, ADDRESS, { clock, dial: proxy.dial }));
  isDown = true;
  proxy.reset();
  await clock.elapse(0);
  const told: number[] = [];
  const onRetry = ({ attempt }: RetryInfo): void => void told.push(attempt);
  const call = (limits: CallOptions): Promise<unknown> =>
    run(clock, client.LOOK({ id: 1 }, { onRetry, ...limits }).catch((error) => error));
  assertEquals([await call({ retries: 0 }) instanceof ConnectionLost, told], [true, []]);
  assertEquals([await call({}) instanceof ConnectionLost, told], [true, [1, 2, 3]]);
  await run(clock, client.close());
});

Deno.test("a number of retries that cannot be is refused", async () => {
  await withRefusals(0, {}, async (client, { sent }) => {
    for (const retries of [-1, NaN]) {
      await assertRejects(() => client.LOOK({ id: 1 }, { retries }), RangeError, "retries must be");
    }
    assertEquals(sent(), 0);
  });
});

Deno.test("requests that cross the end of a connection by a shutdown are sent again, over another one", async () => {
  const clock = new VirtualClock();
  const service = new Ledger();
  const proxy: FaultyProxy = new FaultyProxy(
    clock,
    // The first server has ended before the requests come.
    (frame) => proxy.dials === 1 ? { lines: [{ head: "ERR" }] } : service.do(frame),
    () => ({ rewrite: (answer, n) => answer.includes("ERR") ? GOODBYES[n] : answer }),
  );
  const GOODBYES = ['ERR draining "Bye." retry=5\n', ""];
  const codes: string[] = [];
  const onRetry = ({ error }: RetryInfo): void => void codes.push((error as Refusal).code);
  const client = await run(clock, connect(ledger, ADDRESS, { clock, dial: proxy.dial, onRetry }));
  const calls = Promise.all([client.ADD({ id: 1 }), client.ADD({ id: 2 })]);
  assertEquals(await run(clock, calls), [{ id: 1 }, { id: 2 }]);
  assertEquals([codes, proxy.dials], [["draining", "draining"], 2]);
  assertEquals(service.done, new Map([[1, 1], [2, 1]]));
  await run(clock, client.close());
});
