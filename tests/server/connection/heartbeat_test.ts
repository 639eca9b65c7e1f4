// A client announces a heartbeat: how often it sends something. Then it vanishes without the end of its connection.

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { connect } from "../../../client/mod.ts";
import { type ByteStream, listenMemory, memoryPair } from "../../../net/mod.ts";
import { openQueue, queueProtocol } from "../../../queue/mod.ts";
import { type LogEntry, serve, type ServeOptions } from "../../../server/mod.ts";
import { VirtualClock } from "../../../testing/virtual_clock.ts";
import { RawClient } from "../../raw_client.ts";

interface World {
  readonly clock: VirtualClock;
  readonly log: LogEntry[];
  /** A client that has read the greeting. */
  open(): Promise<RawClient>;
  /** Sends a line. Resolves with the next line. */
  ask(wire: RawClient, line: string): Promise<string>;
  readonly listener: ReturnType<typeof listenMemory>;
}

async function withQueue(
  test: (world: World) => Promise<void>,
  options: ServeOptions = {},
  clock: VirtualClock = new VirtualClock(),
): Promise<void> {
  const log: LogEntry[] = [];
  const listener = listenMemory();
  const queue = await openQueue({ clock, log: () => {} });
  const server = await serve(queueProtocol, queue.handlers, {
    listen: [listener],
    clock,
    log: (entry) => void log.push(entry),
    ...options,
  });
  const wires: RawClient[] = [];
  await test({
    clock,
    log,
    listener,
    async open() {
      const wire = await RawClient.open(listener.connect());
      wires.push(wire);
      return wire;
    },
    async ask(wire, line) {
      await wire.send(`${line}\n`);
      await clock.elapse(0);
      return await wire.line();
    },
  });
  for (const wire of wires) wire.close();
  await server.shutdown();
  const closed = queue.close();
  await clock.elapse(1000);
  await closed;
}

Deno.test("a client whose heartbeat is missed is given up, and its waiting TAKE with it", () =>
  withQueue(async ({ clock, log, open, ask }) => {
    const vanished = await open();
    assertStringIncludes(await ask(vanished, "HELLO lineup/1 heartbeat=10s"), "OK lineup/1");
    await vanished.send("#t TAKE mail wait=1d\n");
    await clock.elapse(20_000);
    assertEquals(log.length, 0);
    // The bound is 2.5 times the heartbeat. The server checks it at least every half a minute.
    await clock.elapse(40_000);
    assertEquals(log.length, 1);
    assertStringIncludes(log[0].message, "connection dropped: nothing came from the client for ");
    assertStringIncludes(log[0].message, "its heartbeat is 10 s");
    const other = await open();
    assertStringIncludes(await ask(other, "PUT mail hello"), "OK id=1");
    // If the TAKE of the vanished client still waited, it would get the job.
    assertStringIncludes(await ask(other, "TAKE mail"), "* id=1 ");
  }));

for (
  const [what, sign] of [["a PING", "PING\n"], ["an empty line", "\n"], ["half of a line", " "]]
) {
  Deno.test(`${what} is a sign of life`, () =>
    withQueue(async ({ clock, log, open, ask }) => {
      const wire = await open();
      await ask(wire, "HELLO lineup/1 heartbeat=60s");
      for (let i = 0; i < 10; i++) {
        await wire.send(what === "half of a line" && i % 2 === 1 ? "\n" : sign);
        await clock.elapse(what === "half of a line" ? 9000 : 100_000);
      }
      assertEquals(log, []);
      await clock.elapse(200_000);
      assertEquals(log.length, 1);
    }));
}

Deno.test("a client without a heartbeat may be silent", () =>
  withQueue(async ({ clock, log, open, ask }) => {
    const wire = await open();
    await ask(wire, "HELLO lineup/1");
    await wire.send("#t TAKE mail wait=1d\n");
    await clock.elapse(3_000_000);
    assertEquals(log, []);
    await ask(wire, "HELLO lineup/1 heartbeat=60s");
    await ask(wire, "HELLO lineup/1 agent=someone");
    await clock.elapse(200_000);
    assertEquals(log.length, 1);
  }));

Deno.test("a heartbeat is a duration from a second to an hour", () =>
  withQueue(async ({ open, ask }) => {
    const wire = await open();
    for (const wrong of ["0s", "999ms", "61m", "-1s", "x", "1e9s", "NaN"]) {
      const answer = await ask(wire, `HELLO lineup/1 heartbeat=${wrong}`);
      assertStringIncludes(answer, "ERR bad-arguments");
      assertStringIncludes(answer, "heartbeat");
    }
  }));

Deno.test("a server that was stopped gives up no client that was there", () => {
  let slept = 0;
  const virtual = new VirtualClock();
  const clock = {
    now: () => virtual.now() + slept,
    after: (ms: number, action: () => void) => virtual.after(ms, action),
  };
  return withQueue(
    async ({ log, open, ask }) => {
      const [there, vanished] = [await open(), await open()];
      await ask(there, "HELLO lineup/1 heartbeat=10s");
      await ask(vanished, "HELLO lineup/1 heartbeat=10s");
      await virtual.elapse(5000);
      slept = 300_000;
      // The timers of the server run first, then it reads the bytes that its clients sent meanwhile.
      virtual.advance(1000);
      assertEquals(await ask(there, "PING"), "OK pong");
      await virtual.elapse(10_000);
      assertEquals(log.length, 1);
      assertEquals(await ask(there, "PING"), "OK pong");
    },
    { clock },
    virtual,
  );
});

Deno.test("a client that the server does not read is not held to its heartbeat", () =>
  withQueue(async ({ clock, log, open, ask }) => {
    const wire = await open();
    await ask(wire, "HELLO lineup/1 heartbeat=10s");
    // More untagged requests than may be in flight: the server reads no bytes behind them.
    await wire.send("TAKE mail wait=5m\n".repeat(3));
    await clock.elapse(120_000);
    assertEquals(log, []);
  }, { maxInFlight: 2 }));

Deno.test("our clients keep their heartbeat, and are given up only where they vanish", () =>
  withQueue(async ({ clock, log, listener, open, ask }) => {
    // A connection that can stop carrying bytes.
    const [near, far] = memoryPair();
    const through = listener.connect();
    let isVanished = false;
    const carry = async (from: ByteStream, to: ByteStream): Promise<void> => {
      const buffer = new Uint8Array(65_536);
      for (let read; (read = await from.read(buffer)) !== null;) {
        if (isVanished) continue;
        for (let at = 0; at < read;) at += await to.write(buffer.slice(at, read));
      }
    };
    carry(far, through).catch(() => {});
    carry(through, far).catch(() => {});
    const client = await connect(queueProtocol, near, { clock, heartbeat: 30_000 });
    const taken = client.TAKE({ queue: ["mail"], wait: 86_400_000 });
    const outcome = taken.reply.catch((error: Error) => error);
    await clock.elapse(1_000_000);
    assertEquals([log, client.closed], [[], false]);
    isVanished = true;
    await clock.elapse(120_000);
    assertEquals(log.length, 1);
    assertStringIncludes(log[0].message, "connection dropped: nothing came from the client");
    assertEquals(client.closed, true);
    assertStringIncludes((await outcome as Error).message, "the server said nothing for 60000 ms");
    const other = await open();
    await ask(other, "PUT mail hello");
    assertStringIncludes(await ask(other, "TAKE mail"), "* id=1 ");
    await client.close(0);
    through.close();
  }));

Deno.test("a client without requests stays connected, and notices that the server vanishes", async () => {
  const clock = new VirtualClock();
  const [near, far] = memoryPair();
  const encoder = new TextEncoder();
  await far.write(encoder.encode("OK lineup/1 queue/1.0 max-line=8192 max-body=1048576\n"));
  const client = await connect(queueProtocol, near, { clock, heartbeat: 10_000 });
  const seen: string[] = [];
  let answers = true;
  (async () => {
    const buffer = new Uint8Array(65_536);
    for (let read; (read = await far.read(buffer)) !== null;) {
      const text = new TextDecoder().decode(buffer.subarray(0, read));
      for (const [, tag, rest] of text.matchAll(/^#(\d+) (.*)\n/gm)) {
        seen.push(rest);
        const reply = rest === "PING"
          ? "pong"
          : "lineup/1 queue/1.0 max-line=8192 max-body=1 auth=none";
        if (answers) await far.write(encoder.encode(`#${tag} OK ${reply}\n`));
      }
    }
  })().catch(() => {});
  await clock.elapse(100_000);
  assertEquals(seen[0], "HELLO lineup/1 half-close=off events=on heartbeat=10000ms");
  const pings = seen.filter((each) => each === "PING").length;
  assert(pings >= 10 && pings <= 21, `${pings} PINGs in ten heartbeats`);
  answers = false;
  await clock.elapse(30_000);
  assertEquals(client.closed, true);
  await client.close(0);
  far.close();
});

Deno.test("a client that does not read its items sends signs of life, which need no answer", async () => {
  const clock = new VirtualClock();
  const [near, far] = memoryPair(1 << 22);
  const encoder = new TextEncoder();
  await far.write(encoder.encode("OK lineup/1 queue/1.0 max-line=8192 max-body=1048576\n"));
  const client = await connect(queueProtocol, near, { clock, heartbeat: 10_000 });
  let came = "";
  (async () => {
    const buffer = new Uint8Array(65_536);
    for (let read; (read = await far.read(buffer)) !== null;) {
      const text = new TextDecoder().decode(buffer.subarray(0, read));
      came += text;
      const hello = /^#(\d+) HELLO/m.exec(text)?.[1];
      if (hello !== undefined) {
        await far.write(
          encoder.encode(`#${hello} OK lineup/1 queue/1.0 max-line=1 max-body=1 auth=none\n`),
        );
      }
    }
  })().catch(() => {});
  await clock.elapse(2000);
  const items = client.STATS();
  await clock.elapse(0);
  const tag = /^#(\d+) STATS/m.exec(came)![1];
  await far.write(encoder.encode(`#${tag} * a 1\n`.repeat(2000)));
  await clock.elapse(0);
  came = "";
  await clock.elapse(100_000);
  assert(/^\n{10,21}$/.test(came), JSON.stringify(came));
  items.cancel();
  const closed = client.close(0);
  await clock.elapse(0);
  await closed;
  far.close();
});
