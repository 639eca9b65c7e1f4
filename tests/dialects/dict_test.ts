import {
  type Builtin,
  DEFAULT_LIMITS,
  type Dialect,
  dialectCases,
  type DialectSubject,
  type ServedDialect,
} from "@lineup/lineup/dialects";
import { compileProtocol, type Protocol, Refusal } from "@lineup/lineup/protocol";
import type { LogEntry, ServeOptions } from "@lineup/lineup/server";
import { assertEquals } from "@std/assert";
import { RawClient } from "../raw_client.ts";
import { dict } from "./dict.ts";
import { serveInMemory } from "./served.ts";

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
    WAIT: { summary: "Answer when told to." },
    PARK: { summary: "Answer when told to, and hold no seat." },
    FAIL: { summary: "Fail." },
  },
} as const satisfies Protocol;

const WORDS: Readonly<Record<string, readonly string[]>> = {
  line: ["A mark that is long and thin.", "A row\r\n.of people."],
};

const limits = { ...DEFAULT_LIMITS, maxLine: 100, maxBody: 0, maxDiscard: 0 };

function serveWords(options: Partial<ServeOptions> = {}): Promise<ServedDialect> {
  return serveInMemory(protocol, (wait) => ({
    *DEFINE({ word }) {
      const texts = WORDS[word];
      if (texts === undefined) throw new Refusal("no-match", `${word} is not in it.`);
      for (const text of texts) yield { word, text };
    },
    WAIT: wait,
    PARK: (_args, { park }) => park(wait()),
    FAIL() {
      throw new Error("not for clients");
    },
  }), { dialect: dict, limits, ...options });
}

const LINE = "151 line\r\nA mark that is long and thin.\r\n.\r\n" +
  "151 line\r\nA row\r\n..of people.\r\n.\r\n250 ok\r\n";

const subject: DialectSubject = {
  dialect: dict,
  protocol,
  limits,
  greeting: "220 words <auth.none>\r\n",
  requests: [
    { send: "STATUS\r\n", expect: "210 …\r\n" },
    { send: "define line\n", expect: LINE },
    { send: "DEFINE žluťoučký\r\n", expect: "552 žluťoučký is not in it.\r\n" },
    { send: "DEFINE\r\n", expect: "501 DEFINE takes 1 words\r\n" },
    { send: "FROB\r\n", expect: "500 There is no command FROB.\r\n" },
    { send: "QUIT\r\n", expect: "221 bye\r\n", ends: true },
  ],
  invalid: [{ send: "\r\n", expect: "500 an empty line\r\n" }],
  overlong: [{ send: "x".repeat(101), expect: "500 line too long\r\n", ends: true }],
  unfinished: [{ send: "STATUS", expect: "500 an unfinished line\r\n" }],
  slow: { send: "WAIT\r\n", expect: "250 ok\r\n" },
  refused: "420 …\r\n",
  serve: ({ connections }) =>
    serveWords(connections === undefined ? {} : { connections: { connections } }),
};

for (const { name, run } of dialectCases(subject)) Deno.test(`DICT ${name}`, run);

async function open(server: ServedDialect): Promise<RawClient> {
  const wire = new RawClient(await server.connect());
  assertEquals(await wire.line(), "220 words <auth.none>");
  return wire;
}

Deno.test("requests of DICT wait for a seat, and commands that control a connection do not", async () => {
  await using server = await serveWords({ seats: 1 });
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

Deno.test("answers of DICT keep the order of their requests", async () => {
  await using server = await serveWords();
  using wire = await open(server);
  await wire.send("WAIT\r\nFROB\r\nDEFINE line\r\nSTATUS\r\n");
  await server.started;
  server.release();
  assertEquals((await wire.lines(2)).map((line) => line.slice(0, 3)), ["250", "500"]);
  assertEquals(await wire.line(), "151 line");
});

Deno.test("the server closes a connection of DICT after too many unknown commands", async () => {
  await using server = await serveWords({ bounds: { unknownCommands: 2 } });
  using wire = await open(server);
  await wire.send("FROB\r\nSTATUS\r\nFROB\r\nFROB\r\nSTATUS\r\n");
  const answers = (await wire.rest()).trim().split("\r\n").map((line) => line.slice(0, 3));
  assertEquals(answers, ["500", "210", "500", "500"]);
});

Deno.test("a refusal of the server has a status code of DICT", async () => {
  await using server = await serveWords({ seats: 1, scheduling: { flow: 1 } });
  using busy = await open(server);
  await busy.send("WAIT\r\n");
  await server.started;
  using first = await open(server);
  await first.send("DEFINE line\r\n");
  using second = await open(server);
  await second.send("DEFINE line\r\n");
  assertEquals((await second.line()).slice(0, 4), "420 ");
});

Deno.test("a failure of a handler of DICT is logged, and counted with its requests", async () => {
  const entries: LogEntry[] = [];
  await using server = await serveWords({ log: (entry) => entries.push(entry) });
  using wire = await open(server);
  await wire.send("DEFINE line\r\nFAIL\r\nSTATUS\r\n");
  const lines = await wire.lines(10);
  assertEquals(lines.slice(-2), ["420 FAIL failed; the server's log says why.", "210 3"]);
  const failed = entries.find(({ verb }) => verb === "FAIL");
  assertEquals((failed?.error as Error).message, "not for clients");
});

Deno.test("in a serial dialect, a request starts once the one before it is answered", async () => {
  const entries: LogEntry[] = [];
  const dialect = { ...dict, serial: true };
  await using server = await serveWords({ dialect, log: (entry) => entries.push(entry) });
  using wire = await open(server);
  using other = await open(server);
  await wire.send("WAIT\r\nFAIL\r\nSTATUS\r\n");
  await server.started;
  await other.send("STATUS\r\n");
  assertEquals(await other.line(), "210 4");
  assertEquals(entries.filter(({ verb }) => verb === "FAIL"), []);
  server.release();
  assertEquals((await wire.lines(3)).map((line) => line.slice(0, 3)), ["250", "420", "210"]);
});

Deno.test("a dialect words an unknown command with its request, and knows the number of a connection", async () => {
  const NUMBER: Builtin = {
    command: { summary: "Tell the number of the connection.", reply: { status: "text" } },
    run: (_args, { id }) => ({ status: `210 ${id}` }),
  };
  const dialect: Dialect = {
    ...dict,
    builtins: { NUMBER },
    wording: {
      ...dict.wording,
      unknownCommand: (verb, request) => `${verb} with ${request.bytes} bytes`,
    },
    compile: (protocol) => compileProtocol(protocol, { builtins: { NUMBER: NUMBER.command } }),
  };
  await using server = await serveWords({ dialect });
  using first = await open(server);
  using second = await open(server);
  await first.send("FROB ab\r\nNUMBER\r\n");
  await second.send("NUMBER\r\n");
  const numbers = [(await first.lines(2))[1], await second.line()];
  assertEquals(new Set(numbers).size, 2);
  await first.send("FROB ab\r\n");
  assertEquals(await first.line(), "500 FROB with 4 bytes");
});

Deno.test("in a dialect without half-closed connections, a client that ends its side is gone", async () => {
  await using server = await serveWords({ dialect: { ...dict, halfCloses: false } });
  using wire = await open(server);
  await wire.send("STATUS\r\nPARK\r\nSTATUS\r\n");
  await server.started;
  await wire.half();
  assertEquals(await wire.rest(), "210 1\r\n");
});

Deno.test("in such a dialect, requests that need not wait are answered when their client is gone", async () => {
  await using server = await serveWords({ dialect: { ...dict, halfCloses: false } });
  using wire = await open(server);
  await wire.send("WAIT\r\nSTATUS\r\n");
  await wire.half();
  await server.started;
  server.release();
  assertEquals(await wire.rest(), "250 ok\r\n210 2\r\n");
});
