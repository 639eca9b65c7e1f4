import { DEFAULT_LIMITS, dialectCases, type DialectSubject } from "@lineup/lineup/dialects";
import { assertEquals, assertMatch } from "@std/assert";
import { dialect } from "../../examples/dict.ts";
import { handlers, protocol } from "../../examples/dictionary.ts";
import { serveInMemory, suiteOptions } from "../dialects/served.ts";
import { RawClient } from "../raw_client.ts";

const limits = { ...DEFAULT_LIMITS, maxLine: 1022, maxBody: 0, maxDiscard: 0 };
const GREETING = "220 dictionary 1.0 <> <0@lineup>\r\n";
const BUSY =
  '151 "busy" errors "Codes of errors of Lineup"\r\nThe server has too much to do.\r\n.\r\n';

const subject: DialectSubject = {
  dialect,
  protocol,
  limits,
  greeting: GREETING,
  requests: [
    { send: "CLIENT a program\r\n", expect: "250 ok\r\n" },
    { send: "DEFINE errors busy\r\n", expect: `150 1 definitions retrieved\r\n${BUSY}250 ok\r\n` },
    { send: 'define * "BUSY"\r\n', expect: `150 1 definitions retrieved\r\n${BUSY}250 ok\r\n` },
    { send: "DEFINE ! nothing\r\n", expect: "552 There is no word nothing.\r\n" },
    {
      send: "DEFINE french eau\r\n",
      expect: "550 There is no database french; there are commands, errors.\r\n",
    },
    {
      send: "MATCH errors suffix too-large\r\n",
      expect: '152 1 matches found\r\nerrors "body-too-large"\r\n.\r\n250 ok\r\n',
    },
    { send: "MATCH ! . ser\r\n", expect: "552 There is no word ser.\r\n" },
    { send: "MATCH * soundex ser\r\n", expect: "551 There is no strategy soundex; …\r\n" },
    {
      send: "SHOW DB\r\n",
      expect: '110 2 databases present\r\ncommands "Commands of lineup queue"\r\n' +
        'errors "Codes of errors of Lineup"\r\n.\r\n250 ok\r\n',
    },
    {
      send: "show strategies\r\n",
      expect: '111 4 strategies available\r\nexact "…\r\n.\r\n250 ok\r\n',
    },
    {
      send: "SHOW INFO errors\r\n",
      expect:
        "112 database information follows\r\nCodes of errors of Lineup: … words\r\n.\r\n250 ok\r\n",
    },
    { send: "SHOW SERVER\r\n", expect: "114 server information follows\r\n…\r\n.\r\n250 ok\r\n" },
    { send: "STATUS\r\n", expect: "210 … requests, … connections\r\n" },
    {
      send: "HELP\r\n",
      expect: "113 help text follows\r\n…ABOUT [database] …Also: SHOW INFO.…\r\n.\r\n250 ok\r\n",
    },
    { send: "OPTION MIME\r\n", expect: "502 there are no options\r\n" },
    { send: "AUTH ada 1234\r\n", expect: "502 there are no identities\r\n" },
    {
      send: "DEFINE errors\r\n",
      expect: "501 DEFINE needs word: text. Usage: DEFINE database word\r\n",
    },
    { send: "FROB\r\n", expect: "500 There is no command FROB.\r\n" },
    { send: "QUIT\r\n", expect: "221 bye\r\n", ends: true },
  ],
  invalid: [{ send: 'DEFINE * "a\r\n', expect: '501 A " is not closed.\r\n' }],
  overlong: [{ send: "x".repeat(1100), expect: "500 …\r\n", ends: true }],
  unfinished: [{ send: "STATUS", expect: "500 …\r\n" }],
  slow: { send: "SHOW INFO slow\r\n", expect: "112 …\r\nslow\r\n.\r\n250 ok\r\n" },
  refused: "420 …\r\n",
  serve: (options) =>
    serveInMemory(protocol, (wait) => ({
      ...handlers,
      async ABOUT(args, context) {
        if (args.database !== "slow") return handlers.ABOUT(args, context);
        await wait();
        return { text: "slow" };
      },
    }), { dialect, limits, ...suiteOptions(options) }),
};

for (const { name, run } of dialectCases(subject)) Deno.test(`dict: ${name}`, run);

Deno.test("dict: a definition with dots is stuffed, and the commands are those of the queue", async () => {
  await using server = await subject.serve({});
  using wire = new RawClient(await server.connect());
  await wire.send("DEFINE commands put\r\nQUIT\r\n");
  const answer = await wire.rest();
  assertMatch(answer, /\r\nPUT queue body \[key=\]/);
  assertEquals(answer.match(/^\.$/gm)?.length ?? answer.match(/^\.\r$/gm)?.length, 1);
});
