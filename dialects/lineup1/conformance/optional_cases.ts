// The duties of servers that have more than the level `core`, as data.

import { telnet } from "../telnet.ts";
import type { ConformanceCase, ConformanceLevel, Piece } from "./case.ts";

const { IAC, DO, DONT, WILL, WONT, SB, SE, IP, TIMING_MARK } = telnet;
const NAWS = 31, ECHO = 1;

const SLOW: Piece = { slow: "one" };

/** The cases of each level but `core`. */
export const optionalCases: Readonly<
  Record<Exclude<ConformanceLevel, "core">, readonly Omit<ConformanceCase, "level">[]>
> = {
  cancel: [
    {
      name: "CANCEL of a request that runs: both are answered, the request first",
      send: ["#a ", SLOW, "\n#c CANCEL a\n"],
      expect: "#a ERR cancelled …\n#c OK",
    },
    {
      name: "CANCEL without a tag of its own",
      send: ["#a ", SLOW, "\nCANCEL a\n"],
      expect: "#a ERR cancelled …\nOK",
    },
    {
      name: "CANCEL of one request lets another run on",
      send: ["#a ", SLOW, "\n#b ", SLOW, "\nCANCEL a\nCANCEL a\n"],
      expect: "#a ERR cancelled …\nOK\nERR not-found …",
    },
  ],
  deadlines: [
    {
      name: "within= expires",
      send: [SLOW, " within=50ms\n"],
      expect: "ERR expired …executed=…",
    },
    {
      name: "within= of a tagged request expires, others are answered meanwhile",
      send: ["#a ", SLOW, " within=200ms\n#b PING\n"],
      expect: "#b OK pong\n#a ERR expired …",
    },
    {
      name: "within= of an untagged request expires, and later ones are answered in order",
      send: [SLOW, " within=50ms\nPING\n"],
      expect: "ERR expired …\nOK pong",
    },
    {
      name: "a tag in use: an answer without a tag, and the end of the connection",
      send: ["#a ", SLOW, " within=50ms\n#a PING\nPING\n"],
      expect: "#a ERR expired …\nERR bad-syntax …",
      anyOrder: true,
      ends: true,
    },
    {
      name: "QUIT waits for a request that expires",
      send: ["#a ", SLOW, " within=50ms\nQUIT\n"],
      expect: "#a ERR expired …\nOK bye",
      ends: true,
    },
  ],
  timing: [
    {
      name: "HELLO timing=on adds waited= and took= to final lines",
      send: ["HELLO lineup/1 timing=on\nPING\nNO-SUCH-COMMAND\n"],
      expect: "OK lineup/1 …\nOK pong waited=… took=…\nERR unknown-command …waited=… took=…",
    },
    {
      name: "HELLO timing=off ends that",
      send: ["HELLO lineup/1 timing=on\nHELLO lineup/1 timing=off\nPING\n"],
      expect: "OK lineup/1 …\nOK lineup/1 …\nOK pong",
    },
  ],
  events: [
    {
      name: "a client that asked for events is told that the server drains",
      send: ["HELLO lineup/1 events=on\n#a ", SLOW, "\nPING\n"],
      expect: "OK lineup/1 …\nOK pong\n! draining within=…ms\n…",
      drainAfter: 2,
      ends: true,
    },
    {
      name: "a client that did not ask for events gets none",
      send: ["HELLO lineup/1\n#a ", SLOW, "\nPING\n"],
      expect: "OK lineup/1 …\nOK pong\n#a …",
      drainAfter: 2,
      ends: true,
    },
  ],
  telnet: [
    {
      name: "telnet: DO TIMING-MARK is answered",
      send: ["PI", IAC, DO, TIMING_MARK, "NG\n"],
      expect: "OK pong",
      telnet: [IAC, WILL, TIMING_MARK],
    },
    {
      name: "telnet: other DO is declined",
      send: [IAC, DO, ECHO, "PING\n"],
      expect: "OK pong",
      telnet: [IAC, WONT, ECHO],
    },
    {
      name: "telnet: WILL is declined",
      send: ["PING", IAC, WILL, NAWS, "\n"],
      expect: "OK pong",
      telnet: [IAC, DONT, NAWS],
    },
    {
      name: "telnet: a subnegotiation is passed over",
      send: ["PI", IAC, SB, NAWS, 0, 80, 10, 24, IAC, SE, "NG\n"],
      expect: "OK pong",
    },
    {
      name: "telnet: Ctrl-C with nothing in flight is passed over",
      send: [IAC, IP, "PING\n"],
      expect: "OK pong",
    },
    {
      name: "telnet: Ctrl-C cancels the oldest untagged request",
      send: [SLOW, "\n", IAC, IP, IAC, DO, TIMING_MARK],
      expect: "ERR cancelled …",
      telnet: [IAC, WILL, TIMING_MARK],
    },
  ],
};
