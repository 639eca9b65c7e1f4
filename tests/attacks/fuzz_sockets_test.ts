import { assert, assertEquals } from "@std/assert";
import { formatLine, Framer } from "@lineup/lineup/protocol";
import { telnet } from "../../dialects/lineup1/telnet.ts";
import { TestServer } from "../test_server.ts";
import { LONG, SEED, seededRandom } from "../seeded_random.ts";
import { RawClient } from "../raw_client.ts";
import { fuzz } from "./fuzz.ts";
import { isPredicted, predict } from "./predicted.ts";

// LINEUP_LONG=1000 makes it 100 million bytes.
const BYTES = 100_000 * LONG;
const AT_ONCE = 8;
const PIECES = 60;
// Some answers are streams with a huge number of items: the test does not wait for the end of such an answer.
const MOST_ANSWERED = 1 << 20;
// A tag that comes again may still be in use. Then this answer may be the last.
const TAG_IN_USE = /^ERR bad-syntax "The tag \S+ is still in use\."/;

Deno.test(`serve takes any bytes over TCP (LINEUP_SEED=${SEED}): each connection is answered by the rules or closed`, async () => {
  await using testServer = await TestServer.open({ listen: ["127.0.0.1:0"], drain: 0 });
  let taken = 0;
  let next = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (taken < BYTES) {
        const index = next++;
        taken += await attack(testServer, index).catch((error) => {
          taken = Infinity;
          console.error(`connection ${index} failed with LINEUP_SEED=${SEED} LINEUP_LONG=${LONG}`);
          throw error;
        });
      }
    }),
  );
  using polite = await RawClient.open(testServer.server.address);
  const asks = async (name: string): Promise<string> => {
    await polite.send("STATS\n");
    let value = "";
    for (let line; !(line = await polite.line()).startsWith("OK");) {
      if (line.startsWith(`* ${name} `)) value = line.slice(name.length + 3);
    }
    return value;
  };
  let connections = "";
  while (connections !== "1") connections = await asks("connections");
  for (const [name, value] of [["waiting", "0"], ["parked", "0"], ["running", "1"]]) {
    assertEquals(await asks(name), value, name);
  }
  await testServer.clock.elapse(1000);
  assert(Number(await asks("held-bytes")) < 10_000);
  assertEquals(testServer.log.filter(({ level }) => level === "error"), []);
});

/** One hostile connection, with the same bytes and cuts for the same index. Resolves with the number of bytes sent. */
async function attack(testServer: TestServer, index: number): Promise<number> {
  const random = seededRandom(SEED * 1_000_003 + index);
  const conn = await Deno.connect(connectTo(testServer.server.address));
  const bytes = stream(random);
  // The connection reads everything, or is reset in the middle.
  const resets = random() < 0.2;
  const until = resets ? Math.floor(random() * bytes.length) : bytes.length;
  try {
    const reading = resets ? Promise.resolve(undefined) : readAll(conn);
    await sendCut(conn, bytes.subarray(0, until), random);
    if (resets) return until;
    await conn.closeWrite().catch(() => {});
    const answered = await reading;
    if (answered !== undefined) judge(bytes, answered);
    return until;
  } finally {
    conn.close();
  }
}

function connectTo(address: string): { hostname: string; port: number } {
  const { hostname, port } = new URL(address.replace("tcp:", "http:"));
  return { hostname, port: Number(port) };
}

function stream(random: () => number): Uint8Array {
  const pieces = fuzz(random);
  const parts: number[] = [];
  for (let n = Math.ceil(random() * PIECES); n > 0; n--) parts.push(...pieces.next().value!);
  return Uint8Array.from(parts);
}

/** Sends in pieces of any size, some of them after a turn of the event loop. */
async function sendCut(conn: Deno.Conn, bytes: Uint8Array, random: () => number): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const size = random() < 0.3 ? 1 + random() * 8 : random() * bytes.length;
    // The server may have ended the connection: its answer has the reason.
    const sent = await conn.write(bytes.subarray(at, at + Math.ceil(size))).catch(() => Infinity);
    at += sent;
    if (random() < 0.1) await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** All bytes that come; `undefined` where they are more than MOST_ANSWERED. */
async function readAll(conn: Deno.Conn): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const buffer = new Uint8Array(65_536);
    const read = await conn.read(buffer);
    if (read === null) break;
    parts.push(buffer.subarray(0, read));
    if ((size += read) > MOST_ANSWERED) return undefined;
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Checks that the answer is lines of Lineup/1, and that its untagged final lines are the predicted ones, in order. */
function judge(sent: Uint8Array, answered: Uint8Array): void {
  const prediction = predict(sent);
  const [greeting, ...frames] = replies(answered);
  assertEquals(greeting.startsWith("OK lineup/1 "), true, greeting);
  const finals = frames.filter((line) => !/^(#\S+ )?\* /.test(line));
  const untagged = finals.filter((line) => !line.startsWith("#"));
  const ends = untagged.some((line) => TAG_IN_USE.test(line));
  const shown = () =>
    `to ${JSON.stringify(new TextDecoder().decode(sent))}: ${untagged.join("\n")}\npredicted:\n${
      prediction.untagged.map(({ starts, maybe }) => `${starts}${maybe ? " ?" : ""}`).join("\n")
    }`;
  const lines = ends ? untagged.slice(0, -1) : untagged;
  assert(isPredicted(lines, prediction, ends), shown());
  if (!ends) assertEquals(finals.length, prediction.most, shown());
}

/** The lines of an answer. Throws at a line that is not of Lineup/1. */
function replies(bytes: Uint8Array): string[] {
  const framer = new Framer("reply", { maxLine: 65_536, maxBody: 1 << 24 });
  const lines: string[] = [];
  for (let at = 0; at < bytes.length;) {
    // Answers to telnet commands stand between lines.
    if (bytes[at] === telnet.IAC) {
      at += 3;
      continue;
    }
    const end = bytes.indexOf(0x0a, at) + 1;
    const line = bytes.subarray(at, end === 0 ? bytes.length : end);
    at += line.length;
    framer.push(line);
    let framed = framer.next();
    if (framed === undefined) {
      const [, length, eol] = /\{([0-9]+)\}(\r?\n)$/.exec(new TextDecoder().decode(line)) ?? [];
      const size = Number(length) + eol?.length;
      framer.push(bytes.subarray(at, at + size));
      at += size;
      framed = framer.next();
    }
    if (framed?.kind !== "frame") throw new Error(`no line of Lineup/1: ${JSON.stringify(framed)}`);
    lines.push(formatLine(framed));
  }
  return lines;
}
