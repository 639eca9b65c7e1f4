import {
  DEFAULT_LIMITS,
  dialectCases,
  type DialectSubject,
  lineup1,
} from "@lineup/lineup/dialects";
import type { Protocol } from "@lineup/lineup/protocol";
import { serveInMemory, suiteOptions } from "../served.ts";

const protocol = {
  name: "post",
  version: "1.0",
  summary: "Letters.",
  commands: {
    ECHO: {
      summary: "Send back what came.",
      args: { body: "bytes" },
      reply: { body: "bytes" },
    },
    COUNT: {
      summary: "Count in items.",
      args: { to: { type: "integer", max: 10 } },
      items: { number: { type: "integer", positional: true } },
      reply: { total: "integer" },
    },
    WAIT: { summary: "Answer when told to." },
  },
} as const satisfies Protocol;

const limits = { ...DEFAULT_LIMITS, maxLine: 1000, maxBody: 2000, maxDiscard: 4000 };

const NO_PROOF = 'ERR bad-arguments "AUTH takes one token and nothing else. Usage: AUTH token"\r\n';

const subject: DialectSubject = {
  dialect: lineup1,
  protocol,
  limits,
  greeting: "OK lineup/1 post/1.0 max-line=1000 max-body=2000…auth=none …\r\n",
  requests: [
    { send: "PING\r\n", expect: "OK pong\r\n" },
    { send: 'PING "two words" within=5s\r\n', expect: 'OK "two words"\r\n' },
    { send: "#a ECHO {5}\r\nh\r\nlo\r\n", expect: "#a OK {5}\r\nh\r\nlo\r\n" },
    { send: "COUNT 2\r\n", expect: "* 1\r\n* 2\r\nOK total=2\r\n" },
    { send: "\r\n \t\r\nPING ž\r\n", expect: "OK ž\r\n" },
    { send: "ECHO\r\n", expect: "ERR bad-arguments …\r\n" },
    { send: "FROB {3}\r\nabc\r\n", expect: "ERR unknown-command …\r\n" },
  ],
  invalid: [
    { send: "#a PING a=\r\n", expect: "#a ERR bad-syntax …\r\n" },
    { send: "PING {x}\r\n", expect: "ERR bad-syntax …\r\n", ends: true },
    { send: "PING \0\r\n", expect: "ERR bad-syntax …\r\n", ends: true },
    { send: "GET / HTTP/1.1\r\n", expect: "ERR wrong-protocol …\r\n", ends: true },
  ],
  overlong: [
    { send: "x".repeat(1001), expect: "ERR line-too-long …\r\n", ends: true },
    { send: `ECHO {3000}\r\n${"x".repeat(3000)}\r\n`, expect: "ERR body-too-large …\r\n" },
    { send: "ECHO {5000}\r\n", expect: "ERR body-too-large …\r\n", ends: true },
  ],
  unfinished: [
    { send: "PING", expect: "ERR bad-syntax …\r\n" },
    { send: "ECHO {5}\r\nab", expect: "ERR bad-syntax …\r\n" },
    { send: "ECHO {2}\r\nab", expect: "ERR bad-syntax …\r\n" },
  ],
  slow: { send: "WAIT\r\n", expect: "OK\r\n" },
  refused: "ERR busy …\r\n",
  drained: "ERR draining …\r\n",
  proof: {
    greeting: "OK lineup/1 post/1.0 max-line=1000 max-body=2000…auth=required …\r\n",
    request: { send: "ECHO {1}\r\nx\r\n", expect: "OK {1}\r\nx\r\n" },
    refused: 'ERR unauthenticated "ECHO needs AUTH first."\r\n',
    right: (token) => [
      { send: `AUTH ${token}\r\n`, expect: "OK identity=acme\r\n" },
      { send: `#a AUTH "${token}"\r\n`, expect: "#a OK identity=acme\r\n" },
    ],
    wrong: (token) => [
      { send: `AUTH ${token}x\r\n`, expect: "ERR unauthenticated …\r\n" },
      { send: `AUTH acme ${token}\r\n`, expect: NO_PROOF },
      { send: `AUTH token=${token}\r\n`, expect: NO_PROOF },
      { send: "STATS\r\n", expect: 'ERR unauthenticated "STATS needs AUTH first."\r\n' },
    ],
    wrongToken: "…ERR unauthenticated …\r\n",
  },
  serve: (options) =>
    serveInMemory(protocol, (wait) => ({
      ECHO: ({ body }) => ({ body }),
      *COUNT({ to }) {
        for (let number = 1; number <= to; number++) yield { number };
        return { total: to };
      },
      WAIT: wait,
    }), { limits, ...suiteOptions(options) }),
};

for (const { name, run } of dialectCases(subject)) Deno.test(name, run);
