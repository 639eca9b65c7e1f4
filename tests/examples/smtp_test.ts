import { DEFAULT_LIMITS, dialectCases, type DialectSubject } from "@lineup/lineup/dialects";
import type { ServedDialect } from "@lineup/lineup/dialects";
import { serve } from "@lineup/lineup/server";
import { assertEquals, assertMatch } from "@std/assert";
import { handlersFor, protocol } from "../../examples/smtp.ts";
import { serveQueue } from "../cli/queue_here.ts";
import { serveInMemory } from "../dialects/served.ts";
import { RawClient } from "../raw_client.ts";
import { keepingHandlers, options, type Taken } from "./receiver.ts";

const limits = { ...DEFAULT_LIMITS, ...options.limits };

function receive(taken: Taken[], connections?: number): Promise<ServedDialect> {
  return serveInMemory(protocol, (wait) => keepingHandlers(taken, wait), {
    ...options,
    connections: connections === undefined ? {} : { connections },
  });
}

const HELLO =
  "250-mx.example greets a.example\r\n250-PIPELINING\r\n250-SIZE 4000\r\n250-8BITMIME\r\n" +
  "250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n250 CHUNKING\r\n";
const BEGIN = "EHLO a.example\r\nMAIL FROM:<ada@a.example>\r\nRCPT TO:<grace@b.example>\r\n";
const BEGUN = `${HELLO}250 2.1.0 …\r\n250 2.1.5 …\r\n`;

const subject: DialectSubject = {
  dialect: options.dialect!,
  protocol,
  limits,
  greeting: "220 mx.example ESMTP Lineup\r\n",
  requests: [
    { send: "NOOP anything\r\n", expect: "250 2.0.0 …\r\n" },
    { send: "ehlo a.example\r\n", expect: HELLO },
    { send: "HELO [192.0.2.1]\r\n", expect: "250 mx.example\r\n" },
    {
      send: `${BEGIN}DATA\r\nSubject: x\r\n\r\n..\r\n.\r\nRSET\r\n`,
      expect: `${BEGUN}354 …\r\n250 2.0.0 Queued as m….\r\n250 2.0.0 …\r\n`,
    },
    {
      send: `${BEGIN}BDAT 3\r\na\r\nBDAT 2 LAST\r\n\r\n`,
      expect: `${BEGUN}250 2.0.0 …\r\n250 2.0.0 Queued as m….\r\n`,
    },
    { send: "VRFY ada\r\n", expect: "252 2.5.2 …\r\n" },
    { send: "EXPN all\r\n", expect: "502 5.5.1 EXPN is not implemented.\r\n" },
    { send: "QUIT\r\n", expect: "221 2.0.0 Bye.\r\n", ends: true },
  ],
  invalid: [
    { send: "FROB\r\n", expect: "500 5.5.1 There is no such command.\r\n" },
    { send: "MESSAGE\r\n", expect: "500 5.5.1 There is no such command.\r\n" },
    { send: "\r\n", expect: "500 5.5.1 There is no such command.\r\n" },
    { send: "NOOP \0\r\n", expect: "500 5.5.2 A command has no control characters.\r\n" },
    {
      send: Uint8Array.of(0x4e, 0xc0, 0xaf, 13, 10),
      expect: "500 5.5.2 A command is UTF-8 text.\r\n",
    },
    { send: "RSET now\r\n", expect: "501 5.5.4 The command has no arguments.\r\n" },
    { send: "NOOP\n", expect: "521 5.5.2 A command ends in CR LF; …\r\n", ends: true },
    { send: "NOOP\rNOOP\r\n", expect: "521 5.5.2 …\r\n", ends: true },
    { send: "\nNOOP\r\n", expect: "521 5.5.2 …\r\n", ends: true },
    {
      send: "GET / HTTP/1.1\r\nNOOP\r\n",
      expect: "521 5.5.1 This is SMTP, not HTTP.\r\n",
      ends: true,
    },
    { send: "BDAT x LAST\r\nNOOP\r\n", expect: "501 5.5.4 BDAT needs …\r\n", ends: true },
    { send: "BDAT 99999999999\r\n", expect: "552 5.3.4 …\r\n", ends: true },
  ],
  overlong: [
    { send: "x".repeat(999), expect: "500 5.5.2 A command has at most 998 bytes.\r\n", ends: true },
  ],
  unfinished: [
    { send: "NOOP\r", expect: "500 5.5.2 …\r\n" },
    { send: `${BEGIN}DATA\r\nhalf\r\n.\r`, expect: `${BEGUN}354 …\r\n500 5.5.2 …\r\n` },
    { send: `${BEGIN}BDAT 10 LAST\r\nhalf`, expect: `${BEGUN}500 5.5.2 …\r\n` },
  ],
  slow: {
    send: "HELO a.example\r\nMAIL FROM:<slow@a.example>\r\n",
    expect: "250 mx.example\r\n250 2.1.0 …\r\n",
  },
  refused: "421 4.3.2 …\r\n",
  drained: "421 4.3.2 The server is shutting down.\r\n",
  serve: ({ connections }) => receive([], connections),
};

for (const { name, run } of dialectCases(subject)) Deno.test(`smtp: ${name}`, run);

/** The replies to some input, without the greeting, and the messages that were taken. */
async function talk(
  sent: string | readonly string[],
): Promise<{ replies: string[]; taken: Taken[] }> {
  const taken: Taken[] = [];
  await using server = await receive(taken);
  using wire = new RawClient(await server.connect());
  await wire.line();
  for (const part of typeof sent === "string" ? [sent] : sent) {
    await wire.send(Uint8Array.from(part, (character) => character.charCodeAt(0)))
      .catch(() => {});
  }
  await wire.half().catch(() => {});
  const replies = (await wire.rest()).split("\r\n").slice(0, -1);
  return { replies, taken };
}

function codes(replies: readonly string[]): string[] {
  return replies.filter((line) => line[3] === " ").map((line) => line.slice(0, 3));
}

/** A message between the beginning of a transaction and the line that ends it. */
const message = (text: string): string => `${BEGIN}DATA\r\n${text}\r\n.\r\n`;

Deno.test("smtp: a message is taken as it is, without the dots before dots", async () => {
  const { replies, taken } = await talk(message("a\r\n..b\r\n.c\r\n...\r\n\r\né"));
  assertEquals(codes(replies), ["250", "250", "250", "354", "250"]);
  assertEquals(taken, [{
    protocol: "ESMTP",
    sender: "ada@a.example",
    recipients: ["grace@b.example"],
    text: "a\r\n.b\r\nc\r\n..\r\n\r\né\r\n",
  }]);
});

// What some servers have taken for the end of a message, and a message behind it.
const SEQUENCES = [
  "\n.\n",
  "\n.\r\n",
  "\r.\r",
  "\r.\r\n",
  "\r\n.\n",
  "\r\n.\r",
  "\r\n.\r\r\n",
  "\r\n\0.\r\n",
];
const SMUGGLED = "MAIL FROM:<evil@a.example>\r\nRCPT TO:<grace@b.example>\r\nDATA\r\nevil";

for (const sequence of SEQUENCES) {
  const text = `good${sequence}${SMUGGLED}`;
  const name = JSON.stringify(sequence);

  Deno.test(`smtp: ${name} ends no message, and refuses the one that has it`, async () => {
    const whole = await talk(`${message(text)}NOOP\r\n`);
    assertEquals(codes(whole.replies), ["250", "250", "250", "354", "554", "250"]);
    assertMatch(whole.replies.at(-2)!, /^554 5\.6\.0 /);
    assertEquals(whole.taken, []);
    const split = await talk([BEGIN, "DATA\r\n", ...`${text}\r\n.\r\nNOOP\r\n`]);
    assertEquals(split, whole);
  });

  Deno.test(`smtp: ${name} in a chunk ends no message, and refuses it`, async () => {
    const { replies, taken } = await talk(
      `${BEGIN}BDAT ${text.length} LAST\r\n${text}NOOP\r\n`,
    );
    assertEquals(codes(replies), ["250", "250", "250", "554", "250"]);
    assertEquals(taken, []);
  });
}

const CASES: readonly [name: string, sent: string, codes: string[], taken: number][] = [
  [
    "MAIL comes behind EHLO",
    "MAIL FROM:<>\r\nHELO a\r\nMAIL FROM:<>\r\n",
    ["503", "250", "250"],
    0,
  ],
  ["a message has one MAIL", `${BEGIN}MAIL FROM:<>\r\n`, ["250", "250", "250", "503"], 0],
  ["RCPT comes behind MAIL", "HELO a\r\nRCPT TO:<a@b>\r\n", ["250", "503"], 0],
  ["DATA comes behind MAIL", "HELO a\r\nDATA\r\n", ["250", "503"], 0],
  ["DATA needs a recipient", "HELO a\r\nMAIL FROM:<>\r\nDATA\r\n", ["250", "250", "554"], 0],
  [
    "the lines of a message that was sent without a wait for 354 are no commands",
    "HELO a\r\nMAIL FROM:<>\r\nRCPT TO:<nobody@b>\r\nDATA\r\nRSET\r\nQUIT\r\n.\r\n",
    ["250", "250", "550", "554"],
    0,
  ],
  ["RSET ends a transaction", `${BEGIN}RSET\r\nDATA\r\n`, ["250", "250", "250", "250", "503"], 0],
  ["EHLO ends a transaction", `${BEGIN}EHLO b\r\nDATA\r\n`, ["250", "250", "250", "250", "503"], 0],
  [
    "a recipient that is refused gets nothing, the others do",
    `${BEGIN}RCPT TO:<nobody@b.example>\r\nDATA\r\n.\r\n`,
    ["250", "250", "250", "550", "354", "250"],
    1,
  ],
  [
    "there is a most of recipients",
    `${BEGIN}RCPT TO:<a@b>\r\nRCPT TO:<c@b>\r\nRCPT TO:<d@b>\r\nDATA\r\nx\r\n.\r\n`,
    ["250", "250", "250", "250", "250", "452", "354", "250"],
    1,
  ],
  ["a size that is announced is refused at once", "EHLO a\r\nMAIL FROM:<> SIZE=4001\r\n", [
    "250",
    "552",
  ], 0],
  ["a message of the most size is taken", message("x\r\n".repeat(1332)), [
    "250",
    "250",
    "250",
    "354",
    "250",
  ], 1],
  ["a larger message is refused", message("x\r\n".repeat(1334)), [
    "250",
    "250",
    "250",
    "354",
    "552",
  ], 0],
  [
    "a line of 998 bytes is taken",
    message("x".repeat(998)),
    ["250", "250", "250", "354", "250"],
    1,
  ],
  ["a dot before it does not count", message(`.${".".repeat(998)}`), [
    "250",
    "250",
    "250",
    "354",
    "250",
  ], 1],
  [
    "a line of 999 bytes is refused",
    message("x".repeat(999)),
    ["250", "250", "250", "354", "554"],
    0,
  ],
  [
    "a line that is too long ends like any other",
    `${message(`${"x".repeat(3000)}`)}NOOP\r\n`,
    ["250", "250", "250", "354", "554", "250"],
    0,
  ],
  [
    "a chunk that is refused is read, and not taken for commands",
    "EHLO a\r\nBDAT 6\r\nQUIT\r\nNOOP\r\n",
    ["250", "503", "250"],
    0,
  ],
  [
    "a chunk that is too large is read, and not taken for commands",
    `${BEGIN}BDAT 4001 LAST\r\n${"RSET\r\n".repeat(666)}xxxxxNOOP\r\n`,
    ["250", "250", "250", "552", "250"],
    0,
  ],
  [
    "an empty last chunk ends a message",
    `${BEGIN}BDAT 3\r\nx\r\nBDAT 0 LAST\r\n`,
    ["250", "250", "250", "250", "250"],
    1,
  ],
  ["DATA does not follow BDAT", `${BEGIN}BDAT 3\r\nx\r\nDATA\r\n`, [
    "250",
    "250",
    "250",
    "250",
    "503",
  ], 0],
  [
    "a chunk ends with a whole line end",
    `${BEGIN}BDAT 2 LAST\r\nx\rNOOP\r\n`,
    ["250", "250", "250", "554", "250"],
    0,
  ],
  [
    "a line end may be in two chunks",
    `${BEGIN}BDAT 2\r\nx\rBDAT 1 LAST\r\n\n`,
    ["250", "250", "250", "250", "250"],
    1,
  ],
  [
    "a message that is not queued is to be sent again",
    "HELO a\r\nMAIL FROM:<unlucky@a>\r\nRCPT TO:<b@c>\r\nDATA\r\nx\r\n.\r\n",
    ["250", "250", "250", "354", "451"],
    0,
  ],
  [
    "an odd name of a queued message reaches no client",
    "HELO a\r\nMAIL FROM:<odd@a>\r\nRCPT TO:<b@c>\r\nDATA\r\nx\r\n.\r\nNOOP\r\n",
    ["250", "250", "250", "354", "451", "250"],
    0,
  ],
  [
    "after too many refused commands, the connection ends",
    `${"FROB\r\n".repeat(9)}NOOP\r\n`,
    ["500", "500", "500", "500", "500", "500", "421"],
    0,
  ],
  [
    "refused recipients count too",
    `HELO a\r\nMAIL FROM:<>\r\n${"RCPT TO:<nobody@b>\r\n".repeat(9)}`,
    ["250", "250", "550", "550", "550", "550", "550", "550", "421"],
    0,
  ],
  [
    "a message makes up for refused commands",
    `${"FROB\r\n".repeat(5)}${message("x")}${"FROB\r\n".repeat(5)}NOOP\r\n`,
    [...Array(5).fill("500"), "250", "250", "250", "354", "250", ...Array(5).fill("500"), "250"],
    1,
  ],
];

for (const [name, sent, expected, count] of CASES) {
  Deno.test(`smtp: ${name}`, async () => {
    const { replies, taken } = await talk(sent);
    assertEquals(codes(replies), expected, replies.join("\n"));
    assertEquals(taken.length, count);
  });
}

// Arguments of MAIL behind EHLO.
const PATHS: readonly [args: string, code: string][] = [
  ["FROM:<ada@a.example>", "250 2.1.0"],
  ["from: <ada@a.example>", "250 2.1.0"],
  ["FROM:<>", "250 2.1.0"],
  ['FROM:<"a b\\" c"@a.example>', "250 2.1.0"],
  ["FROM:<ada@[192.0.2.1]>", "250 2.1.0"],
  ["FROM:<ada@[IPv6:::1]>", "250 2.1.0"],
  ["FROM:<@x.example,@y.example:ada@a.example>", "250 2.1.0"],
  ["FROM:<ada@a.example> SIZE=100 BODY=8BITMIME", "250 2.1.0"],
  ["FROM:<ada@a.example> body=7bit SMTPUTF8", "250 2.1.0"],
  ["FROM:<\xc5\xbe@a.example> SMTPUTF8", "250 2.1.0"],
  ["FROM:<\xc5\xbe@a.example>", "553 5.6.7"],
  ["FROM:ada@a.example", "501 5.5.4"],
  ["FROM:<ada@a.example", "501 5.5.4"],
  ["FROM:<ada>", "501 5.5.4"],
  ["FROM:<a..b@c>", "501 5.5.4"],
  ["FROM:<.a@c>", "501 5.5.4"],
  ["FROM:<a@-c>", "501 5.5.4"],
  ["FROM:<a b@c>", "501 5.5.4"],
  ["FROM:<a@b>x", "501 5.5.4"],
  ["FROM:<a@b>  X=", "501 5.5.4"],
  ["FROM:<a@b> SIZE=1 size=2", "501 5.5.4"],
  ["FROM:<a@b> SIZE=-1", "501 5.5.4"],
  ["FROM:<a@b> BODY=BINARYMIME", "501 5.5.4"],
  ["FROM:<a@b> AUTH=<>", "555 5.5.4"],
  ["FROM:<a@b> RET=HDRS", "555 5.5.4"],
  [`FROM:<${"x".repeat(64)}@${"x.".repeat(126)}xyz>`, "250 2.1.0"],
  [`FROM:<a@${"x.".repeat(126)}wxyz>`, "501 5.5.4"],
  [`FROM:<${"x".repeat(65)}@b>`, "501 5.5.4"],
  [`FROM:<a@${"x.".repeat(130)}b>`, "501 5.5.4"],
  ["TO:<a@b>", "501 5.5.4"],
];

for (const [args, code] of PATHS) {
  Deno.test(`smtp: MAIL ${args.slice(0, 60)} is ${code}`, async () => {
    const { replies } = await talk(`EHLO a\r\nMAIL ${args}\r\n`);
    assertEquals(replies.at(-1)!.slice(0, 9), code);
  });
}

Deno.test("smtp: a client that waits for the reply to DATA may go on when it is refused", async () => {
  await using server = await receive([]);
  using wire = new RawClient(await server.connect());
  await wire.send("HELO a\r\nMAIL FROM:<>\r\nDATA\r\n");
  assertMatch((await wire.lines(4))[3], /^554 5\.5\.1 No recipient was taken\.$/);
  await wire.send("RCPT TO:<a@b>\r\nDATA\r\n");
  assertEquals(codes(await wire.lines(2)), ["250", "354"]);
});

Deno.test("smtp: HELO has no parameters, and a recipient may be the postmaster", async () => {
  const { replies, taken } = await talk(
    "HELO a\r\nMAIL FROM:<> SIZE=1\r\nMAIL FROM:<>\r\nRCPT TO:<PostMaster>\r\nDATA\r\nx\r\n.\r\n",
  );
  assertEquals(codes(replies), ["250", "555", "250", "250", "354", "250"]);
  assertEquals(taken.map(({ protocol, recipients }) => [protocol, recipients]), [
    ["SMTP", ["PostMaster"]],
  ]);
});

Deno.test("smtp: mail is a job of the queue, with its envelope in front and its sender's machine as key", async () => {
  await using queue = await serveQueue();
  const mailbox = {
    client: queue.client,
    queue: "mail",
    hostname: "mx.example",
    domains: ["b.example"],
  };
  await using server = await serve(protocol, handlersFor(mailbox), {
    ...options,
    port: 0,
    log: () => {},
  });
  const { hostname, port } = new URL(server.address.replace("tcp:", "http:"));
  using wire = new RawClient(await Deno.connect({ hostname, port: Number(port) }));
  await wire.send(
    `${BEGIN}RCPT TO:<alan@B.example>\r\nRCPT TO:<x@elsewhere>\r\nDATA\r\nSubject: Hi\r\n\r\nHi!\r\n.\r\nQUIT\r\n`,
  );
  const replies = (await wire.rest()).split("\r\n");
  const queued = /^250 2\.0\.0 Queued as ([\w-]+)\.$/.exec(replies.at(-3)!)![1];
  assertMatch(replies.at(-5)!, /^550 5\.1\.1 Mail for elsewhere is not taken here\.$/);
  const [job, ...others] = await queue.client.TAKE({ queue: ["mail"], max: 9 }).all();
  assertEquals(others, []);
  assertEquals(job.key, "127.0.0.1");
  const text = new TextDecoder().decode(job.body);
  assertEquals(
    text.replace(/;\r\n .* \+0000\r\n/, ";\r\n DATE\r\n"),
    [
      "Return-Path: <ada@a.example>",
      "X-Original-To: grace@b.example",
      "X-Original-To: alan@B.example",
      `Received: from a.example ([127.0.0.1]) by mx.example with ESMTP id ${queued};`,
      " DATE",
      "Subject: Hi",
      "",
      "Hi!",
      "",
    ].join("\r\n"),
  );
});
