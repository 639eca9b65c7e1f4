// The limits on requests and answers.

import { A, B, BUSY, type Limit, PING, x } from "./limit.ts";

export const ofRequests: readonly Limit[] = [
  {
    what: "the bytes of a line (limits.maxLine)",
    options: { limits: { maxLine: 64 } },
    below: [{ by: A, sends: `SAY ${x(60)}\n`, gets: `OK ${x(60)}\n`, ends: false }],
    at: [{
      by: A,
      sends: `SAY ${x(61)}\nSAY evil\n`,
      gets: 'ERR line-too-long "A line holds at most 64 bytes."\n',
      ends: true,
    }],
    figure: "errors-line-too-long-total",
  },
  {
    what: "the bytes of a body (limits.maxBody)",
    options: { limits: { maxBody: 10 } },
    below: [{ by: A, sends: "ECHO {10}\n0123456789\n", gets: "OK {10}\n0123456789\n" }],
    at: [{
      by: A,
      sends: "ECHO {11}\n0123456789a\nSAY next\n",
      gets: 'ERR body-too-large "A body holds at most 10 bytes, not 11."\nOK next\n',
      ends: false,
    }],
    figure: "errors-body-too-large-total",
  },
  {
    what: "the bytes of a body that is skipped (limits.maxDiscard)",
    options: { limits: { maxBody: 10, maxDiscard: 20 } },
    below: [{
      by: A,
      sends: `ECHO {20}\n${x(20)}\nSAY next\n`,
      gets: 'ERR body-too-large "A body holds at most 10 bytes, not 20."\nOK next\n',
      ends: false,
    }],
    at: [{
      by: A,
      sends: `ECHO {21}\n${x(21)}\nSAY next\n`,
      gets: 'ERR body-too-large "A body holds at most 10 bytes, not 21."\n',
      ends: true,
    }],
    figure: "errors-body-too-large-total",
  },
  {
    what: "the bytes of a line of a reply (64 KiB)",
    options: {},
    below: [{ by: A, sends: "FLOW 1 64996\n", gets: `* ${x(64996)}\nOK count=1\n` }],
    at: [{
      by: A,
      sends: "FLOW 1 65001\nSAY next\n",
      gets:
        /^ERR internal "FLOW failed; the server's log says why\." incident=[0-9a-f]{8}\nOK next\n$/,
      ends: false,
    }],
    figure: "errors-internal-total",
  },
  {
    what: "untagged requests of a connection in flight (maxInFlight)",
    options: { maxInFlight: 2 },
    below: [
      { by: A, sends: "WAIT a\nSAY b\n", gets: "", started: "a" },
      { by: A, lets: { a: "a" }, gets: "OK a\nOK b\n" },
    ],
    at: [
      { by: A, sends: "WAIT b\nWAIT c\nWAIT d\n", gets: "", started: "a b c" },
      { by: A, lets: { b: "b" }, gets: "OK b\n", started: "a b c d" },
    ],
    figure: "connections-held-back-total",
  },
  {
    what: "tagged requests of a connection in flight (maxInFlight)",
    options: { maxInFlight: 2 },
    below: [{ by: A, sends: "#a WAIT a\n#b WAIT b\n", gets: "", started: "a b" }],
    at: [{
      by: A,
      sends: "#c WAIT c\n",
      gets:
        '#c ERR quota "At most 2 tagged requests of a connection may be in flight." retry=100 scope=connection\n',
      started: "a b",
      ends: false,
    }],
    figure: "errors-quota-total",
  },
  {
    // Each has 2,602 bytes: the request, its word, and the cost of a parked request.
    what: "the bytes of unanswered requests of a connection (bounds.requests)",
    options: { bounds: { requests: 8000 } },
    below: [{ by: A, sends: "#a WAIT a\n#b WAIT b\n#c WAIT c\nPING\n", gets: "OK pong\n" }],
    at: [
      { by: A, sends: "#d WAIT d\nPING\n", gets: "", started: "a b c d" },
      { by: A, lets: { a: "a" }, gets: "#a OK a\nOK pong\n" },
    ],
    figure: "connections-held-back-total",
  },
  {
    what: "the bytes of answers that wait for an earlier answer (bounds.answers)",
    options: { bounds: { answers: 150 } },
    below: [
      { by: A, sends: `WAIT a\nSAY ${x(100)}\nHOLD b\n`, gets: "", started: "a b" },
      { by: A, lets: { a: "a", b: "b" }, gets: `OK a\nOK ${x(100)}\nOK b\n` },
    ],
    at: [{
      by: A,
      sends: `WAIT c\nSAY ${x(100)}\nSAY ${x(100)}\nHOLD d\n`,
      gets: "",
      started: "a b c",
    }],
    figure: "held-bytes",
  },
  {
    what: "the bytes that wait to be written to a connection (bounds.output)",
    options: { bounds: { output: 5000 } },
    below: [{ by: A, deaf: true, sends: "SAY x\n".repeat(100) }],
    at: [{ by: A, sends: `SAY ${x(1000)}\n`.repeat(10) }],
    figure: "connections-held-back-total",
  },
  {
    what: "unknown commands without a valid request between them (bounds.unknownCommands)",
    options: { bounds: { unknownCommands: 2 } },
    below: [{
      by: A,
      sends: "EHLO\nPING\nEHLO\nPING\n",
      gets: 'ERR unknown-command "There is no command EHLO; HELP lists them."\nOK pong\n'.repeat(2),
      ends: false,
    }],
    at: [{
      by: A,
      sends: "EHLO\nEHLO\nSAY evil\n",
      gets: 'ERR unknown-command "There is no command EHLO; HELP lists them."\n'.repeat(2),
      ends: true,
      logs: "connection ended: unknown-command",
    }],
    figure: "errors-unknown-command-total",
  },
  {
    what: "refusals in a row before a pause (bounds.refusals)",
    options: { seats: 1, scheduling: { waiting: 0 }, bounds: { refusals: 2 } },
    polite: PING,
    below: [
      { by: B, sends: "HOLD h\n", started: "h" },
      { by: A, sends: "SAY x\nPING\n", gets: `${BUSY}OK pong\n` },
    ],
    at: [
      { by: A, sends: "SAY x\n", gets: BUSY },
      { by: A, sends: "PING\n", passes: 99, gets: "" },
      { by: A, passes: 1, gets: "OK pong\n" },
    ],
    figure: "connections-paused-total",
  },
  {
    what: "pauses in a row (bounds.pauses)",
    options: { seats: 1, scheduling: { waiting: 0 }, bounds: { refusals: 1, pauses: 1 } },
    polite: PING,
    below: [
      { by: B, sends: "HOLD h\n", started: "h" },
      { by: A, sends: "SAY x\n", gets: BUSY, passes: 100, ends: false },
    ],
    at: [{
      by: A,
      sends: "SAY x\n",
      gets:
        'ERR busy "The server has too much to do." retry=200\nERR quota "Refused requests come again and again."\n',
      ends: true,
    }],
    figure: "errors-quota-total",
  },
  {
    what: "requests that run at once (seats)",
    options: { seats: 1 },
    polite: PING,
    below: [{ by: A, sends: "HOLD a\n", started: "a" }],
    at: [{ by: B, sends: "HOLD b\n", gets: "", started: "a" }],
    figure: "waiting",
  },
  {
    what: "requests of a client that wait (scheduling.flow)",
    options: { seats: 1, scheduling: { flow: 1 } },
    polite: PING,
    below: [{ by: A, sends: "#a HOLD a\n#b HOLD b\n", gets: "", started: "a" }],
    at: [
      { by: A, sends: "#c HOLD c\n", gets: `#c ${BUSY}`, ends: false },
      // Another client has its own place.
      { by: B, sends: "HOLD d\n", gets: "" },
    ],
    figure: "normal-shed-total",
  },
  {
    what: "requests that wait (scheduling.waiting)",
    options: { seats: 1, scheduling: { waiting: 2 } },
    polite: PING,
    below: [{ by: A, sends: "#a HOLD a\n#b HOLD b\n#c HOLD c\n", gets: "", started: "a" }],
    at: [
      // The server refuses the newest request of the client that holds most, and not the newcomer.
      { by: B, sends: "HOLD d\n", gets: "", ends: false },
      { by: A, gets: `#c ${BUSY}`, ends: false },
    ],
    figure: "normal-shed-total",
  },
  {
    what: "bytes that wait (scheduling.bytes)",
    options: { seats: 1, scheduling: { bytes: 2000 } },
    polite: PING,
    below: [
      { by: A, sends: `#a HOLD a\n#b ECHO {800}\n${x(800)}\n`, gets: "", started: "a" },
    ],
    at: [
      { by: B, sends: `ECHO {600}\n${x(600)}\n`, gets: "" },
      { by: A, gets: `#b ${BUSY}`, ends: false },
    ],
    figure: "normal-shed-total",
  },
  {
    what: "requests that are parked (scheduling.parked)",
    options: { scheduling: { parked: 1 } },
    below: [{ by: A, sends: "#a WAIT a\n", gets: "", started: "a" }],
    at: [{
      by: A,
      sends: "#b WAIT b\n",
      gets: '#b ERR busy "The server has too much to do." retry=1000\n',
      ends: false,
    }],
    figure: "errors-busy-total",
  },
  {
    what: "seats of one client (scheduling.share)",
    options: { seats: 2, scheduling: { share: 1 } },
    below: [{ by: A, sends: "#a HOLD a\n", gets: "", started: "a" }],
    at: [
      { by: A, sends: "#b HOLD b\n", gets: "", started: "a" },
      { lets: { a: "a" }, started: "a b" },
      { by: A, gets: "#a OK a\n" },
      { by: A, sends: "#c HOLD c\n", gets: "", started: "a b" },
    ],
    figure: "waiting",
  },
  {
    what: "parked requests of one client (scheduling.share, parked)",
    options: { scheduling: { parked: 2 } },
    below: [{ by: A, sends: "#a WAIT a\n", gets: "", started: "a" }],
    at: [
      {
        by: A,
        sends: "#b WAIT b\n",
        gets: '#b ERR busy "The server has too much to do." retry=1000\n',
        ends: false,
      },
      { by: B, sends: "#c WAIT c\n", gets: "" },
    ],
    figure: "errors-busy-total",
  },
  {
    what: "control requests that go first (scheduling.controlRate, controlBurst)",
    options: { seats: 1, scheduling: { controlRate: 0.1, controlBurst: 20 } },
    polite: PING,
    below: [
      { by: A, sends: "#a HOLD a\n", started: "a" },
      { by: A, sends: "PING\n".repeat(20), gets: "OK pong\n".repeat(20) },
    ],
    at: [
      { by: A, sends: "PING\n", gets: "" },
      { by: B, sends: "PING\n", gets: "OK pong\n" },
    ],
    figure: "interactive-waiting",
  },
  {
    what: "the wait of a request of a class (classes: patience)",
    options: { seats: 1 },
    polite: PING,
    below: [{ by: B, sends: "HOLD h\n" }, { by: A, sends: "SAY x\n", passes: 1000, gets: "" }],
    at: [{ by: A, passes: 16, gets: BUSY, ends: false }],
    figure: "normal-shed-total",
  },
  {
    what: "the share of its time that a request waits (scheduling.patience)",
    options: { seats: 1, scheduling: { patience: 0.2 } },
    polite: PING,
    below: [
      { by: B, sends: "HOLD h\n" },
      { by: A, sends: "SAY x within=1s\n", passes: 200, gets: "" },
    ],
    at: [{ by: A, passes: 16, gets: BUSY, ends: false }],
    figure: "normal-shed-total",
  },
  {
    what: "the time of a request (within=)",
    options: {},
    below: [{ by: A, sends: "HOLD a within=1s\n", passes: 1000, gets: "" }],
    at: [{
      by: A,
      passes: 16,
      gets: 'ERR expired "The time given by within= is over." executed=maybe\n',
      ends: false,
    }],
    figure: "errors-expired-total",
  },
  {
    what: "the wait of a client while it does not shrink (classes: target)",
    options: { seats: 1 },
    polite: PING,
    below: [
      { by: B, sends: "HOLD g\n" },
      { by: A, sends: "SAY x\n", passes: 30, gets: "" },
      { by: A, lets: { g: "g" }, gets: "OK x\n" },
      { by: B, sends: "HOLD h\n" },
      { by: A, sends: "SAY x\n", passes: 101, gets: "" },
      { by: A, lets: { h: "h" }, gets: "OK x\n" },
    ],
    at: [
      { by: B, sends: "HOLD i\n" },
      { by: A, sends: "SAY x\n", passes: 30, gets: "" },
      { by: A, lets: { i: "i" }, gets: BUSY, ends: false },
    ],
    figure: "normal-shed-total",
  },
  {
    what: "requests a second of a client (rates.prefix)",
    options: { rates: { prefix: { rate: 1, burst: 2 } } },
    polite: PING,
    below: [{ by: A, sends: "SAY x\nSAY x\n", gets: "OK x\nOK x\n" }],
    at: [
      {
        by: A,
        sends: "SAY x\n",
        gets: `ERR quota "Requests come faster than this client's rate." retry=1100 scope=prefix\n`,
        ends: false,
      },
      { by: B, sends: "SAY x\n", gets: "OK x\n" },
    ],
    figure: "normal-quota-total",
  },
  {
    what: "requests a second of an IPv6 /48 (rates.site)",
    options: { rates: { site: { rate: 1, burst: 2 } } },
    polite: PING,
    below: [
      { by: "[2001:db8:0:1::1]:1", sends: "SAY x\n", gets: "OK x\n" },
      { by: "[2001:db8:0:2::1]:1", sends: "SAY x\n", gets: "OK x\n" },
    ],
    at: [
      {
        by: "[2001:db8:0:3::1]:1",
        sends: "SAY x\n",
        gets: `ERR quota "Requests come faster than this client's rate." retry=1100 scope=prefix\n`,
        ends: false,
      },
      { by: "[2001:db8:1:1::1]:1", sends: "SAY x\n", gets: "OK x\n" },
    ],
    figure: "normal-quota-total",
  },
];
