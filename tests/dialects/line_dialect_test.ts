import {
  DEFAULT_LIMITS,
  type Dialect,
  dialectCases,
  type DialectSubject,
  lineDialect,
  type LineDialectSpec,
  type ServedDialect,
} from "@lineup/lineup/dialects";
import { type Protocol, Refusal, SpecError } from "@lineup/lineup/protocol";
import type { LogEntry, ServeOptions } from "@lineup/lineup/server";
import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { RawClient } from "../raw_client.ts";
import { serveInMemory, suiteOptions } from "./served.ts";

const protocol = {
  name: "words",
  version: "1.0",
  summary: "A dictionary.",
  commands: {
    DEFINE: {
      summary: "Send every definition of a word.",
      args: { word: "word" },
      items: { word: "word", text: "text" },
      errors: { "no-match": { summary: "The word is not in the dictionary." } },
    },
    COUNT: {
      summary: "Count up.",
      args: { to: "integer" },
      items: { n: "integer" },
      reply: { count: "integer" },
    },
    ECHO: { summary: "Answer the text.", args: { body: "bytes" }, reply: { body: "bytes" } },
    PAIR: {
      summary: "Answer two words.",
      args: { a: "text", b: "text?" },
      reply: { a: "text", b: "text?" },
    },
    WAIT: { summary: "Answer when told to." },
    FAIL: {
      summary: "Fail.",
      args: { behind: { type: "integer", default: "0" } },
      items: { n: "integer" },
    },
  },
} as const satisfies Protocol;

const WORDS: Readonly<Record<string, readonly string[]>> = {
  line: ["A mark that is long and thin.", "A row\r\n.of people."],
  cr: ["a\rb"],
  end: ["It is the\nEND\nof a text."],
};

/** Lines as in DICT. */
const dotSpec = {
  name: "words/dot",
  greeting: "220 {name} <auth.none>",
  reply: "250 {text}",
  tail: "250 ok",
  head: "152 list",
  error: "420 {text}",
  errors: {
    "unknown-command": "500 {text}",
    "line-too-long": "500 {text}",
    "bad-syntax": "500 {text}",
    "bad-arguments": "501 {text}",
    draining: "421 {text}",
    "no-match": "552 {text}",
  },
  multiline: "dot",
  forms: { DEFINE: { item: "151 {word}\n{text...}" }, WAIT: { reply: "250 ok" } },
  aliases: { D: "DEFINE", "LOOK UP": "DEFINE" },
  quotes: `"'`,
  quit: { QUIT: "221 bye" },
  status: { STATUS: "210 {requests-total}" },
  help: { HELP: "113 help\n{text...}\n250 ok" },
  fixed: { NOOP: "250 nothing", INFO: "114 info\n.\n250 ok" },
} as const satisfies LineDialectSpec;

/** Lines as in SMTP. */
const codeSpec = {
  name: "words/smtp",
  reply: "250 {text}",
  error: "550 {text}",
  errors: { busy: "421 {text}" },
  multiline: "smtp",
  forms: { DEFINE: { item: "{word}: {text}", reply: "250 end" } },
  help: { HELP: "214 commands\n{text...}" },
  quit: { QUIT: "221 bye" },
} as const satisfies LineDialectSpec;

/** Lines as in memcached. */
const wordSpec = {
  name: "words/end",
  reply: "OK {text}",
  error: "ERROR {code}",
  multiline: "end-word",
  verbs: "lower-case",
  eol: "\n",
  overlong: "skip",
  forms: { DEFINE: { item: "DEF {word}\n{text...}" }, COUNT: { item: "N {n}" } },
  quit: { QUIT: "BYE" },
} as const satisfies LineDialectSpec;

/** Lines as in finger, but for their verbs. */
const closeSpec = {
  name: "words/close",
  reply: "{text}",
  error: "! {text}",
  multiline: "close",
  forms: { DEFINE: { item: "{text...}" } },
} as const satisfies LineDialectSpec;

const limits = { ...DEFAULT_LIMITS, maxLine: 100, maxBody: 0, maxDiscard: 0 };

function serveWords(
  dialect: Dialect,
  options: Partial<ServeOptions> = {},
): Promise<ServedDialect> {
  return serveInMemory(protocol, (wait) => ({
    *DEFINE({ word }) {
      const texts = WORDS[word];
      if (texts === undefined) throw new Refusal("no-match", `${word} is not in it.`);
      for (const text of texts) yield { word, text };
    },
    *COUNT({ to }) {
      for (let n = 1; n <= to; n++) yield { n };
      return { count: to };
    },
    ECHO: ({ body }) => ({ body }),
    PAIR: ({ a, b }) => ({ a, b }),
    WAIT: wait,
    *FAIL({ behind }) {
      for (let n = 1; n <= behind; n++) yield { n };
      throw new Error("not for clients");
    },
  }), { dialect, limits, ...options });
}

const dot = lineDialect(dotSpec);

const LINE = "151 line\r\nA mark that is long and thin.\r\n.\r\n" +
  "151 line\r\nA row\r\n..of people.\r\n.\r\n250 ok\r\n";

function subjectOf(
  dialect: Dialect,
  samples: Omit<DialectSubject, "dialect" | "protocol" | "limits" | "serve">,
): DialectSubject {
  return {
    dialect,
    protocol,
    limits,
    ...samples,
    serve: (options) => serveWords(dialect, suiteOptions(options)),
  };
}

const subjects: readonly DialectSubject[] = [
  subjectOf(dot, {
    greeting: "220 words <auth.none>\r\n",
    requests: [
      { send: "STATUS\r\n", expect: "210 …\r\n" },
      { send: "define line\n", expect: LINE },
      { send: "look  UP\tline\n", expect: LINE },
      { send: "DEFINE žluťoučký\r\n", expect: "552 žluťoučký is not in it.\r\n" },
      { send: "DEFINE\r\n", expect: "501 DEFINE needs word: …Usage: DEFINE word\r\n" },
      { send: "look up\r\n", expect: "501 LOOK UP needs word: …Usage: LOOK UP word\r\n" },
      { send: "FROB\r\n", expect: "500 There is no command FROB.\r\n" },
      { send: "count 2\r\n", expect: "152 list\r\n1\r\n2\r\n.\r\n250 ok\r\n" },
      {
        send: "HELP\r\n",
        expect:
          "113 help\r\nDEFINE word …Send every definition of a word. Also: D, LOOK UP.\r\n…\r\n.\r\n250 ok\r\n",
      },
      { send: "QUIT\r\n", expect: "221 bye\r\n", ends: true },
    ],
    invalid: [
      { send: "\r\n", expect: "500 A line begins with a command.\r\n" },
      { send: "ECHO \0\r\n", expect: "500 A line has no control characters but tabs.\r\n" },
      { send: Uint8Array.of(0xc0, 0xaf, 0x0a), expect: "500 A line is UTF-8 text.\r\n" },
    ],
    overlong: [{
      send: "x".repeat(102),
      expect: "500 A line has at most 100 bytes.\r\n",
      ends: true,
    }],
    unfinished: [{
      send: "STATUS",
      expect: "500 The input ended within a line, which was not executed.\r\n",
    }],
    slow: { send: "WAIT\r\n", expect: "250 ok\r\n" },
    refused: "420 …\r\n",
  }),
  subjectOf(lineDialect(codeSpec), {
    greeting: "",
    requests: [
      { send: "ECHO a b\r\n", expect: "250 a b\r\n" },
      {
        send: "DEFINE line\r\n",
        expect:
          "250-line: A mark that is long and thin.\r\n250-line: A row\r\n250-.of people.\r\n250 end\r\n",
      },
      { send: "COUNT 2\r\n", expect: "250-1\r\n250-2\r\n250 2\r\n" },
      { send: "DEFINE x\r\n", expect: "550 x is not in it.\r\n" },
      { send: "QUIT now\r\n", expect: "550 …\r\n" },
      {
        send: "HELP\r\n",
        expect:
          "214-commands\r\n214-DEFINE word …Send every …\r\n…214 HELP [words...]  List all commands.\r\n",
      },
    ],
    invalid: [],
    overlong: [{
      send: "x".repeat(1000),
      expect: "550 A line has at most 100 bytes.\r\n",
      ends: true,
    }],
    unfinished: [{ send: "WAI", expect: "550 …\r\n" }],
    slow: { send: "wait\r\n", expect: "250\r\n" },
    refused: "421 …\r\n",
  }),
  subjectOf(lineDialect(wordSpec), {
    greeting: "",
    requests: [
      { send: "echo  a  b \n", expect: "OK a  b\n" },
      { send: "count 2\r\n", expect: "N 1\nN 2\nEND\n" },
      { send: "COUNT 2\n", expect: "ERROR unknown-command\n" },
      { send: "pair a b c\n", expect: "OK a b c\n" },
    ],
    invalid: [{ send: `echo ${"x".repeat(200)}\r\n`, expect: "ERROR line-too-long\n" }],
    overlong: [],
    unfinished: [{ send: "wait", expect: "ERROR bad-syntax\n" }],
    slow: { send: "wait\n", expect: "OK\n" },
    refused: "ERROR busy\n",
  }),
  subjectOf(lineDialect(closeSpec), {
    greeting: "",
    requests: [
      {
        send: "DEFINE line\r\nECHO x\r\n",
        expect: "A mark that is long and thin.\r\nA row\r\n.of people.\r\n",
        ends: true,
      },
      { send: "DEFINE x\n", expect: "! x is not in it.\r\n", ends: true },
    ],
    invalid: [{
      send: "\r\nECHO x\r\n",
      expect: "! A line begins with a command.\r\n",
      ends: true,
    }],
    overlong: [{ send: "x".repeat(300), expect: "! …\r\n", ends: true }],
    unfinished: [{ send: "WAIT", expect: "! …\r\n" }],
    slow: { send: "WAIT\r\n", expect: "\r\n" },
    refused: "! …\r\n",
  }),
];

for (const subject of subjects) {
  for (const { name, run } of dialectCases(subject)) {
    Deno.test(`${subject.dialect.name} ${name}`, run);
  }
}

async function open(server: ServedDialect): Promise<RawClient> {
  const wire = new RawClient(await server.connect());
  assertEquals(await wire.line(), "220 words <auth.none>");
  return wire;
}

Deno.test("requests of lines wait for a seat, and commands that control a connection do not", async () => {
  await using server = await serveWords(dot, { seats: 1 });
  using busy = await open(server);
  using waiting = await open(server);
  await busy.send("WAIT\r\n");
  await server.started;
  await waiting.send("DEFINE line\r\n");
  using leaving = await open(server);
  await leaving.send("QUIT\r\n");
  assertEquals(await leaving.rest(), "221 bye\r\n");
  server.release();
  assertEquals(await busy.line(), "250 ok");
  assertEquals(await waiting.line(), "151 line");
});

Deno.test("answers of lines keep the order of their requests", async () => {
  await using server = await serveWords(dot);
  using wire = await open(server);
  await wire.send("WAIT\r\nFROB\r\nDEFINE line\r\nSTATUS\r\n");
  await server.started;
  server.release();
  assertEquals((await wire.lines(2)).map((line) => line.slice(0, 3)), ["250", "500"]);
  assertEquals(await wire.line(), "151 line");
});

Deno.test("the server closes a connection of lines after too many unknown commands", async () => {
  await using server = await serveWords(dot, { bounds: { unknownCommands: 2 } });
  using wire = await open(server);
  await wire.send("FROB\r\nSTATUS\r\nFROB\r\nFROB\r\nSTATUS\r\n");
  const answers = (await wire.rest()).trim().split("\r\n").map((line) => line.slice(0, 3));
  assertEquals(answers, ["500", "210", "500", "500"]);
});

Deno.test("a refusal of the server has the line for its code", async () => {
  await using server = await serveWords(dot, { seats: 1, scheduling: { flow: 1 } });
  using busy = await open(server);
  await busy.send("WAIT\r\n");
  await server.started;
  using first = await open(server);
  await first.send("DEFINE line\r\n");
  using second = await open(server);
  await second.send("DEFINE line\r\n");
  assertEquals((await second.line()).slice(0, 4), "420 ");
});

Deno.test("a failure of a handler is logged, and counted with its requests", async () => {
  const entries: LogEntry[] = [];
  await using server = await serveWords(dot, { log: (entry) => entries.push(entry) });
  using wire = await open(server);
  await wire.send("DEFINE line\r\nFAIL\r\nSTATUS\r\n");
  const lines = await wire.lines(10);
  assertEquals(lines.slice(-2), ["420 FAIL failed; the server's log says why.", "210 3"]);
  const failed = entries.find(({ verb }) => verb === "FAIL");
  assertEquals((failed?.error as Error).message, "not for clients");
});

// Answers to single lines.

/** The answers to some lines, without the greeting; to all that the connection gets. */
async function answersTo(spec: LineDialectSpec, sent: string): Promise<string> {
  await using server = await serveWords(lineDialect(spec));
  using wire = new RawClient(await server.connect());
  await wire.send(sent);
  await wire.half();
  const all = await wire.rest();
  return spec.greeting === undefined ? all : all.slice(all.indexOf("\n") + 1);
}

const { tail: _, ...withoutTail } = dotSpec;
const { quotes: __, ...withoutQuotes } = dotSpec;
const upperSpec = { ...dotSpec, verbs: "upper-case" } as const;

const ANSWERS: readonly [name: string, spec: LineDialectSpec, sent: string, answer: string][] = [
  [
    "quotes keep white space, and a backslash keeps a quote",
    dotSpec,
    String.raw`PAIR "a  b" c\ \"d'"'` + "\n",
    `250 a  b c "d"\r\n`,
  ],
  ["a quoted word may be empty", dotSpec, `PAIR '' b\n`, "250  b\r\n"],
  ["a quote must be closed", dotSpec, `ECHO "a\n`, '501 A " is not closed.\r\n'],
  ["something follows a backslash", dotSpec, "ECHO a\\\n", "501 Nothing follows the last \\.\r\n"],
  [
    "without quotes, the last text takes the rest",
    withoutQuotes,
    `PAIR a "b  c"\n`,
    `250 a "b  c"\r\n`,
  ],
  [
    "without quotes, another argument does not",
    withoutQuotes,
    "COUNT 1 2\n",
    '501 "2" is one argument too many.\r\n',
  ],
  [
    "verbs in upper case are in upper case alone",
    upperSpec,
    "NOOP\nnoop\n",
    '250 nothing\r\n500 There is no command "noop".\r\n',
  ],
  [
    "an end of a line may be LF or CR LF, also in turn",
    dotSpec,
    "NOOP\r\nNOOP\nNOOP\r\n",
    "250 nothing\r\n".repeat(3),
  ],
  ["a verb has the letters of ASCII alone", dotSpec, "QUıT\n", "500 There is no command QUıT.\r\n"],
  [
    "a long word is not cut to a verb",
    dotSpec,
    `${"D".repeat(40)}\n`,
    `500 There is no command ${"d".repeat(32)}….\r\n`,
  ],
  [
    "a verb is not found by its beginning",
    dotSpec,
    "QUITS\n",
    "500 There is no command QUITS.\r\n",
  ],
  [
    "a word of 32 letters may be a verb",
    dotSpec,
    `${"D".repeat(32)}\n`,
    `500 There is no command ${"D".repeat(32)}.\r\n`,
  ],
  ["a fixed reply has its lines as they are", dotSpec, "INFO\n", "114 info\r\n.\r\n250 ok\r\n"],
  [
    "a value in the quotes of a template is escaped, and no other",
    { ...dotSpec, forms: { PAIR: { reply: '250 "{a}" {b}' } } },
    String.raw`PAIR 'x"\\\\y' 'z"'` + "\n",
    String.raw`250 "x\"\\\\y" z"` + "\r\n",
  ],
  ["a fixed reply has any arguments", dotSpec, "NOOP 1 2 3\n", "250 nothing\r\n"],
  [
    "a stream without items has its head and end",
    dotSpec,
    "COUNT 0\n",
    "152 list\r\n.\r\n250 ok\r\n",
  ],
  [
    "a stream may have a reply of its own, and all else of the dialect",
    { ...dotSpec, forms: { COUNT: { reply: "250 up to {count}" } } },
    "COUNT 1\n",
    "152 list\r\n1\r\n.\r\n250 up to 1\r\n",
  ],
  [
    "the first item fills a head with fields",
    { ...dotSpec, forms: { COUNT: { head: "152 {n} is first" } } },
    "COUNT 2\n",
    "152 1 is first\r\n2\r\n.\r\n250 ok\r\n",
  ],
  [
    "a head with fields needs an item",
    { ...dotSpec, forms: { COUNT: { head: "152 {n} is first" } } },
    "COUNT 0\n",
    "420 COUNT failed; the server's log says why.\r\n",
  ],
  ["a value keeps white space at its end", dotSpec, "ECHO 'a '\nECHO ''\n", "250 a \r\n250\r\n"],
  [
    "a stream that fails is ended by the status behind it",
    dotSpec,
    "FAIL 1\nNOOP\n",
    "152 list\r\n1\r\n.\r\n420 FAIL failed; the server's log says why.\r\n250 nothing\r\n",
  ],
  [
    "a stream that fails, without a status behind it, is cut, and nothing follows",
    withoutTail,
    "FAIL 1\nFROB\nNOOP\n",
    "152 list\r\n1\r\n",
  ],
  ["an end word ends a stream", wordSpec, "count 1\n", "N 1\nEND\n"],
  ["a failure ends a stream instead of the word", wordSpec, "fail 1\n", "1\nERROR internal\n"],
  ["a text with the end word is not sent", wordSpec, "define end\n", "ERROR internal\n"],
  [
    "a CR alone ends no line, and is not sent",
    dotSpec,
    "DEFINE cr\n",
    "420 DEFINE failed; the server's log says why.\r\n",
  ],
  [
    "a value of several lines is not sent as one",
    { ...dotSpec, forms: { DEFINE: { item: "{text}" } } },
    "DEFINE line\n",
    "152 list\r\nA mark that is long and thin.\r\n.\r\n420 DEFINE failed; the server's log says why.\r\n",
  ],
];

for (const [name, spec, sent, answer] of ANSWERS) {
  Deno.test(`lines: ${name}`, async () => assertEquals(await answersTo(spec, sent), answer));
}

// Wrong data.

const base = { name: "x/1", reply: "250 {text}", error: "550 {text}", multiline: "smtp" } as const;

const WRONG: readonly [spec: object, message: string][] = [
  [{ name: "a b" }, "name: must be a word of ASCII"],
  [{ mutliline: "dot" }, "spec.mutliline: is not known here; known are name,"],
  [{ multiline: "dots" }, 'multiline: must be one of "smtp", "dot", "end-word", "close"'],
  [{ reply: "ok {text}" }, "reply: in the form of SMTP, must begin with three digits"],
  [{ reply: "250 {text" }, "reply: a field is written {name}"],
  [{ reply: "250 {Text}" }, "reply: a field is written {name}"],
  [{ reply: "250 \r" }, "reply: must have no control characters"],
  [{ reply: 250 }, "reply: must be text"],
  [
    { error: "550 {txet}" },
    "error: {txet} is none of the fields of a failure: they are code, text",
  ],
  [{ error: "550 a\n{text}" }, "error: must be one line"],
  [{ errors: { Busy: "421" } }, "errors.Busy: is no code of an error"],
  [{ errors: { bussy: "421" } }, "errors.bussy: no command of the protocol has such an error"],
  [{ greeting: "{name...}" }, "greeting: must be lines without {name...}"],
  [{ greeting: "220 {host}" }, "greeting: {host} is none of the fields of a protocol"],
  [{ head: "250 x" }, "head: in the form of SMTP, an answer has no head"],
  [{ tail: "250 x" }, "tail: in the form of SMTP, reply ends a stream"],
  [{ multiline: "dot" }, "head: the items of DEFINE end in a dot, so they need a head"],
  [{ multiline: "close", once: false }, "once: must be true where"],
  [{ endWord: "END" }, "endWord: is for multiline end-word only"],
  [{ multiline: "end-word", endWord: "é" }, "endWord: must be a line of ASCII"],
  [{ multiline: "end-word", endWord: "" }, "endWord: must be a line of ASCII"],
  [{ forms: [] }, "forms: must be an object of forms by verb"],
  [{ errors: [] }, "errors: must be an object of templates by code"],
  [{ aliases: [] }, "aliases: must be an object"],
  [{ about: 1 }, "about: must be text"],
  [{ quotes: "a" }, "quotes: must be characters that quote"],
  [{ quotes: '""' }, "quotes: must be characters that quote"],
  [{ verbs: "any" }, 'verbs: must be one of "any-case"'],
  [{ eol: "\r" }, 'eol: must be one of "\\r\\n", "\\n"'],
  [{ overlong: true }, 'overlong: must be one of "end", "skip"'],
  [{ once: 1 }, "once: must be a boolean"],
  [{ aliases: { D: "DEFNE" } }, "aliases.D: the protocol has no command DEFNE"],
  [{ aliases: { D: "define" } }, "aliases.D: must be for a verb of the protocol"],
  [{ aliases: { "A  B": "ECHO" } }, "aliases.A  B: must be ASCII words"],
  [{ aliases: { d: "DEFINE", D: "ECHO" } }, "aliases: two of them are the same to a client"],
  [{ aliases: { echo: "DEFINE" } }, "aliases.echo: is a command of its own"],
  [{ verbless: "FINGER" }, "verbless: the protocol has no command FINGER"],
  [
    { verbless: "ECHO", quit: { QUIT: "221" } },
    "quit: has verbs, and verbless says that no line has one",
  ],
  [{ quit: { quit: "221 bye" } }, "quit.quit: a verb is"],
  [{ quit: { QUIT: "bye" } }, "quit.QUIT: in the form of SMTP"],
  [{ quit: { ECHO: "221 bye" } }, "quit.ECHO: is a command of the protocol"],
  [{ quit: { QUIT: "221" }, fixed: { QUIT: "250" } }, "quit.QUIT: is there already"],
  [{ forms: { DEFNE: {} } }, "forms.DEFNE: the protocol has no such command"],
  [{ forms: { ECHO: { itme: "x" } } }, "forms.ECHO.itme: is not known here"],
  [{ forms: { ECHO: { item: "x" } } }, "forms.ECHO: head and item are for streams"],
  [
    { forms: { DEFINE: { item: "{wrod}" } } },
    "forms.DEFINE.item: {wrod} is none of the fields of the items of DEFINE: they are word, text",
  ],
  [
    { forms: { PAIR: { reply: "250 {c}" } } },
    "forms.PAIR.reply: {c} is none of the fields of the reply of PAIR: they are a, b",
  ],
  [{ forms: { ECHO: { reply: [] } } }, "forms.ECHO.reply: must have a template at least"],
  [{ quit: { QUIT: 221 } }, "quit.QUIT: must be text"],
  [
    { reply: "250 {nope}" },
    "reply: {nope} is none of the fields of the reply of DEFINE: there are",
  ],
  [
    { multiline: "dot", tail: "250 {nope}", head: "1" },
    "tail: {nope} is none of the fields of the reply of DEFINE",
  ],
  [
    { multiline: "dot", head: "152 {nope}" },
    "head: {nope} is none of the fields of the items of DEFINE: they are word, text",
  ],
  [
    { multiline: "dot", forms: { DEFINE: { item: "x" } } },
    "forms.DEFINE: the items of DEFINE end in a dot",
  ],
  [{ fixed: { NOOP: "250 {name}" } }, "fixed.NOOP: has no fields, and {name} is one"],
  [{ quit: { QUIT: "221 {text}" } }, "quit.QUIT: has no fields, and {text} is one"],
  [
    { help: { HELP: "214 {verb}" } },
    "help.HELP: {verb} is none of the fields of the reply of HELP",
  ],
  [
    { multiline: "dot", head: "1", help: { HELP: "113 {text}" } },
    "help.HELP: {text} has several lines here: write {text...} on a line of its own",
  ],
  [
    { multiline: "dot", head: "1", status: { XSTATUS: "+OK {text}" } },
    "status.XSTATUS: {text} has several lines here: write {text...} on a line of its own",
  ],
  [{ status: { ECHO: "210" } }, "status.ECHO: is a command of the protocol"],
  [{ quit: { QUIT: "221" }, forms: { QUIT: {} } }, "forms.QUIT: quit.QUIT has its lines already"],
  [{ forms: { ECHO: null } }, "forms.ECHO: must be an object"],
];

for (const [change, message] of WRONG) {
  Deno.test(`wrong data of lines is told: ${message}`, () => {
    const spec = { ...base, ...change } as LineDialectSpec;
    assertThrows(() => lineDialect(spec).compile(protocol), SpecError, message);
  });
}

Deno.test("a server starts with the figures of status alone", async () => {
  const status = (template: string): LineDialectSpec => ({ ...dotSpec, status: { X: template } });
  const error = await assertRejects(() => answersTo(status("210 {foo}"), "X\n"), SpecError);
  assertMatch(
    error.message,
    /^status\.X: \{foo\} is none of the fields that a server has from its start: they are uptime-s, /,
  );
  const early = status("210 {errors-busy-total}");
  await assertRejects(() => answersTo(early, "X\n"), SpecError, "status.X: {errors-busy-total}");
  assertEquals(await answersTo(status("210 {connections} {connections}"), "X\n"), "210 1 1\r\n");
  const stats = (): [string, number][] => [["foo", 7]];
  await using server = await serveWords(lineDialect(status("210 {foo}")), { stats });
  using wire = await open(server);
  await wire.send("X\n");
  assertEquals(await wire.line(), "210 7");
});

Deno.test("all figures are the text of status", async () => {
  const all = await answersTo({ ...dotSpec, status: { X: "210 all\n{text...}" } }, "X\n");
  assertMatch(all, /^210 all\r\nuptime-s 0\r\nconnections 1\r\n[^]*\r\n\.\r\n$/);
  const coded = await answersTo({ ...codeSpec, status: { X: "210 {text}" } }, "X\n");
  assertMatch(
    coded,
    /^210-uptime-s 0\r\n210-connections 1\r\n[^]*\r\n210 resident-bytes [0-9]+\r\n$/,
  );
});

Deno.test("the data of lines is an object", () => {
  const wrong = undefined as unknown as LineDialectSpec;
  assertThrows(() => lineDialect(wrong), SpecError, "spec: must be an object");
});

Deno.test("a part of the data that is undefined has its default", () => {
  const spec = { ...base, quotes: undefined, eol: undefined, quit: undefined };
  assertEquals(lineDialect(spec).compile(protocol).commands.size, 6);
});

Deno.test("lines carry no options that are required, and no counted bodies", () => {
  const dialect = lineDialect(base);
  const compile = (command: Protocol["commands"][string]) =>
    dialect.compile({ name: "x", version: "1.0", summary: "X.", commands: { PUT: command } });
  assertThrows(
    () => compile({ summary: "Put.", options: { to: { type: "word", required: true } } }),
    SpecError,
    "commands.PUT.options.to: a line has no options",
  );
  assertThrows(
    () => compile({ summary: "Put.", args: { to: "word?", body: "text" } }),
    SpecError,
    "commands.PUT.args.body: a line has no body",
  );
});
