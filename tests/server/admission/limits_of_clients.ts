// The limits on connections, on their times, and on the memory of all of them.

import { A, B, C, GREETING, type Limit, LOCAL, PING, x } from "./limit.ts";

export const ofClients: readonly Limit[] = [
  {
    what: "connections (connections.connections, connectionsReserved)",
    options: { connections: { connections: 4, connectionsReserved: 2 } },
    below: [{ by: A, stranger: true, gets: GREETING }],
    at: [
      {
        by: B,
        stranger: true,
        gets: 'ERR busy "There are 4 connections, as many as may be." retry=1000\r\n',
        ends: true,
      },
      { by: LOCAL, stranger: true, gets: GREETING },
    ],
    figure: "connections-busy-total",
  },
  {
    what: "connections of a client (connections.connectionsPerClient)",
    options: { connections: { connectionsPerClient: 1 } },
    below: [{ by: A, stranger: true, gets: GREETING }],
    at: [
      {
        by: "192.0.2.1:2",
        stranger: true,
        gets:
          'ERR quota "A client may have 1 connections, and has them." retry=1000 scope=prefix\r\n',
        ends: true,
      },
      { by: B, stranger: true, gets: GREETING },
    ],
    figure: "connections-quota-total",
  },
  {
    what:
      "clients that are still to get their refusal (connections.connectionsOpening, timeouts.opening)",
    options: { connections: { connections: 3, connectionsReserved: 1, connectionsOpening: 0 } },
    below: [{ by: A, stranger: true, gets: GREETING }],
    at: [{ by: B, stranger: true, gets: "", ends: true }],
    figure: "connections-busy-total",
  },
  {
    what: "the time to the first request (timeouts.handshake)",
    options: { timeouts: { handshake: 1000 } },
    below: [{ by: A, passes: 1000, gets: "", ends: false }],
    at: [
      { by: A, passes: 250, gets: 'ERR timeout "No request came within 1 s."\r\n', ends: true },
    ],
    figure: "errors-timeout-total",
  },
  {
    what: "the time from the first byte of a request to its last (timeouts.request)",
    options: { timeouts: { request: 1000, requestRate: 10 } },
    below: [
      { by: A, sends: "SAY x", passes: 1500, gets: "", ends: false },
      { by: A, sends: "y\n", gets: "OK xy\n" },
    ],
    at: [{
      by: A,
      sends: "SAY x",
      passes: 1750,
      gets: 'ERR timeout "A request must be here within 1 s of its first byte."\n',
      ends: true,
    }],
    figure: "errors-timeout-total",
  },
  {
    what: "the bytes a second of a request (timeouts.requestRate)",
    options: { timeouts: { request: 1000, requestRate: 100 } },
    below: [
      { by: A, sends: `ECHO {200}\n${x(189)}`, passes: 3000, gets: "", ends: false },
      { by: A, sends: `${x(11)}\n`, gets: `OK {200}\n${x(200)}\n` },
    ],
    at: [{
      by: A,
      sends: `ECHO {200}\n${x(89)}`,
      passes: 2250,
      gets: 'ERR timeout "A request must be here within 1 s of its first byte."\n',
      ends: true,
    }],
    figure: "errors-timeout-total",
  },
  {
    what: "the time with nothing in flight and nothing coming (timeouts.idle)",
    options: { timeouts: { idle: 60_000 } },
    below: [
      { by: A, sends: "PING\n", gets: "OK pong\n" },
      { by: A, passes: 60_000, gets: "", ends: false },
    ],
    // The server visits quiet connections every 30 s.
    at: [{
      by: A,
      passes: 30_000,
      gets: 'ERR timeout "Nothing came within 60 s."\n',
      ends: true,
    }],
    figure: "errors-timeout-total",
  },
  {
    what: "the time in which a client reads nothing (timeouts.stall)",
    options: { timeouts: { stall: 2000 } },
    below: [{ by: A, deaf: true, sends: `SAY ${x(1500)}\n`, passes: 2000 }],
    at: [{
      by: A,
      passes: 500,
      logs: "connection dropped: the client does not read what it was sent",
    }],
    figure: "connections-dropped-total",
  },
  {
    what: "the time that many bytes of answers wait (timeouts.outputSoft)",
    options: { timeouts: { outputSoft: 2500, stall: 2000 } },
    below: [
      { by: A, deaf: true, sends: `SAY ${x(1000)}\n`.repeat(4), passes: 1000 },
      { by: A, reads: 10, passes: 1000 },
      { by: A, reads: 10, passes: 250, ends: false },
    ],
    at: [{
      by: A,
      reads: 10,
      passes: 250,
      logs: "connection dropped: 3085 bytes wait for a client that reads too slowly",
    }],
    figure: "connections-dropped-total",
  },
  {
    what: "the bytes of answers that wait (timeouts.outputHard)",
    options: { timeouts: { outputHard: 10_000 } },
    below: [{ by: A, deaf: true, sends: `SAY ${x(1000)}\n`.repeat(9), passes: 250 }],
    at: [{
      by: A,
      sends: `SAY ${x(1990)}\n`.repeat(2),
      passes: 250,
      logs: "connection dropped: 12123 bytes wait for a client that does not read",
    }],
    figure: "connections-dropped-total",
  },
  {
    what: "the bytes held for all clients before a client's times are cut (pressure.hasten)",
    options: { memory: 100_000, timeouts: { handshake: 4000 } },
    below: [{ by: A, passes: 4000, gets: "", ends: false }],
    at: [
      { by: B, sends: `ECHO {87000}\n${x(86_990)}` },
      {
        by: C,
        passes: 1500,
        gets: 'ERR timeout "No request came within 1 s."\r\n',
        ends: true,
      },
    ],
    figure: "errors-timeout-total",
  },
  {
    what: "the bytes held for all clients before no more are taken (pressure.closeGate)",
    options: { memory: 100_000 },
    below: [
      { by: B, sends: `ECHO {85000}\n${x(84_990)}` },
      { by: A, stranger: true, gets: GREETING },
    ],
    at: [
      { by: "192.0.2.2:2", sends: `ECHO {9000}\n${x(8990)}`, passes: 250 },
      {
        by: C,
        stranger: true,
        gets: 'ERR busy "The server has too much to do to take another connection." retry=1000\r\n',
        ends: true,
      },
      { by: LOCAL, stranger: true, gets: GREETING },
    ],
    figure: "connections-busy-total",
  },
  {
    what: "the bytes held for all clients before no more requests are taken (pressure.shed)",
    options: { memory: 100_000 },
    polite: PING,
    below: [
      { by: B, sends: `ECHO {90000}\n${x(89_990)}` },
      { by: A, sends: "SAY x\n", gets: "OK x\n" },
    ],
    at: [
      { by: "192.0.2.2:2", sends: `ECHO {9000}\n${x(8990)}`, passes: 250 },
      {
        by: A,
        sends: "SAY x\nPING\n",
        gets:
          'ERR busy "The server holds as much for its clients as it may." retry=1000\nOK pong\n',
        ends: false,
      },
    ],
    figure: "errors-busy-total",
  },
  {
    what: "the bytes held for all clients (memory, pressure.drop)",
    options: { memory: 100_000, pressure: { shed: Infinity } },
    below: [{ by: B, sends: `ECHO {90000}\n${x(89_990)}`, ends: false }],
    at: [
      { by: A, sends: `ECHO {20000}\n${x(19_000)}`, ends: false },
      {
        by: B,
        ends: true,
        logs: "connection dropped: it holds most, and the memory for clients is full",
      },
      { by: A, sends: `${x(1000)}\n`, gets: `OK {20000}\n${x(20_000)}\n` },
    ],
    figure: "connections-dropped-total",
  },
  {
    what: "the lateness of the event loop (pressure.late)",
    options: {},
    below: [
      { late: 400, passes: 250 },
      { by: A, stranger: true, gets: GREETING },
    ],
    at: [
      { late: 400, passes: 250 },
      {
        by: B,
        stranger: true,
        gets: 'ERR busy "The server has too much to do to take another connection." retry=1000\r\n',
        ends: true,
      },
      { by: LOCAL, stranger: true, gets: GREETING },
    ],
    figure: "connections-busy-total",
  },
];
