// Every row of the error table on a real socket: the bytes sent, the exact line that comes back, and whether the
// connection stays. A PING behind it proves that it stays.

import { assertEquals } from "@std/assert";
import type { ServeOptions } from "@lineup/lineup/server";
import { bytes } from "../../dialects/lineup1/frames.ts";
import { RawClient } from "../../raw_client.ts";
import { TestServer } from "../../test_server.ts";

interface Row {
  readonly title: string;
  readonly sent: string | Uint8Array;
  readonly answer: readonly string[];
  readonly stays: boolean;
  readonly options?: ServeOptions;
  /** Runs after the sending. Resolves with the lines that it has read. */
  readonly then?: (testServer: TestServer, wire: RawClient) => Promise<readonly string[] | void>;
}

const SIZES = { limits: { maxLine: 80, maxBody: 10, maxDiscard: 50 } };
const CUT = "The input ended within a request, which was not executed.";
const NO_FROB = 'ERR unknown-command "There is no command FROB; HELP lists them."';
const HTTP = 'ERR wrong-protocol "This port speaks Lineup/1, not HTTP."';
const SAY_USAGE = "Usage: SAY word [n]";

/** The server checks deadlines in ticks of this many ms. */
const TICK = 16;

const rows: readonly Row[] = [
  {
    title: "bad-syntax in a line keeps the connection",
    sent: 'SAY "a\\q"\n',
    answer: [
      'ERR bad-syntax "\\"\\\\\\\\q\\" is no escape; these are: \\\\\\" \\\\\\\\ \\\\n \\\\r \\\\t \\\\xHH (a code point to FF) \\\\u{H..}."',
    ],
    stays: true,
  },
  {
    title: "bad-syntax with a tag is answered with the tag, its body discarded",
    sent: "#t SAY A=1 {5}\nQUIT\n\n",
    answer: [
      '#t ERR bad-syntax "\\"A\\" is no option name (lower case, digits, \\"-\\"); quote a word that holds \\"=\\"."',
    ],
    stays: true,
  },
  {
    title: "bad-syntax ends the connection where the length cannot be read",
    sent: "SAY {-1}\nPING\n",
    answer: [
      'ERR bad-syntax "A word that begins with \\"{\\" is a body\'s length: {n}, 1 to 10 digits, last on its line. Quote other words."',
    ],
    stays: false,
  },
  {
    title: "bad-syntax ends the connection at a control character",
    sent: "SAY a\0b\nPING\n",
    answer: [
      'ERR bad-syntax "The byte 0x00 cannot occur in a line; write control characters as escapes in quotes, or send a counted body."',
    ],
    stays: false,
  },
  {
    title: "bad-syntax ends the connection at a bare CR",
    sent: "SAY a\rPING\n",
    answer: ['ERR bad-syntax "A carriage return must be followed by a line feed."'],
    stays: false,
  },
  {
    title: "bad-syntax ends the connection at bytes that are no UTF-8",
    sent: bytes("SAY ", 0xc3, 0x28, "\nPING\n"),
    answer: [
      'ERR bad-syntax "A line is UTF-8 text without control characters; send other bytes as a counted body."',
    ],
    stays: false,
  },
  {
    title: "bad-syntax ends the connection behind a body that is too long",
    sent: "#b ECHO {2}\nabPING\nPING\n",
    answer: [
      '#b ERR bad-syntax "The body is longer than the 2 bytes announced, or no line end follows it."',
    ],
    stays: false,
  },
  {
    title: "bad-syntax, untagged, ends the connection where a tag is in use",
    sent: "#a HOLD a\n#a PING\nPING\n",
    answer: ['ERR bad-syntax "The tag a is still in use."', "#a OK done"],
    stays: false,
    then: async (testServer) => void (await testServer.held("a")).go("done"),
  },
  {
    title: "bad-syntax for a request that is cut off by the end of the input",
    sent: "PING\nSAY x",
    answer: ["OK pong", `ERR bad-syntax "${CUT}"`],
    stays: false,
    then: (_, wire) => wire.half(),
  },
  {
    title: "line-too-long ends the connection",
    options: SIZES,
    sent: `SAY ${"x".repeat(77)}\nPING\n`,
    answer: ['ERR line-too-long "A line holds at most 80 bytes."'],
    stays: false,
  },
  {
    title: "body-too-large keeps the connection, the body discarded",
    options: SIZES,
    sent: `#t ECHO {11}\n12345\nQUIT\n\n`,
    answer: ['#t ERR body-too-large "A body holds at most 10 bytes, not 11."'],
    stays: true,
  },
  {
    title: "body-too-large ends the connection where it is too large to discard",
    options: SIZES,
    sent: "ECHO {51}\nPING\n",
    answer: ['ERR body-too-large "A body holds at most 10 bytes, not 51."'],
    stays: false,
  },
  {
    title: "wrong-protocol for GET",
    sent: "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    answer: [HTTP],
    stays: false,
  },
  {
    title: "wrong-protocol for POST, whose body never runs",
    sent: "POST /a?b=c HTTP/1.1\r\nContent-Length: 6\r\n\r\nPING\r\n",
    answer: [HTTP],
    stays: false,
  },
  {
    title: "wrong-protocol for a header line anywhere",
    sent: "PING\nHost: localhost\nPING\n",
    answer: ["OK pong", HTTP],
    stays: false,
  },
  {
    title: "wrong-protocol for a TLS hello",
    sent: bytes(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, "\nPING\n"),
    answer: ['ERR wrong-protocol "This port speaks Lineup/1 in plain text, without TLS."'],
    stays: false,
  },
  {
    title: "unsupported-version keeps the connection",
    sent: "HELLO lineup/2\n",
    answer: ['ERR unsupported-version "This server speaks lineup/1."'],
    stays: true,
  },
  {
    title: "unknown-command keeps the connection, its body no request",
    sent: "#x frob {5}\nPING\n\n",
    answer: [`#x ${NO_FROB}`],
    stays: true,
  },
  {
    title: "unknown-command nine times keeps the connection",
    sent: "FROB\n".repeat(9),
    answer: Array(9).fill(NO_FROB),
    stays: true,
  },
  {
    title: "unknown-command ends the connection the tenth time",
    sent: "FROB\n".repeat(12),
    answer: Array(10).fill(NO_FROB),
    stays: false,
  },
  {
    title: "unknown-command counts anew behind a request",
    sent: "FROB\n".repeat(9) + "PING\n" + "FROB\n".repeat(9),
    answer: [...Array(9).fill(NO_FROB), "OK pong", ...Array(9).fill(NO_FROB)],
    stays: true,
  },
  {
    title: "bad-arguments for a missing argument",
    sent: "SAY\n",
    answer: [
      `ERR bad-arguments "SAY needs word: text of at most 2000 characters. ${SAY_USAGE}"`,
    ],
    stays: true,
  },
  {
    title: "bad-arguments for a wrong argument",
    sent: "SAY a 10\n",
    answer: [`ERR bad-arguments "n must be an integer, 1 to 9, not \\"10\\". ${SAY_USAGE}"`],
    stays: true,
  },
  {
    title: "bad-arguments for an argument too many",
    sent: '#1 SAY a 1 "b c"\n',
    answer: [
      `#1 ERR bad-arguments "\\"b c\\" is one argument too many; quote text that holds spaces. ${SAY_USAGE}"`,
    ],
    stays: true,
  },
  {
    title: "bad-arguments for an unknown option",
    sent: "SAY a colour=red\n",
    answer: [
      `ERR bad-arguments "SAY has no option colour; quote an argument that holds \\"=\\": \\"colour=…\\". ${SAY_USAGE}"`,
    ],
    stays: true,
  },
  {
    title: "bad-arguments for a body of a command that takes none",
    sent: "SAY a {4}\nQUIT\n",
    answer: [`ERR bad-arguments "SAY takes no body. ${SAY_USAGE}"`],
    stays: true,
  },
  {
    title: "bad-arguments for HELP of a command that does not exist",
    sent: "HELP frob\n",
    answer: ['ERR bad-arguments "There is no command frob; HELP lists them."'],
    stays: true,
  },
  {
    title: "unauthenticated for a command with a role",
    sent: "SECRET\n",
    answer: ['ERR unauthenticated "SECRET needs AUTH first."'],
    stays: true,
  },
  {
    title: "forbidden",
    sent: "FAIL forbidden\n",
    answer: ['ERR forbidden "Not for you."'],
    stays: true,
  },
  {
    title: "busy where no seat is free and no request may wait; built-in commands still work",
    options: { seats: 1, scheduling: { waiting: 0 }, random: () => 0.5 },
    sent: "#a HOLD a\n#b SAY x\n",
    answer: ['#b ERR busy "The server has too much to do." retry=100'],
    stays: true,
  },
  {
    title: "quota of tagged requests in flight",
    options: { maxInFlight: 2 },
    sent: "#a HOLD a\n#b HOLD b\n#c PING\n",
    answer: [
      '#c ERR quota "At most 2 tagged requests of a connection may be in flight." retry=100 scope=connection',
    ],
    stays: true,
  },
  {
    title: "quota that a handler throws",
    sent: "FAIL quota\n",
    answer: ['ERR quota "Enough." retry=5 scope=identity'],
    stays: true,
  },
  {
    title: "expired before it started",
    options: { seats: 1, scheduling: { patience: 1 } },
    sent: "#a HOLD a\n#b SAY x within=500ms\n",
    answer: ['#b ERR expired "The time given by within= is over." executed=no'],
    stays: true,
    then: async (testServer) => {
      await testServer.held("a");
      await testServer.clock.elapse(500 + TICK);
    },
  },
  {
    title: "expired while it ran",
    sent: "HOLD a within=2s\n",
    answer: ['ERR expired "The time given by within= is over." executed=maybe'],
    stays: true,
    then: async (testServer) => {
      await testServer.held("a");
      await testServer.clock.elapse(2100);
    },
  },
  {
    title: "cancelled while it ran",
    sent: "#a HOLD a\nCANCEL a\n",
    answer: ['#a ERR cancelled "CANCEL ended the request." executed=maybe', "OK"],
    stays: true,
  },
  {
    title: "cancelled before it started",
    options: { seats: 1 },
    sent: "#a HOLD a\n#b SAY x\nCANCEL b\n",
    answer: ['#b ERR cancelled "CANCEL ended the request." executed=no', "OK"],
    stays: true,
  },
  {
    title: "not-found for CANCEL of a tag that is not in flight",
    sent: "CANCEL a\n",
    answer: ['ERR not-found "No request with the tag a waits or runs."'],
    stays: true,
  },
  {
    title: "draining for a parked and for a new request, then the end",
    sent: "#r HOLD r\n#p WAIT p\n",
    answer: [
      '#p ERR draining "The server is shutting down." retry=1000',
      '#n ERR draining "The server is shutting down." retry=1000',
      "#r OK done",
      'ERR draining "The server is shutting down." retry=1000',
    ],
    stays: false,
    then: async (testServer, wire) => {
      await testServer.held("p");
      testServer.server.shutdown();
      await wire.send("#n SAY x\n");
      const seen = await wire.lines(2);
      (await testServer.held("r")).go("done");
      return seen;
    },
  },
  {
    title: "a command's own code with retry, executed and details",
    sent: "#x FAIL gone\n",
    answer: ['#x ERR gone "It is \\"gone\\".\\n" executed=maybe retry=250 id="7 8"'],
    stays: true,
  },
  {
    title: "a command's own code whose text was cut in the middle of a character",
    sent: "FAIL half\n",
    answer: ['ERR gone "half \ufffd" id=\ufffd'],
    stays: true,
  },
];

for (const { title, sent, answer, stays, options, then } of rows) {
  Deno.test(`serve answers ${title}`, async () => {
    await using testServer = await TestServer.open({ ...options, listen: ["127.0.0.1:0"] });
    using wire = await RawClient.open(testServer.server.address);
    await wire.send(sent);
    const seen = await then?.(testServer, wire) ?? [];
    assertEquals([...seen, ...await wire.lines(answer.length - seen.length)], answer);
    if (stays) {
      await wire.send("PING alive\n");
      assertEquals(await wire.line(), "OK alive");
    } else assertEquals(await wire.rest(), "");
  });
}
