// The duties of servers of Lineup/1, as data. docs/PROTOCOL.md has the rule behind each case.

import { telnet } from "../telnet.ts";
import type { ConformanceCase, ConformanceLevel, Piece } from "./case.ts";
import { optionalCases } from "./optional_cases.ts";

const { IAC, IP } = telnet;

/** A case of the level `core`. */
type CoreCase = Omit<ConformanceCase, "level">;

const SYNTAX = "ERR bad-syntax …";
const ARGUMENTS = "ERR bad-arguments …";
const UNKNOWN = "ERR unknown-command …";
const FOREIGN = "ERR wrong-protocol …";

/** A line and its answer; the connection stays open. */
function line(about: string, text: string, expect: string): CoreCase {
  return { name: `${about}: ${text}`, send: [text + "\n"], expect };
}

/** Bytes behind which no request can be found. A PING behind them must not be answered. */
function fatal(about: string, send: readonly Piece[], expect = SYNTAX): CoreCase {
  return { name: about, send: [...send, "\nPING\n"], expect, ends: true };
}

const greeting: readonly CoreCase[] = [
  { name: "greeting: nothing is sent", send: [], expect: "" },
];

const lines: readonly CoreCase[] = [
  { name: "line end: LF, and so ends the answer", send: ["PING\n"], expect: "OK pong", eol: "\n" },
  {
    name: "line end: CRLF, and so ends the answer",
    send: ["PING\r\n"],
    expect: "OK pong",
    eol: "\r\n",
  },
  {
    name: "line end: telnet's CR NUL, answered with CRLF",
    send: ["PING\r\0"],
    expect: "OK pong",
    eol: "\r\n",
  },
  {
    name: "line end: mixed on one connection",
    send: ["PING 1\r\nPING 2\nPING 3\r\0PING 4\n"],
    expect: "OK 1\nOK 2\nOK 3\nOK 4",
  },
  {
    name: "empty lines are passed over",
    send: ["\n\r\n \t \n\r\0PING\n\n"],
    expect: "OK pong",
  },
  line("spaces and tabs around words are passed over", " \t PING \t  word  ", "OK word"),
  fatal("a NUL in a line ends the connection", ["PING a", 0, "b"]),
  fatal("an escape character in a line ends the connection", ["PING a", 0x1b, "b"]),
  fatal("DEL in a line ends the connection", ["PING a", 0x7f, "b"]),
  fatal("a C1 control in a line ends the connection", ["PING a\u0085b"]),
  fatal("bytes that are not UTF-8 end the connection", ["PING a", 0xc0, 0xaf]),
  fatal("a CR within a line ends the connection", ["PING a\rPING b"]),
];

const words: readonly CoreCase[] = [
  line("a verb in any case", "pInG", "OK pong"),
  line("a word", "PING hello", "OK hello"),
  line("a word beyond ASCII", "PING žluťoučký€😀", "OK žluťoučký€😀"),
  line("a quoted word", 'PING "two words"', 'OK "two words"'),
  line("a quoted word that needs no quotes", 'PING "word"', "OK word"),
  line("a quoted word that looks like an option", 'PING "a=b"', 'OK "a=b"'),
  line("an empty word", 'PING ""', 'OK ""'),
  line(
    "escapes",
    String.raw`PING "\" \\ \x41 \u{1F600} \n\r\t"`,
    String.raw`OK "\" \\ A 😀 \n\r\t"`,
  ),
  line("an unknown escape", String.raw`PING "\q"`, SYNTAX),
  line("an escape of a surrogate", String.raw`PING "\u{D800}"`, SYNTAX),
  line("a quote that is not closed", 'PING "a', SYNTAX),
  line("a quote in a bare word", 'PING a"b', SYNTAX),
  line("no space behind a quoted word", 'PING "a"b', SYNTAX),
  line("a word that begins with #", "PING #a", SYNTAX),
  line("a verb that begins with a digit", "1PING", SYNTAX),
  line("a verb of 33 letters", "P".repeat(33), SYNTAX),
  line("an unknown command", "NO-SUCH-COMMAND", UNKNOWN),
  line("an argument too many", "PING a b", ARGUMENTS),
  line("an argument too few", "CANCEL", ARGUMENTS),
];

const options: readonly CoreCase[] = [
  line("options of every command", "PING within=5s class=normal", "OK pong"),
  line(
    "a traceparent",
    "PING trace=00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "OK pong",
  ),
  line("a quoted value", 'PING within="5s" word', "OK word"),
  line("an option that the command does not have", "PING colour=red", ARGUMENTS),
  line("a value that is not what it should be", "PING within=soon", ARGUMENTS),
  line("a class that does not exist", "PING class=royal", ARGUMENTS),
  line("an option given twice", "PING within=5s within=6s", SYNTAX),
  line("an option without a value", "PING within=", SYNTAX),
  line("an option name in upper case", "PING WITHIN=5s", SYNTAX),
  line('a bare value that holds "="', "PING within=a=b", SYNTAX),
];

const LONGEST_TAG = "az.AZ-09_".padEnd(32, "x");

const tags: readonly CoreCase[] = [
  line("a tag is repeated", "#a PING", "#a OK pong"),
  line("a tag of 32 characters", `#${LONGEST_TAG} PING`, `#${LONGEST_TAG} OK pong`),
  line("a tag of 33 characters", `#${LONGEST_TAG}x PING`, SYNTAX),
  line("a tag with other characters", "#a! PING", SYNTAX),
  line("a tag without a verb", "#a", "#a ERR bad-syntax …"),
  line("a tag before an error", "#a NO-SUCH-COMMAND", "#a ERR unknown-command …"),
  line("a tag before a wrong line", "#a PING A=1", "#a ERR bad-syntax …"),
  line("a tag before wrong arguments", "#a PING a b", "#a ERR bad-arguments …"),
  {
    name: "a tag may be used again once it is answered",
    send: ["#a PING 1\nPING 2\n"],
    expect: "#a OK 1\nOK 2",
    anyOrder: true,
  },
  line("a tag alone", "#", SYNTAX),
  line("a tag and a length, but no verb", "#a {0}\n", "#a ERR bad-syntax …"),
  {
    name: "tags may be answered in any order",
    send: [Array.from({ length: 20 }, (_, i) => `#t${i} PING ${i}\n`).join("")],
    expect: Array.from({ length: 20 }, (_, i) => `#t${i} OK ${i}`).join("\n"),
    anyOrder: true,
  },
];

const pipelines: readonly CoreCase[] = [
  {
    name: "pipelining: untagged requests are answered in order",
    send: [Array.from({ length: 100 }, (_, i) => `PING ${i}\n`).join("")],
    expect: Array.from({ length: 100 }, (_, i) => `OK ${i}`).join("\n"),
  },
  {
    name: "pipelining: errors are answered in order too",
    send: ["PING 1\nNO-SUCH-COMMAND\nPING a b\nPING 2\n"],
    expect: `OK 1\n${UNKNOWN}\n${ARGUMENTS}\nOK 2`,
  },
  {
    name: "pipelining: a whole conversation in one piece",
    send: ["\r\nPING 1\r\nHELP PING\r\nSTATS\r\nNO-SUCH-COMMAND {5}\r\nPING\n\r\nQUIT\r\n"],
    expect: "OK 1\nOK {…}\n…\nOK count=…\nERR unknown-command …\nOK bye",
    ends: true,
  },
];

const bodies: readonly CoreCase[] = [
  {
    name: "body: where the command takes none, it is refused and its bytes are no request",
    send: ["PING {5}\nQUIT\n\n"],
    expect: ARGUMENTS,
  },
  {
    name: "body: behind a line that is wrong, its bytes are no request",
    send: ["PING A=1 {5}\nQUIT\n\n"],
    expect: SYNTAX,
  },
  {
    name: "body: behind an unknown command, its bytes are no request",
    send: ["NO-SUCH-COMMAND {5}\r\nQUIT\n\r\n"],
    expect: UNKNOWN,
  },
  {
    name: "body: any bytes, among them IAC, are passed over",
    send: ["NO-SUCH-COMMAND {6}\n", 0, IAC, IP, 0xc0, 0x0d, 0x1b, "\n"],
    expect: UNKNOWN,
  },
  {
    name: "body: behind a line that is a length alone, its bytes are no request",
    send: ["{5}\nQUIT\n\n"],
    expect: SYNTAX,
  },
  {
    name: "body: behind a quote in a bare word, nobody knows",
    send: ['PING \\" {5}\nQUIT\n\nPING\n'],
    expect: SYNTAX,
    ends: true,
  },
  { name: "body: none of its bytes", send: ["NO-SUCH-COMMAND {0}\n\n"], expect: UNKNOWN },
  fatal("body: longer than it said", ["NO-SUCH-COMMAND {2}\nabc"]),
  fatal("body: longer than it said, with a tag", ["#a PING {2}\nabc"], "#a ERR bad-syntax …"),
  fatal("body: a negative length", ["PING {-1}"]),
  fatal("body: a length with a leading zero", ["PING {05}"]),
  fatal("body: a length that is no number", ["PING {x}"]),
  fatal("body: a length that is not the last word", ["PING {5} x}"]),
  fatal("body: no space before its length", ["PING word{5}"]),
  fatal("body: a length in an open quote", ['PING " {5}']),
];

const limits: readonly CoreCase[] = [
  {
    name: "limit: a line of max-line bytes",
    send: ["PING ", { fill: "x", beside: 5 }, "\n"],
    expect: "OK x…",
  },
  fatal("limit: a line of one byte more", [
    "PING ",
    { fill: "x", beside: 4 },
  ], "ERR line-too-long …"),
  {
    name: "limit: a line without end",
    send: [{ fill: "x", beside: -1 }],
    expect: "ERR line-too-long …",
    ends: true,
  },
  fatal("limit: a body larger than any", ["PING {9999999999}"], "ERR body-too-large …"),
  {
    name: "limit: ten unknown commands end the connection",
    send: ["FROB\n".repeat(12)],
    expect: Array(10).fill(UNKNOWN).join("\n"),
    ends: true,
  },
  {
    name: "limit: one tagged request more than max-in-flight",
    send: [{ slow: "max-in-flight" }, "#over PING\n"],
    expect: "#over ERR quota …scope=connection…",
  },
  {
    name: "limit: unknown commands count anew behind a request",
    send: ["FROB\n".repeat(9) + "PING\n" + "FROB\n".repeat(9)],
    expect: [...Array(9).fill(UNKNOWN), "OK pong", ...Array(9).fill(UNKNOWN)].join("\n"),
  },
];

const builtins: readonly CoreCase[] = [
  line("HELLO", "HELLO lineup/1 agent=check", "OK lineup/1 …"),
  line(
    "HELLO with all its options",
    "HELLO lineup/1 agent=check timing=off events=off half-close=on heartbeat=1h rights=off",
    "OK lineup/1 …",
  ),
  line("HELLO with a wrong option", "HELLO lineup/1 heartbeat=soon", ARGUMENTS),
  line("HELLO of another version", "HELLO lineup/2", "ERR unsupported-version …"),
  line("HELLO without a version", "HELLO", ARGUMENTS),
  line("HELP", "HELP", "OK {…}\n…"),
  line("HELP of a command", "HELP ping", "OK {…}\n…PING…"),
  line("HELP of what is not there", "HELP no-such-command", ARGUMENTS),
  line("SPEC", "SPEC", 'OK {…}\n{…"lineup":…'),
  line("STATS", "STATS", "…OK count=…"),
  line("CANCEL of what is not in flight", "CANCEL none", "ERR not-found …"),
  line("CANCEL with a tag of its own", "#c CANCEL none", "#c ERR not-found …"),
  { name: "QUIT", send: ["QUIT\n"], expect: "OK bye", ends: true },
  { name: "QUIT with a tag", send: ["#q QUIT\n"], expect: "#q OK bye", ends: true },
  {
    name: "QUIT: what came before it is answered, what comes behind it is not",
    send: ["PING 1\nPING 2\nQUIT\nPING 3\n"],
    expect: "OK 1\nOK 2\nOK bye",
    ends: true,
  },
];

const others: readonly CoreCase[] = [
  {
    name: "half-close: what came before it is answered",
    send: ["PING 1\nPING 2\n"],
    expect: "OK 1\nOK 2",
    half: true,
  },
  { name: "half-close: of a client that says nothing", send: [], expect: "", half: true },
  {
    name: "half-close: an unfinished line is not executed",
    send: ["PING 1\nPING 2"],
    expect: `OK 1\n${SYNTAX}`,
    half: true,
  },
  {
    name: "half-close: an unfinished body is not executed",
    send: ["PING 1\nNO-SUCH-COMMAND {5}\nab"],
    expect: `OK 1\n${SYNTAX}`,
    half: true,
  },
  {
    name: "half-close: an unfinished body of a wrong line",
    send: ["PING A=1 {5}\nab"],
    expect: `${SYNTAX}\n${SYNTAX}`,
    half: true,
  },
  {
    name: "another protocol: only the first line can be a request of HTTP",
    send: ["PING\nPING HTTP/1.1\n Host: x\n"],
    expect: `OK pong\nOK …HTTP/1.1…\n${SYNTAX}`,
  },
  fatal("another protocol: a GET of HTTP", ["GET / HTTP/1.1\r\nHost: x\r\n\r"], FOREIGN),
  {
    name: "another protocol: a header line behind a request",
    send: ["PING\r\nHost: x\r\nPING\r\n"],
    expect: `OK pong\n${FOREIGN}`,
    ends: true,
  },
  fatal(
    "another protocol: a TLS hello",
    [0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3],
    FOREIGN,
  ),
];

/**
 * The duties of servers of Lineup/1, in any language: `lineup check` sends each case in one piece and byte by byte.
 *
 * @example
 * ```ts
 * import { caseBytes, conformanceCases } from "@lineup/lineup/protocol";
 * import { assertEquals } from "@std/assert";
 *
 * const { send, expect, level } = conformanceCases.find(({ name }) => name.startsWith("a tag is repeated"))!;
 * const bytes = caseBytes(send, { maxLine: 8192 });
 * assertEquals([new TextDecoder().decode(bytes), expect, level], ["#a PING\n", "#a OK pong", "core"]);
 * ```
 */
export const conformanceCases: readonly ConformanceCase[] = [
  ...atLevel("core", [
    ...greeting,
    ...lines,
    ...words,
    ...options,
    ...tags,
    ...pipelines,
    ...bodies,
    ...limits,
    ...builtins,
    ...others,
  ]),
  ...Object.entries(optionalCases).flatMap(([level, cases]) =>
    atLevel(level as ConformanceLevel, cases)
  ),
];

function atLevel(level: ConformanceLevel, cases: readonly CoreCase[]): ConformanceCase[] {
  return cases.map((each) => ({ ...each, level }));
}
