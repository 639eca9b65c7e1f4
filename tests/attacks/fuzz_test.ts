import { assert, assertEquals } from "@std/assert";
import { DEFAULT_LIMITS, Framer } from "../../protocol/mod.ts";
import { House } from "../server/house.ts";
import { PeerListener, settle } from "../server/streams.ts";
import { LONG, SEED, seededRandom } from "../seeded_random.ts";
import { Wire } from "../wire.ts";

// LINEUP_LONG=25 makes it 100 million bytes; LINEUP_SEED another stream of them.
const BYTES = 4_000_000 * LONG;

/** What requests are made of, and what breaks them. */
// deno-fmt-ignore
const PIECES = [
  "PING", "SAY x", "ECHO", "FLOW 3", "STATS", "HELP", "CANCEL a", "HELLO lineup/1", "GET / HTTP/1.1",
  "Host: x", " ", "  ", "\t", "\n", "\r\n", "\r\0", "\r", "\0", "#a ", "#", "=", "a=1", "a=", '"', '\\"',
  '"a b"', "\\x4", "\\u{1F600}", "\\u{d800}", "{", "}", "{0}", "{3}", "{3}\nabc\n", "{12}\r\n", "{1048577}",
  "{99999999999}", "é", "\ud83d\ude00", "within=1ms", "within=0s", "class=bulk", "trace=00-1", "!", "*", "OK",
] as const;

// deno-fmt-ignore
const RAW = [
  [0xff, 0xf4], [0xff, 0xfd, 0x06], [0xff, 0xfb, 0x01], [0xff, 0xfa, 0x01, 0xff, 0xf0], [0xff, 0xff],
  [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0x80], [0x16, 0x03, 0x01], [0x1b, 0x5b], [0xc2, 0x9b], [0x7f],
] as const;

const encoder = new TextEncoder();

/** A stream of bytes that are nearly requests. */
function* fuzz(random: () => number): Generator<Uint8Array> {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)];
  for (;;) {
    const parts: number[] = [];
    for (let n = Math.ceil(random() * 12); n > 0; n--) {
      const kind = random();
      if (kind < 0.86) parts.push(...encoder.encode(pick(PIECES)));
      else if (kind < 0.95) parts.push(...pick(RAW));
      else for (let k = random() * 50; k > 0; k--) parts.push(Math.floor(random() * 256));
      if (kind < 0.3) parts.push(0x0a);
    }
    if (random() < 0.2) parts[Math.floor(random() * parts.length)] ^= 1 << Math.floor(random() * 8);
    yield Uint8Array.from(parts);
  }
}

Deno.test(`Framer takes any bytes (LINEUP_SEED=${SEED}): it throws nothing, and holds no more than it may`, () => {
  const random = seededRandom(SEED);
  const { maxLine, maxBody } = DEFAULT_LIMITS;
  let framer = new Framer("request");
  let taken = 0;
  for (const bytes of fuzz(random)) {
    framer.push(bytes);
    for (let framed; (framed = framer.next()) !== undefined;) {
      if (framed.kind !== "malformed" || !framed.fatal) continue;
      assertEquals(framer.next(), undefined);
      framer = new Framer("request");
      break;
    }
    assert(framer.held <= maxLine + maxBody);
    if ((taken += bytes.length) > BYTES) break;
  }
});

Deno.test(`serve takes any bytes (LINEUP_SEED=${SEED}): every connection is answered by the rules or closed, and a polite one unharmed`, async () => {
  const random = seededRandom(SEED + 1);
  const listener = new PeerListener();
  await using house = await House.open({ listen: [listener], drain: 0 });
  using polite = await Wire.open(listener.connect("198.51.100.1:1"));
  const pieces = fuzz(random);
  let taken = 0;
  for (let round = 0; taken < BYTES / 4; round++) {
    using hostile = await Wire.open(listener.connect(`203.0.113.${round & 255}:1`));
    let answer = "";
    const reading = hostile.rest().then((rest) => answer = rest, () => {});
    for (let n = 0; n < 40; n++) {
      const { value } = pieces.next();
      taken += value!.length;
      await hostile.send(value!).catch(() => n = 40);
    }
    await hostile.half().catch(() => {});
    await settle(house);
    // What waits for a body or an answer for ever is ended by the clock.
    await house.clock.elapse(30_000);
    hostile.close();
    await reading;
    for (const line of answer.split("\n")) assert(!line.includes("incident="), line);
    await polite.send("SAY hello\n");
    assertEquals(await polite.line(), "OK hello");
  }
  assertEquals(
    house.log.filter(({ level, message }) => level === "error" && !message.includes("dropped")),
    [],
  );
});
