// A call that has ended stays ended: it is not sent again, and leaves no listener, timer or connection.

import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { connect, ConnectionLost, Refusal } from "@lineup/lineup/client";
import type { Protocol } from "@lineup/lineup/protocol";
import { listenMemory, serve } from "@lineup/lineup/server";
import { VirtualClock } from "../../testing/virtual_clock.ts";
import { Ledger, ledger } from "./ledger.ts";
import { FaultyProxy, run, settle } from "./proxy.ts";

const ADDRESS = "tcp://10.0.0.1:1";

/** The error of a promise that must reject. */
function errorOf(promise: Promise<unknown>): Promise<Error> {
  return promise.then(() => new Error("it was answered"), (error) => error);
}

/** A server that refuses every call with `retry=`, in ms, while `refuses` is true. */
function refusing(clock: VirtualClock, retry = 1000) {
  const service = new Ledger();
  const sent: string[] = [];
  const state = { refuses: true };
  const proxy = new FaultyProxy(clock, (frame) => {
    // The answer of a server that knows no heartbeat, to a client that waits for longer than a second.
    if (frame.head === "HELLO") {
      return { lines: [{ head: "ERR", words: ["bad-arguments", "No."] }] };
    }
    if (frame.head === "CANCEL") return service.do(frame);
    sent.push(`${frame.head} ${frame.words.join(" ")}`);
    if (!state.refuses) return service.do(frame);
    const options = new Map([["retry", String(retry)]]);
    return { lines: [{ head: "ERR", words: ["busy", "Not now."], options }] };
  });
  return { proxy, sent, state, service };
}

Deno.test("a call that is aborted in the pause before its next attempt is not sent again", async () => {
  const clock = new VirtualClock();
  const { proxy, sent, state } = refusing(clock);
  const client = await run(clock, connect(ledger, ADDRESS, { clock, dial: proxy.dial }));
  for (let round = 1; round <= 3; round++) {
    state.refuses = true;
    const abort = new AbortController();
    const ended = errorOf(client.ADD({ id: round }, { signal: abort.signal }));
    await clock.elapse(100);
    abort.abort(new Error("enough"));
    assertEquals((await ended).message, "enough");
    state.refuses = false;
    await clock.elapse(60_000);
    assertEquals(sent.splice(0), [`ADD ${round}`]);
    assertEquals(clock.pending, 0);
  }
  assertEquals(await run(clock, client.ADD({ id: 9 })), { id: 9 });
  // Nothing is in flight, so close does not wait.
  const began = clock.now();
  await run(clock, client.close());
  assertEquals([clock.now() - began, clock.pending], [0, 0]);
});

Deno.test("a call whose items are left in the pause before its next attempt is not sent again", async () => {
  const clock = new VirtualClock();
  const { proxy, sent } = refusing(clock);
  const client = await run(clock, connect(ledger, ADDRESS, { clock, dial: proxy.dial }));
  const items = client.LIST({ id: 1 });
  await clock.elapse(100);
  items.cancel();
  await clock.elapse(60_000);
  assertEquals([sent, clock.pending], [["LIST 1"], 0]);
  await run(clock, client.close());
});

Deno.test("a call whose deadline comes before its next attempt ends at once, with the refusal", async () => {
  const clock = new VirtualClock();
  const { proxy, sent } = refusing(clock);
  const client = await run(clock, connect(ledger, ADDRESS, { clock, dial: proxy.dial }));
  for (const within of [500, 1000]) {
    const began = clock.now();
    const error = await run(clock, errorOf(client.ADD({ id: 1 }, { within })));
    assertInstanceOf(error, Refusal);
    assertEquals([error.code, clock.now() - began], ["busy", 0]);
    assertEquals(sent.splice(0), ["ADD 1"]);
  }
  const error = await run(clock, errorOf(client.ADD({ id: 1 }, { within: 3000 })));
  assert(error instanceof Refusal && sent.length > 1, `${sent}`);
  await run(clock, client.close());
});

Deno.test("close cuts calls in their pause once its time is over, and they are not sent again", async () => {
  const clock = new VirtualClock();
  const { proxy, sent } = refusing(clock, 60_000);
  const client = await run(clock, connect(ledger, ADDRESS, { clock, dial: proxy.dial }));
  const ended = [errorOf(client.ADD({ id: 1 })), errorOf(client.LOOK({ id: 2 }))];
  await clock.elapse(10);
  const began = clock.now();
  await run(clock, client.close(500));
  for (const error of await Promise.all(ended)) {
    assertInstanceOf(error, ConnectionLost);
    assertEquals(error.executed, "no");
  }
  assertEquals(clock.now() - began, 500);
  await clock.elapse(600_000);
  assertEquals([sent.length, proxy.open, clock.pending], [2, 0, 0]);
});

Deno.test("close ends the pause before the next connection of an address that failed", async () => {
  const clock = new VirtualClock();
  const service = new Ledger();
  let isDown = false;
  const proxy = new FaultyProxy(
    clock,
    (frame) => service.do(frame),
    () => isDown ? { dial: "refused" } : {},
  );
  const options = { clock, dial: proxy.dial, random: () => 0.9, retry: { base: 1000 } };
  const client = await run(clock, connect(ledger, ADDRESS, options));
  isDown = true;
  proxy.reset();
  await settle();
  const abort = new AbortController();
  const ended = errorOf(client.LOOK({ id: 1 }, { signal: abort.signal }));
  await clock.elapse(1);
  assert(clock.pending > 0);
  abort.abort(new Error("enough"));
  assertEquals((await ended).message, "enough");
  await run(clock, client.close());
  assertEquals([clock.pending, proxy.open], [0, 0]);
});

Deno.test("close is over soon where the server does not close its side", async () => {
  for (const calls of [0, 3]) {
    const clock = new VirtualClock();
    const service = new Ledger();
    const proxy = new FaultyProxy(clock, (frame) => service.do(frame));
    const dial: typeof proxy.dial = async (...args) => {
      const stream = await proxy.dial(...args);
      return {
        peer: stream.peer,
        read: (buffer) => stream.read(buffer),
        write: (bytes) => stream.write(bytes),
        closeWrite: () => Promise.resolve(),
        close: () => stream.close(),
      };
    };
    const client = await run(clock, connect(ledger, ADDRESS, { clock, dial }));
    for (let id = 0; id < calls; id++) await run(clock, client.ADD({ id }));
    const began = clock.now();
    await run(clock, client.close());
    const took = clock.now() - began;
    assert(took > 0 && took <= 1000, `${took} ms`);
    assertEquals([proxy.open, clock.pending], [0, 0]);
  }
});

/** A signal that counts its listeners. */
function countedSignal(): { signal: AbortSignal; listeners: () => number } {
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners++;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners--;
    removeEventListener.apply(signal, args);
  };
  return { signal, listeners: () => listeners };
}

Deno.test("calls leave nothing at their signal, however they end", async () => {
  const clock = new VirtualClock();
  const { proxy, state } = refusing(clock);
  const client = await run(clock, connect(ledger, ADDRESS, { clock, dial: proxy.dial }));
  const { signal, listeners } = countedSignal();
  await run(clock, errorOf(client.ADD({ id: 1 }, { signal })));
  assertEquals(listeners(), 0);
  state.refuses = false;
  await run(clock, client.ADD({ id: 2 }, { signal, within: 1000 }));
  await run(clock, client.LIST({ id: 3 }, { signal }).all());
  const left = client.LIST({ id: 4 }, { signal });
  assertEquals(listeners(), 1);
  left.cancel();
  assertEquals([listeners(), signal.aborted], [0, false]);
  await run(clock, client.close());
  await errorOf(client.ADD({ id: 5 }, { signal }));
  assertEquals([listeners(), clock.pending], [0, 0]);
});

Deno.test("a stream of more than 16 MiB comes whole, also beside other calls, where its items are read", async () => {
  const pages = {
    name: "pages",
    version: "1.0",
    summary: "Long replies.",
    commands: {
      PRINT: {
        summary: "Print pages.",
        args: { pages: "integer" },
        items: { body: "bytes" },
        reply: { pages: "integer" },
      },
      WAIT: { summary: "Wait." },
    },
  } as const satisfies Protocol;
  const page = new Uint8Array(1 << 17);
  const held = Promise.withResolvers<void>();
  const listener = listenMemory();
  await using _ = await serve(pages, {
    *PRINT({ pages }) {
      for (let at = 0; at < pages; at++) yield { body: page };
      return { pages };
    },
    WAIT: () => held.promise.then(() => ({})),
  }, { listen: [listener], log: () => {} });
  await using client = await connect(pages, listener.connect());
  const other = client.WAIT();
  let read = 0;
  for await (const { body } of client.PRINT({ pages: 140 })) read += body.length;
  assertEquals(read, 140 << 17);
  held.resolve();
  await other;
});
