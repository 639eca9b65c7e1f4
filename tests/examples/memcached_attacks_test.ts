import { assert, assertEquals } from "@std/assert";
import { type LogEntry, serve } from "@lineup/lineup/server";
import { createCache } from "../../examples/memcached/cache.ts";
import { protocol } from "../../examples/memcached/protocol.ts";
import { options } from "../../examples/memcached.ts";
import { PeerListener } from "../streams.ts";
import { RawClient } from "../raw_client.ts";
import { LONG, SEED, seededRandom } from "../seeded_random.ts";
import { VirtualClock } from "../../testing/virtual_clock.ts";
import { binary } from "./memcached_subject.ts";

/** An attack: its bytes, the answer, and whether the connection ends. */
interface CacheAttack {
  readonly name: string;
  readonly sent: string | Uint8Array;
  readonly answer: string;
  readonly ends: boolean;
}

const BAD_FORMAT = "CLIENT_ERROR bad command line format\r\n";
const EVIL = "set evil 0 0 1\r\nx";

const attacks: readonly CacheAttack[] = [
  {
    name: "a POST of HTTP whose body is requests",
    sent: `POST / HTTP/1.1\r\nHost: x\r\n\r\n${EVIL}\r\n`,
    answer: "",
    ends: true,
  },
  {
    name: "a TLS hello",
    sent: Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 10, ...new Array(20).fill(0xaa), 10),
    answer: "ERROR\r\nERROR\r\n",
    ends: false,
  },
  {
    name: "words of another protocol, and requests behind them",
    sent: "EHLO a\r\nMAIL b\r\nRCPT c\r\nDATA\r\n".repeat(3) + `${EVIL}\r\n`,
    answer: "ERROR\r\n".repeat(10),
    ends: true,
  },
  {
    name: "a line without end",
    sent: "get " + "a ".repeat(40_000),
    answer: "CLIENT_ERROR a line has at most 65536 bytes\r\n",
    ends: true,
  },
  ...["-1", "x", "0x5", "1e1", "99999999999", "", "4294967312"].map((length) => ({
    name: `a length written ${length || "not at all"}, and requests behind it`,
    sent: `set k 0 0 ${length}\r\n${EVIL}\r\n`,
    answer: length === "" ? "ERROR\r\n" : BAD_FORMAT,
    ends: true,
  })),
  {
    name: "a key that is too long, with data that is a request",
    sent: `set ${"k".repeat(251)} 0 0 ${EVIL.length}\r\n${EVIL}\r\n`,
    answer: BAD_FORMAT,
    ends: false,
  },
  {
    name: "a key with a space, with data that is a request",
    sent: `set my key 0 ${EVIL.length}\r\n${EVIL}\r\n`,
    answer: BAD_FORMAT,
    ends: false,
  },
  {
    name: "data that is longer than its length, and requests behind it",
    sent: `set k 0 0 3\r\nabcd\r\n${EVIL}\r\n`,
    answer: "CLIENT_ERROR bad data chunk\r\n",
    ends: true,
  },
  {
    name: "data that ends in LF alone",
    sent: `set k 0 0 3\r\nabc\n${EVIL}\r\n`,
    answer: "CLIENT_ERROR bad data chunk\r\n",
    ends: true,
  },
  {
    name: "a CR within a line",
    sent: `get a\r${EVIL.split("\r\n")[0]}\r\n`,
    answer: BAD_FORMAT,
    ends: false,
  },
  { name: "a NUL within a line", sent: "get a\0b\r\n", answer: BAD_FORMAT, ends: false },
  {
    name: "a large value that is announced, and never comes",
    sent: "set k 0 0 16777217\r\n",
    answer: "SERVER_ERROR object too large for cache\r\n",
    ends: true,
  },
  {
    name: "a binary header whose parts are longer than its body",
    sent: binary(0x01, { extras: [0, 0, 0, 0, 0, 0, 0, 0], key: "abc", length: 2 }),
    answer: "\ufffd\x01…",
    ends: false,
  },
  {
    name: "text behind a binary request",
    sent: Uint8Array.of(...binary(0x0a), ...new TextEncoder().encode(`${EVIL}\r\n`.repeat(3))),
    answer: "\ufffd\x0a…",
    ends: true,
  },
];

/** A cache with a polite client. */
async function open() {
  const listener = new PeerListener();
  const clock = new VirtualClock();
  const log: LogEntry[] = [];
  const { handlers, figures } = createCache(1 << 20, () => clock.now());
  const server = await serve(protocol, handlers, {
    ...options,
    clock,
    stats: figures,
    log: (entry) => void log.push(entry),
    listen: [listener],
    drain: 0,
  });
  const polite = new RawClient(listener.connect("198.51.100.1:1"));
  return {
    listener,
    clock,
    log,
    /** Checks that the polite client is served, and that no attack has stored anything. */
    async beside(): Promise<void> {
      await polite.send("get evil\r\nversion\r\n");
      assertEquals(await polite.lines(2), ["END", "VERSION 1.6.18"]);
    },
    async [Symbol.asyncDispose](): Promise<void> {
      polite.close();
      await server.shutdown();
    },
  };
}

for (const { name, sent, answer, ends } of attacks) {
  Deno.test(`memcached answers an attack by the rules, and a polite client as always: ${name}`, async () => {
    await using cache = await open();
    using hostile = new RawClient(cache.listener.connect("203.0.113.1:1"));
    await hostile.send(sent).catch(() => {});
    if (!ends) await hostile.half();
    const got = await hostile.rest();
    if (answer.endsWith("…")) assertEquals(got.slice(0, 2), answer.slice(0, 2));
    else assertEquals(got, answer);
    await cache.beside();
    assertEquals(cache.log.filter(({ level }) => level === "error"), []);
  });
}

// LINEUP_LONG=200 makes it 10 million bytes.
const BYTES = 50_000 * LONG;

/** Parts of requests, and parts that break them. */
// deno-fmt-ignore
const PIECES = [
  "get a", "gets a b", "gat 0 a", "set a 0 0 3", "add a 0 0 3 noreply", "cas a 0 0 3 1", "append a 0 0 2",
  "incr a 1", "decr a 99999999999999999999", "delete a", "touch a 1", "flush_all", "stats", "stats settings",
  "version", "verbosity 1", "mn", "mg a v k s t c f l h O1 q", "mg a N30 R30 T30", "ms a 3 T0 F1 I C1 MA",
  "md a I T30 q", "ma a N0 J5 D2 MD v", "mg YQ== b k v", "\r\nabc\r\n", "\r\n", "\n", " ", "\r", "\0", "\t",
  "-1", "99999999999", "4294967296", "x", "noreply", "k".repeat(251), "é", "HTTP/1.1", "ms a 3", "ms a S",
] as const;

function* garbage(random: () => number): Generator<Uint8Array> {
  const encoder = new TextEncoder();
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)];
  for (;;) {
    const parts: number[] = [];
    for (let n = Math.ceil(random() * 12); n > 0; n--) {
      const kind = random();
      if (kind < 0.75) parts.push(...encoder.encode(pick(PIECES)));
      else if (kind < 0.9) {
        const extras = Array.from({ length: pick([0, 4, 8, 20]) }, () => pick([0, 0, 1, 255]));
        const key = pick(["", "a", "b"]);
        parts.push(...binary(Math.floor(random() * 40), { extras, key, value: pick(["", "5"]) }));
      } else for (let k = random() * 50; k > 0; k--) parts.push(Math.floor(random() * 256));
      if (kind < 0.5) parts.push(0x0d, 0x0a);
    }
    if (random() < 0.3) parts[Math.floor(random() * parts.length)] ^= 1 << Math.floor(random() * 8);
    yield Uint8Array.from(parts);
  }
}

Deno.test(`memcached takes any bytes (LINEUP_SEED=${SEED}): it answers or closes, and serves a polite client`, async () => {
  const random = seededRandom(SEED + 1);
  await using cache = await open();
  const pieces = garbage(random);
  let taken = 0;
  for (let round = 0; taken < BYTES; round++) {
    using hostile = new RawClient(cache.listener.connect(`203.0.113.${round & 255}:1`)).listen();
    for (let n = 0; n < 40 && !hostile.ended; n++) {
      const bytes = pieces.next().value!;
      taken += bytes.length;
      await hostile.send(bytes).catch(() => hostile.ended = true);
    }
    await hostile.half().catch(() => {});
    await hostile.rest().catch(() => {});
    if (round % 20 === 0) {
      const polite = new RawClient(cache.listener.connect("198.51.100.2:1"));
      await polite.send("version\r\n");
      assertEquals(await polite.line(), "VERSION 1.6.18");
      polite.close();
    }
  }
  const errors = cache.log.filter(({ level }) => level === "error");
  assert(errors.length === 0, JSON.stringify(errors.slice(0, 3)));
});
