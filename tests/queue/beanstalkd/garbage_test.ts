// Any bytes: they are answered by the words of the protocol or end the connection, and harm nobody else.

import { assert, assertEquals, assertMatch } from "@std/assert";
import { beanstalkd, beanstalkdProtocol } from "@lineup/lineup/queue";
import type { RawClient } from "../../raw_client.ts";
import { LONG, SEED, seededRandom } from "../../seeded_random.ts";
import { limits, openStage } from "./stage.ts";

// LINEUP_LONG=100 makes it 10 million bytes for the session; the server gets a quarter of that.
const BYTES = 100_000 * LONG;

/** The parts of commands, and parts that break them. */
// deno-fmt-ignore
const PIECES = [
  "put 0 0 60 3\r\nabc\r\n", "put 0 0 60 3\r\nab", "put 4294967295 0 1 0\r\n\r\n", "put 0 0 60 ", "put -1 0 60 9\r\n",
  "put 0 0 60 70000\r\n", "put 1 99999999999 1 1\r\n", "put 0 0 60 4294967295\r\n", "reserve-with-timeout 0\r\n",
  "reserve\r\n", "reserve-job 1\r\n", "delete 1\r\n", "delete 2\r\n", "release 1 0 0\r\n", "bury 1 0\r\n", "touch 1\r\n",
  "kick 9\r\n", "kick-job 1\r\n", "peek 1\r\n", "peek-ready\r\n", "peek-delayed\r\n", "peek-buried\r\n", "use a\r\n",
  "watch b\r\n", "ignore default\r\n", "ignore b\r\n", "stats\r\n", "stats-job 1\r\n", "stats-tube a\r\n",
  "list-tubes\r\n", "list-tube-used\r\n", "list-tubes-watched\r\n", "pause-tube a 1\r\n", "quit\r\n", "GET / HTTP/1.1\r\n",
  "Host: x\r\n", "\r\n", "\n", "\r", "\0", " ", "-", "x", "é", "18446744073709551616", "\x16\x03\x01", "\xff\xf4\xff\xfd\x06",
] as const;

/** Pieces of commands, cut and with flipped bits. */
function* garbage(random: () => number): Generator<Uint8Array> {
  const below = (limit: number): number => Math.floor(random() * limit);
  for (;;) {
    let text = "";
    for (let n = 1 + below(12); n > 0; n--) text += PIECES[below(PIECES.length)];
    const bytes = new TextEncoder().encode(text);
    for (let n = below(4); n > 0; n--) bytes[below(bytes.length)] ^= 1 << below(8);
    yield bytes.subarray(0, bytes.length - below(3));
  }
}

Deno.test(`a session of beanstalkd takes any bytes (LINEUP_SEED=${SEED}): it throws nothing, and holds no more than its limits`, () => {
  const served = { compiled: beanstalkd.compile(beanstalkdProtocol), limits };
  let session = beanstalkd.open("memory", served);
  let taken = 0;
  for (const bytes of garbage(seededRandom(SEED))) {
    session.push(bytes);
    for (let decoded; (decoded = session.next()) !== undefined;) {
      if (decoded.kind !== "invalid" || !decoded.fatal) continue;
      assertEquals(session.next(), undefined);
      session = beanstalkd.open("memory", served);
      break;
    }
    assert(session.held <= limits.maxLine + limits.maxBody + 65_536);
    if ((taken += bytes.length) > BYTES) break;
  }
});

const ANSWER =
  /^(?:(?:INSERTED|KICKED|WATCHING) [0-9]+|USING \S+|(?:RESERVED|FOUND) [0-9]+ [0-9]+|OK [0-9]+|DELETED|RELEASED|BURIED|TOUCHED|KICKED|PAUSED|NOT_FOUND|NOT_IGNORED|TIMED_OUT|DEADLINE_SOON|BAD_FORMAT|UNKNOWN_COMMAND|EXPECTED_CRLF|JOB_TOO_BIG|OUT_OF_MEMORY)\r\n$/;

Deno.test(`a server of beanstalkd takes any bytes (LINEUP_SEED=${SEED}): its answers are words of the protocol, and it serves a polite client`, async () => {
  const pieces = garbage(seededRandom(SEED + 1));
  await using stage = await openStage({ keys: ["a.*"] });
  let taken = 0;
  while (taken < BYTES / 4) {
    const hostile = stage.connect().listen();
    for (let n = 0; n < 40; n++) {
      const { value } = pieces.next();
      taken += value!.length;
      await hostile.send(value!).catch(() => n = 40);
    }
    await stage.clock.elapse(0);
    hostile.close();
    await stage.clock.elapse(100);
    answersAreWords(hostile);
  }
  const polite = stage.connect();
  await polite.send(
    "use polite\r\nwatch polite\r\nignore default\r\nput 0 0 60 5\r\nhello\r\nreserve\r\n",
  );
  assertEquals(await polite.lines(3), ["USING polite", "WATCHING 2", "WATCHING 1"]);
  assertMatch(await polite.line(), /^INSERTED [0-9]+$/);
  assertMatch(await polite.line(), /^RESERVED [0-9]+ 5$/);
  assertEquals(await polite.line(), "hello");
  assertEquals(stage.logged.filter(({ level }) => level === "error"), []);
});

/** Checks all that a client has got. */
function answersAreWords(client: RawClient): void {
  const text = new TextDecoder("latin1").decode(client.takeBytes());
  for (let at = 0; at < text.length;) {
    const end = text.indexOf("\n", at) + 1;
    // The connection was closed within this answer.
    if (end === 0) return;
    const line = text.slice(at, end);
    assertMatch(line, ANSWER);
    const size = /^(?:OK|RESERVED [0-9]+|FOUND [0-9]+) ([0-9]+)\r\n$/.exec(line)?.[1];
    at = end + (size === undefined ? 0 : Number(size) + 2);
  }
}
