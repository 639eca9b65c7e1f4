import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import {
  type Client,
  connect,
  ConnectionLost,
  type Dial,
  ProtocolError,
  Refusal,
} from "../../client/mod.ts";
import { LONG, SEED, seededRandom } from "../seeded_random.ts";
import { VirtualClock } from "../../testing/virtual_clock.ts";
import { Ledger, ledger } from "./ledger.ts";
import { type Answer, type End, type Faults, FaultyProxy, GREETING, run, settle } from "./proxy.ts";

type LedgerClient = Client<typeof ledger>;

/** Whether an error is of a class that the client documents. */
function isTyped(error: unknown): boolean {
  return error instanceof Refusal || error instanceof ConnectionLost ||
    error instanceof ProtocolError;
}

/** Runs `body` with a client whose first connection has these faults. Checks that no connection or timer is left. */
async function through(
  faults: Faults,
  body: (
    client: LedgerClient,
    fixture: { clock: VirtualClock; service: Ledger; proxy: FaultyProxy },
  ) => Promise<void>,
): Promise<void> {
  const clock = new VirtualClock();
  const service = new Ledger();
  let first = true;
  const proxy = new FaultyProxy(clock, (frame) => service.do(frame), () => {
    const mine = first ? faults : {};
    first = false;
    return mine;
  });
  const random = seededRandom(SEED);
  const client = await run(
    clock,
    connect(ledger, "tcp://10.0.0.1:1", { clock, random, dial: proxy.dial }),
  );
  await body(client, { clock, service, proxy });
  await run(clock, client.close());
  await settle();
  assertEquals([proxy.open, clock.pending], [0, 0]);
}

const REPLY = "#1 OK id=7\n";

for (const how of ["end", "reset"] as const) {
  Deno.test(`A call that may be made again survives ${how} at each byte of its reply; another one rejects`, async () => {
    for (let at = 0; at <= REPLY.length; at++) {
      const whole = at === REPLY.length && how === "end";
      const answers = { after: GREETING.length + at, how };
      if (at === 0) continue;
      await through({ answers }, async (client, { clock, service }) => {
        assertEquals(await run(clock, client.LOOK({ id: 7 })), { id: 7 });
        assertEquals(service.done.get(7), whole ? 1 : 2);
      });
      await through({ answers }, async (client, { clock, service }) => {
        const result = await run(clock, client.ADD({ id: 7 }).catch((error) => error));
        if (whole) assertEquals(result, { id: 7 });
        else {
          assertInstanceOf(result, ConnectionLost);
          assertEquals([result.executed, service.done.get(7)], ["maybe", 1]);
        }
      });
    }
  });
}

Deno.test("A call that was not written whole is made again only where it may be", async () => {
  const requests = { after: 5, how: "reset" as const };
  await through({ requests }, async (client, { clock, service }) => {
    const error = await run(clock, client.ADD({ id: 7 }).catch((error) => error));
    assertInstanceOf(error, ConnectionLost);
    assertEquals([error.executed, service.done.size], ["maybe", 0]);
    assertEquals(await run(clock, client.ADD({ id: 8 })), { id: 8 });
  });
  await through({ requests }, async (client, { clock }) => {
    assertEquals(await run(clock, client.LOOK({ id: 7 })), { id: 7 });
  });
});

const BROKEN: Record<string, (answer: string) => string> = {
  "garbage": () => "\x01\x02\n",
  "another's tag": (answer) => answer.replace("#1", "#zz"),
  "another spelling of its tag": (answer) => answer.replace("#", "#0"),
  "a tag that is far ahead": (answer) => answer.replace(/#(\d+)/g, (_, tag) => `#${+tag + 1024}`),
  "no tag": (answer) => answer.replace("#1 ", ""),
  "a body of 1 GiB": () => "#1 OK id=7 {1073741824}\n",
  "an answer twice": (answer) => answer + answer,
  "an answer to a request that comes later": (answer) => answer + "#2 OK id=9\n",
  "something that is no reply": () => "HTTP/1.1 200 OK\r\n\r\n",
};

for (const [name, rewrite] of Object.entries(BROKEN)) {
  Deno.test(`A call that is answered with ${name} gets its own answer or an error`, async () => {
    const whole = rewrite("#1 OK id=7\n").startsWith("#1 OK id=7\n");
    await through({ rewrite }, async (client, { clock, service }) => {
      assertEquals(await run(clock, client.LOOK({ id: 7 })), { id: 7 });
      assertEquals(await run(clock, client.LOOK({ id: 8 })), { id: 8 });
      assertEquals(service.done.get(7), whole ? 1 : 2);
    });
    await through({ rewrite }, async (client, { clock }) => {
      const result = await run(clock, client.ADD({ id: 7 }).catch((error) => error));
      if (whole) assertEquals(result, { id: 7 });
      else assertInstanceOf(result, ProtocolError);
      assertEquals(await run(clock, client.ADD({ id: 8 })), { id: 8 });
    });
  });
}

Deno.test("A call without an answer ends at its deadline, and its late answer goes to no other call", async () => {
  await through({ delay: () => 700 }, async (client, { clock }) => {
    const error = await run(clock, client.LOOK({ id: 7 }, { within: 500 }).catch((error) => error));
    assertInstanceOf(error, Refusal);
    assertEquals([error.code, error.executed], ["expired", "maybe"]);
    assertEquals(await run(clock, client.LOOK({ id: 8 })), { id: 8 });
  });
  await through(
    { answers: { after: GREETING.length, how: "silence" } },
    async (client, { clock }) => {
      const error = await run(
        clock,
        client.ADD({ id: 7 }, { within: 500 }).catch((error) => error),
      );
      assertEquals(error.code, "expired");
      // close ends the call in flight in bounded time.
      await run(clock, client.close(1000));
    },
  );
});

Deno.test("A call without a deadline ends when the server vanishes, and is made again where it may be", async () => {
  const answers = { after: GREETING.length, how: "silence" as const };
  await through({ answers }, async (client, { clock, service }) => {
    const began = clock.now();
    const error = await run(clock, client.ADD({ id: 7 }).catch((error) => error));
    assertInstanceOf(error, ConnectionLost);
    assertEquals([error.executed, service.done.get(7)], ["maybe", 1]);
    assertEquals(error.message, "the server said nothing for 120000 ms");
    assertEquals(clock.now() - began, 120_000);
    assertEquals(await run(clock, client.ADD({ id: 8 })), { id: 8 });
  });
  await through({ answers }, async (client, { clock, service }) => {
    assertEquals(await run(clock, client.LOOK({ id: 7 })), { id: 7 });
    assertEquals(service.done.get(7), 2);
  });
});

Deno.test("A client waits for a slow call as long as the server answers PING", async () => {
  const clock = new VirtualClock();
  const heads: string[] = [];
  const proxy = new FaultyProxy(clock, ({ head }) => {
    heads.push(head);
    if (head === "PING") return { lines: [{ head: "OK", words: ["pong"] }] };
    // The answer of a server that knows no heartbeat.
    if (head === "HELLO") return { lines: [{ head: "ERR", words: ["bad-arguments", "No."] }] };
    return { lines: [{ head: "OK", options: new Map([["id", "7"]]) }], ms: 1_000_000 };
  });
  const options = { clock, dial: proxy.dial, heartbeat: 100_000 };
  const client = await run(clock, connect(ledger, "tcp://10.0.0.1:1", options));
  assertEquals(await run(clock, client.ADD({ id: 7 })), { id: 7 });
  // Every second check finds the answer to the PING of the check before.
  assertEquals(heads, ["ADD", "HELLO", ...Array(4).fill("PING")]);
  assertEquals(proxy.dials, 1);
  // Without a call in flight, the client sends no PING.
  await clock.elapse(1_000_000);
  assertEquals([heads.length, clock.pending], [6, 0]);
  await run(clock, client.close());
});

Deno.test("A connection whose items nobody reads does not count as silent", async () => {
  const clock = new VirtualClock();
  const item = { head: "*", options: new Map([["id", "7"], ["n", "1"]]) };
  const final = { head: "OK", options: new Map([["id", "7"]]) };
  const heads: string[] = [];
  const proxy = new FaultyProxy(clock, ({ head }) => {
    heads.push(head);
    return { lines: [...Array(2000).fill(item), final] };
  });
  const client = await run(clock, connect(ledger, "tcp://10.0.0.1:1", { clock, dial: proxy.dial }));
  const items = client.LIST({ id: 7 })[Symbol.asyncIterator]();
  await run(clock, items.next());
  await clock.elapse(1_000_000);
  let count = 1;
  while (!(await run(clock, items.next())).done) count++;
  assertEquals([count, heads, proxy.dials], [2000, ["LIST"], 1]);
  await run(clock, client.close());
});

Deno.test("connect refuses a heartbeat below 1 ms", async () => {
  const clock = new VirtualClock();
  const proxy = new FaultyProxy(clock, (frame) => new Ledger().do(frame));
  for (const heartbeat of [0, -1, NaN]) {
    const connecting = connect(ledger, "tcp://10.0.0.1:1", { clock, dial: proxy.dial, heartbeat });
    const error = await connecting.catch((error) => error);
    assertEquals(error.message, `heartbeat must be at least 1, not ${heartbeat}`);
  }
});

Deno.test("An aborted call ends, and its answer goes to no other call", async () => {
  await through({ delay: () => 100 }, async (client, { clock }) => {
    const abort = new AbortController();
    const call = client.ADD({ id: 7 }, { signal: abort.signal }).catch((error) => error);
    await settle();
    abort.abort(new Error("enough"));
    assertEquals((await call).message, "enough");
    assertEquals(await run(clock, client.LOOK({ id: 8 })), { id: 8 });
  });
});

const HOWS: readonly End[] = ["end", "reset", "silence"];
// Bytes that break an answer at any place. A line end alone is not among them: a number with one in it looks like a
// shorter number.
const TROUBLE = [
  "#zzz OK\n",
  "\0\xff",
  "OK\n",
  "#3 OK {1073741824}\n",
  '"',
].map((text) => new TextEncoder().encode(text));

/** Draws the faults of a connection. A third of the connections have none. */
function drawFaults(random: () => number): Faults {
  const upTo = (most: number): number => Math.floor(random() * most);
  const of = <T>(all: readonly T[]): T => all[upTo(all.length)];
  const faults: { -readonly [K in keyof Faults]: Faults[K] } = {};
  if (random() < 0.5) faults.delay = () => random() * 300;
  switch (upTo(10)) {
    case 0:
      faults.dial = random() < 0.8 ? "refused" : "silence";
      break;
    case 1:
    case 2:
      faults.answers = { after: upTo(200), how: of(HOWS) };
      break;
    case 3:
      faults.requests = { after: upTo(120), how: of(HOWS) };
      break;
    case 4:
      faults.garbage = { at: GREETING.length + upTo(150), bytes: of(TROUBLE) };
      break;
    case 5: {
      const which = upTo(6);
      // No client can notice a wrong answer with the tag of a request in flight.
      const { "an answer to a request that comes later": _, ...rest } = BROKEN;
      const goodbye = (): string => 'ERR timeout "Bye."\n';
      const trouble = of([...Object.values(rest), goodbye]);
      faults.rewrite = (answer, n) => n === which ? trouble(answer) : answer;
      break;
    }
    case 6:
      faults.garbage = { at: upTo(GREETING.length), bytes: of(TROUBLE) };
  }
  return faults;
}

/** Runs calls through connections with drawn faults, and checks everything that must hold for any faults. */
async function schedule(random: () => number): Promise<void> {
  const clock = new VirtualClock(1000);
  const service = new Ledger();
  const refused = new Map<string, Answer>([
    ["busy", {
      lines: [{ head: "ERR", words: ["busy", "Later."], options: new Map([["retry", "30"]]) }],
    }],
    ["draining", { lines: [{ head: "ERR", words: ["draining", "Bye."] }] }],
  ]);
  const proxy = new FaultyProxy(clock, (frame) => {
    const chance = random();
    if (frame.head !== "CANCEL" && chance < 0.05) {
      return refused.get(chance < 0.04 ? "busy" : "draining")!;
    }
    const answer = service.do(frame);
    if (chance > 0.97) return { lines: [{ head: "ERR", words: ["internal", "Oh."] }] };
    return { ...answer, ms: random() < 0.3 ? random() * 400 : 0 };
  }, () => drawFaults(random));
  const hosts = ["tcp://10.0.0.1:1", "tcp://10.0.0.2:1", "tcp://10.0.0.3:1"];
  let client: LedgerClient;
  try {
    client = await run(
      clock,
      connect(ledger, hosts.slice(0, 1 + Math.floor(random() * 3)), {
        clock,
        random,
        dial: proxy.dial,
        timeout: 1000,
        maxInFlight: 4,
        maxWaiting: 20,
      }),
    );
  } catch (error) {
    assert(isTyped(error), `${error}`);
    await settle();
    assertEquals([proxy.open, clock.pending], [0, 0]);
    return;
  }
  let id = 10;
  const call = async (): Promise<void> => {
    const mine = ++id;
    const chance = random();
    const within = 100 + random() * 3000;
    const limits = { within: Math.ceil(within), ...(chance > 0.9 && abortSoon()) };
    try {
      if (chance < 0.4) assertEquals(await client.LOOK({ id: mine }, limits), { id: mine });
      else if (chance < 0.8) {
        assertEquals(await client.ADD({ id: mine }, limits), { id: mine });
        assertEquals(service.done.get(mine), 1);
      } else {
        const items = client.LIST({ id: mine }, limits);
        let n = 0;
        for await (const item of items) {
          assertEquals(item, { id: mine, n: ++n });
          if (chance > 0.97) return;
        }
        assertEquals([n, await items.reply], [3, { id: mine }]);
      }
    } catch (error) {
      if (error instanceof Error && error.message === "aborted by the test") return;
      if (!isTyped(error)) throw error;
      const { executed } = error as { executed?: string };
      if (executed === "no") assertEquals(service.done.get(mine), undefined, `${error}`);
    }
    if (chance >= 0.4 && chance < 0.8) assert((service.done.get(mine) ?? 0) < 2, "done twice");
  };
  const abortSoon = (): { signal: AbortSignal } => {
    const abort = new AbortController();
    clock.after(random() * 500, () => abort.abort(new Error("aborted by the test")));
    return { signal: abort.signal };
  };
  for (let batch = 0; batch < 2; batch++) {
    const calls = Array.from({ length: 1 + Math.floor(random() * 8) }, call);
    await run(clock, Promise.all(calls));
  }
  await run(clock, client.close(500));
  await run(clock, new Promise<void>((resolve) => clock.after(1000, resolve)));
  await settle();
  assertEquals([proxy.open, clock.pending], [0, 0], "left behind");
  assert(proxy.most <= 4, `${proxy.most} were in flight`);
}

// LINEUP_LONG=10 makes it 12,000 schedules.
const SCHEDULES = 1200 * LONG;

Deno.test(`Calls end rightly in ${SCHEDULES} schedules of faults`, async () => {
  console.log(`LINEUP_SEED=${SEED}`);
  for (let i = 0; i < SCHEDULES; i++) {
    const seed = SEED * 1_000_003 + i;
    try {
      await schedule(seededRandom(seed));
    } catch (error) {
      console.error(`failed with LINEUP_SEED=${SEED}, schedule ${i}`);
      throw error;
    }
  }
});

Deno.test("A call made while its connection ends goes over the next connection", async () => {
  const clock = new VirtualClock();
  const service = new Ledger();
  const proxy = new FaultyProxy(clock, (frame) => service.do(frame));
  let onClose = (): void => {};
  const dial: Dial = async (address, options) => {
    const stream = await proxy.dial(address, options);
    return {
      peer: stream.peer,
      read: (buffer) => stream.read(buffer),
      write: (bytes) => stream.write(bytes),
      closeWrite: () => stream.closeWrite(),
      close() {
        stream.close();
        onClose();
      },
    };
  };
  const client = await run(clock, connect(ledger, "tcp://10.0.0.1:1", { clock, dial }));
  const call = new Promise((resolve) => {
    onClose = () => {
      onClose = () => {};
      resolve(client.LOOK({ id: 7 }));
    };
  });
  proxy.reset();
  assertEquals(await run(clock, call), { id: 7 });
  await run(clock, client.close());
  assertEquals([proxy.dials, proxy.open, clock.pending], [2, 0, 0]);
});

Deno.test("A call that close has cut is not made again, even where it may be", async () => {
  const clock = new VirtualClock();
  const proxy = new FaultyProxy(clock, () => ({ lines: [] }));
  const client = await run(
    clock,
    connect(ledger, "tcp://10.0.0.1:1", { clock, dial: proxy.dial }),
  );
  const failed = client.LOOK({ id: 7 }).catch((error) => error);
  await settle();
  await run(clock, client.close(50));
  const error = await failed;
  assertInstanceOf(error, ConnectionLost);
  assertEquals(error.executed, "maybe");
  assertEquals([proxy.dials, proxy.open, clock.pending], [1, 0, 0]);
});
