// Mutated sessions of the examples' dialects: any bytes, in any pieces.

import {
  DEFAULT_LIMITS,
  type Dialect,
  type DialectSession,
  type Served,
  type Sink,
  type WireLimits,
  type WireRequest,
} from "@lineup/lineup/dialects";
import { type Protocol, Refusal } from "@lineup/lineup/protocol";
import { assert, assertEquals } from "@std/assert";
import { dialect as dict } from "../../examples/dict.ts";
import { protocol as dictionary } from "../../examples/dictionary.ts";
import { dialect as finger, protocol as people } from "../../examples/finger.ts";
import { protocol as cache } from "../../examples/memcached/protocol.ts";
import { options as memcached } from "../../examples/memcached.ts";
import { protocol as mail, smtpOptions } from "../../examples/smtp.ts";
import { LONG, SEED, seededRandom } from "../seeded_random.ts";

// LINEUP_LONG=200 makes it 10 million bytes of each dialect.
const BYTES = 50_000 * LONG;

/** A dialect, and sessions that the mutations begin with. */
interface Mutated {
  readonly dialect: Dialect;
  readonly protocol: Protocol;
  readonly limits: Partial<WireLimits>;
  readonly sessions: readonly string[];
  /** What all answers of a connection look like. */
  readonly answers: RegExp;
  /** Values of replies, by verb. */
  readonly replies?: Readonly<Record<string, Record<string, unknown>>>;
}

const smtp = smtpOptions({ hostname: "mx.example", recipients: 3, badCommands: 6 }, 2000);

const BEGIN = "EHLO a.example\r\nMAIL FROM:<a@b> SIZE=9\r\nRCPT TO:<c@d>\r\n";

const MUTATED: readonly Mutated[] = [
  {
    dialect: smtp.dialect!,
    protocol: mail,
    limits: { ...smtp.limits, maxDiscard: 5000 },
    sessions: [
      `${BEGIN}RCPT TO:<"x y"@[192.0.2.1]>\r\nDATA\r\nSubject: x\r\n\r\n..\r\n.\r\nQUIT\r\n`,
      `${BEGIN}BDAT 4\r\na\r\nbBDAT 2 LAST\r\n\r\nRSET\r\nNOOP x\r\n`,
      `HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<postmaster>\r\nDATA\r\n${
        "x".repeat(998)
      }\r\n.\r\nVRFY a\r\n`,
      `${BEGIN}DATA\r\n${"0123456789\r\n".repeat(200)}.\r\nNOOP\r\n`,
      `${BEGIN}DATA\r\nx\n.\nMAIL FROM:<e@f>\r\n.\r\r\n\r\n.\r\n`,
    ],
    answers: /^(?:[2-5][0-9]{2}[ -][^\r\n]*\r\n)*$/,
    replies: { MESSAGE: { id: "m1" } },
  },
  {
    dialect: dict,
    protocol: dictionary,
    limits: { maxLine: 1022 },
    sessions: [
      'CLIENT "a b"\r\nDEFINE * "x\\" y"\r\nMATCH ! . \'z\'\r\nSHOW DB\r\nQUIT\r\n',
      "show  info errors\r\nSTATUS\r\nHELP\r\nOPTION MIME\r\nD x y\r\n",
      `DEFINE * ${"x".repeat(1100)}\r\nQUIT\r\n`,
    ],
    // ABOUT answers with dots.
    answers: /^(?:(?:[1-5][0-9]{2} [^\r\n]*|\.{1,3})\r\n)*$/,
  },
  {
    dialect: finger,
    protocol: people,
    limits: { maxLine: 512 },
    sessions: ["/W ada\r\nada\r\n", "\r\n", `${"x".repeat(600)}\r\n`, "a@b\r\n"],
    answers: /^(?:[^\r\n]*\r\n)?$/,
    replies: { FINGER: { text: "x" } },
  },
  {
    dialect: memcached.dialect!,
    protocol: cache,
    limits: { maxLine: 300, maxBody: 100, maxDiscard: 200 },
    sessions: [
      "set a 0 0 3\r\nabc\r\nget a b\r\ngets a\r\ngat 0 a\r\ncas a 1 -1 2 7 noreply\r\n\r\n\r\n",
      `set ${"k".repeat(251)} 0 0 5\r\nmn\r\nx\r\nincr a 1\r\ndecr a 2 noreply\r\ntouch a 1\r\n`,
      "mg a v k s t c f l h O1 q\r\nms a 3 T0 F1 I C1 MA\r\nabc\r\nmd a I T3 q\r\nma a N0 J5 D2 v\r\n",
      `append a 0 0 150\r\n${"x".repeat(150)}\r\nmg YQ== b k\r\nmn\r\nverbosity 1\r\n`,
      "delete a 0\r\nflush_all 5\r\nversion\r\nstats\r\nstats reset\r\nGET / HTTP/1.1\r\n",
    ],
    answers:
      /^(?:(?:[A-Z]+_)?ERROR[^\r\n]*\r\n|[A-Z_]+\r\n|5\r\n|(?:HD|EN|NF|VERSION) [^\r\n]*\r\n|VA 1 ?[^\r\n]*\r\n5\r\n)*$/,
    replies: {
      STORE: { outcome: "STORED", cas: 1 },
      DELETE: { outcome: "DELETED" },
      CHANGE: { outcome: "CHANGED", cas: 1, ttl: -1, value: "5" },
      TOUCH: { found: true },
      VERSION: { version: "1" },
    },
  },
];

const encoder = new TextEncoder();

/** A session with some of its bytes changed. */
function mutate(session: string, random: () => number): Uint8Array {
  const below = (n: number): number => Math.floor(random() * n);
  const bytes = [...encoder.encode(session)];
  for (let n = below(6); n > 0; n--) {
    const at = below(bytes.length);
    const kind = below(6);
    if (kind === 0) bytes[at] ^= 1 << below(8);
    else if (kind === 1) bytes.splice(at, 1 + below(4));
    else if (kind === 2) {
      bytes.splice(at, 0, [0x0d, 0x0a, 0x2e, 0, 0xff, 0x22, 0x5c, 0x20][below(8)]);
    } else if (kind === 3) bytes.splice(at, 0, ...bytes.slice(at, at + below(40)));
    else if (kind === 4) bytes.splice(at, 0, ...encoder.encode("\r\n.\r\n"));
    else bytes[at] = below(256);
  }
  return Uint8Array.from(bytes);
}

/** All that a session answers to bytes that come in pieces of at most `most`, where each command succeeds. */
async function answersOf(
  { dialect, protocol, limits, replies = {} }: Mutated,
  bytes: Uint8Array,
  most: () => number,
): Promise<string> {
  const served: Served = {
    compiled: dialect.compile(protocol),
    limits: { ...DEFAULT_LIMITS, ...limits },
  };
  const session = dialect.open("memory", served);
  let text = "";
  const out: Sink = { add: (more) => void (text += more) };
  let isEnded = false;
  for (let at = 0; at < bytes.length && !isEnded;) {
    const piece = bytes.slice(at, at + most());
    at += piece.length;
    session.push(piece);
    for (let unit; !isEnded && (unit = session.next()) !== undefined;) {
      if (unit.kind === "invalid") session.writeFailure(unit, unit.failure, out);
      else if (unit.kind === "request") await answer(session, served, unit, replies, out);
      isEnded = session.over === true || (unit.kind === "invalid" && unit.fatal) ||
        (unit.kind === "request" && unit.verb === "QUIT");
    }
    piece.fill(0xff);
    const { maxLine, maxBody } = served.limits;
    assert(session.held <= maxLine + maxBody + 4096, `holds ${session.held} bytes`);
  }
  const last = isEnded ? undefined : session.endOfInput();
  if (last?.kind === "invalid") session.writeFailure(last, last.failure, out);
  return text;
}

async function answer(
  session: DialectSession,
  { compiled }: Served,
  request: WireRequest,
  replies: NonNullable<Mutated["replies"]>,
  out: Sink,
): Promise<void> {
  const command = compiled.commands.get(request.verb);
  if (command === undefined) {
    const failure = { code: "unknown-command", message: `No ${request.verb}.` };
    return session.writeFailure(request, failure, out);
  }
  try {
    await session.readArguments(request, command);
    // Streams end in their failure.
    if (command.items !== undefined || command.builtin && command.reply.named.size > 0) {
      throw new Refusal("busy", "Not now.");
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return session.writeFailure(request, error, out);
  }
  request.forget();
  session.writeReply(request, command, replies[request.verb] ?? defaults(command.verb), out);
}

function defaults(verb: string): Record<string, unknown> {
  return verb === "ABOUT" ? { text: "..\n." } : {};
}

for (const mutated of MUTATED) {
  const { dialect: { name }, sessions } = mutated;
  Deno.test(`${name} takes any bytes in any pieces (LINEUP_SEED=${SEED}): it answers the same, in its grammar`, async () => {
    const random = seededRandom(SEED);
    for (let taken = 0; taken < BYTES;) {
      const bytes = mutate(sessions[Math.floor(random() * sessions.length)], random);
      taken += bytes.length;
      const whole = await answersOf(mutated, bytes, () => bytes.length);
      // Where a message has come before its 354, only the bytes of the same read tell so.
      if (whole.includes("before 354")) continue;
      const size = random() < 0.3 ? 1 : 1 + Math.floor(random() * 40);
      const split = await answersOf(mutated, bytes, () => 1 + Math.floor(random() * size));
      const shown = JSON.stringify(new TextDecoder("latin1").decode(bytes));
      assertEquals(split, whole, shown);
      assert(mutated.answers.test(whole), `${shown}: ${whole}`);
    }
  });
}
