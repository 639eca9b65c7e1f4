import { DEFAULT_LIMITS } from "@lineup/lineup/dialects";
import { listenMemory, type LogEntry, serve } from "@lineup/lineup/server";
import { assert, assertEquals } from "@std/assert";
import { redis } from "../../../examples/redis/dialect.ts";
import { redisService } from "../../../examples/redis/handlers.ts";
import { protocol } from "../../../examples/redis/protocol.ts";
import { RawClient } from "../../raw_client.ts";
import { LONG, SEED, seededRandom } from "../../seeded_random.ts";
import { framesIn } from "./frames.ts";
import { request } from "./redis_subject.ts";

// LINEUP_LONG=200 makes it 10 million bytes. LINEUP_SEED makes another stream.
const BYTES = 50_000 * LONG;
const MOST_HELD = DEFAULT_LIMITS.maxBody + DEFAULT_LIMITS.maxLine + 65_536;

const VERBS = [...Object.keys(protocol.commands), "PING", "ECHO", "HELLO", "CLIENT", "COMMAND"];
const WORDS = [
  "k",
  "l",
  "0",
  "-1",
  "1",
  "2",
  "EX",
  "NX",
  "GET",
  "MATCH",
  "*",
  "SETNAME",
  "DOCS",
  "é",
  "",
];
const HOSTILE = [
  "*1000000000\r\n",
  "$-5\r\n",
  "*-1\r\n",
  "*1\r\n*1\r\n",
  "$99999999999999999999\r\n",
  '"',
  "\0",
  "\r",
  "\n",
];

const encoder = new TextEncoder();

/** Requests with faults: some bytes are changed, lost, doubled or added. */
function* mutatedRequests(random: () => number): Generator<Uint8Array> {
  const below = (limit: number): number => Math.floor(random() * limit);
  const pick = <T>(from: readonly T[]): T => from[below(from.length)];
  for (;;) {
    const words = Array.from({ length: below(5) }, () => pick(WORDS));
    // A request that waits for ever would end the session here.
    const verb = pick(VERBS.filter((each) => !/^B[LR]POP$/.test(each)));
    const text = random() < 0.8 ? request(verb, ...words) : `${verb} ${words.join(" ")}\r\n`;
    let bytes = [...encoder.encode(random() < 0.02 ? pick(HOSTILE) : text)];
    if (random() < 0.04) {
      const at = below(bytes.length);
      const [kept, rest] = [bytes.slice(0, at), bytes.slice(at)];
      bytes = pick([
        [...kept, rest[0] ^ (1 << below(8)), ...rest.slice(1)],
        [...kept, ...rest.slice(1)],
        [...kept, rest[0], ...rest],
        [...kept, below(256), ...rest],
        kept,
      ]);
    }
    yield Uint8Array.from(bytes);
  }
}

Deno.test(`a session of Redis takes any bytes (LINEUP_SEED=${SEED}): it throws nothing, and holds no more than its limits`, () => {
  const random = seededRandom(SEED);
  const served = { compiled: redis.compile(protocol), limits: DEFAULT_LIMITS };
  let session = redis.open("memory", served);
  let taken = 0;
  for (const bytes of mutatedRequests(random)) {
    for (let at = 0; at < bytes.length;) {
      const size = 1 + Math.floor(random() * bytes.length);
      session.push(bytes.slice(at, at + size));
      at += size;
      for (let decoded; (decoded = session.next()) !== undefined;) {
        if (decoded.kind !== "invalid" || !decoded.fatal) continue;
        assertEquals(session.next(), undefined);
        session = redis.open("memory", served);
        break;
      }
      assert(session.held <= MOST_HELD);
    }
    if ((taken += bytes.length) > BYTES) break;
  }
});

Deno.test(`a server of Redis takes any bytes (LINEUP_SEED=${SEED}): it answers in frames or closes, and serves a polite client`, async () => {
  const random = seededRandom(SEED + 1);
  const listener = listenMemory();
  const log: LogEntry[] = [];
  const { handlers } = redisService(1 << 22);
  await using _server = await serve(protocol, handlers, {
    dialect: redis,
    listen: [listener],
    log: (entry) => log.push(entry),
  });
  using polite = new RawClient(listener.connect());
  const pieces = mutatedRequests(random);
  for (let taken = 0; taken < BYTES;) {
    using hostile = new RawClient(listener.connect());
    const reading = hostile.restBytes().catch(() => new Uint8Array(0));
    for (let n = 0; n < 100; n++) {
      const { value } = pieces.next();
      taken += value!.length;
      if (hostile.ended) break;
      await hostile.send(value!).catch(() => n = 100);
    }
    await hostile.half().catch(() => {});
    const answer = await reading;
    assertEquals(framesIn(answer).taken, answer.length);
    await polite.send("PING\r\n");
    assertEquals(await polite.line(), "+PONG");
  }
  assertEquals(log.filter(({ level }) => level === "error"), []);
});
