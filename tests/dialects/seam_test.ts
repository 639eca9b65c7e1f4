// The parts of the interface of a dialect that Lineup/1 does not use.

import {
  type Builtin,
  type Dialect,
  type DialectSession,
  lineDialect,
  type ServedDialect,
} from "@lineup/lineup/dialects";
import { compileProtocol, type Protocol } from "@lineup/lineup/protocol";
import type { LogEntry } from "@lineup/lineup/server";
import { assertEquals } from "@std/assert";
import { RawClient } from "../raw_client.ts";
import { serveInMemory } from "./served.ts";

const protocol = {
  name: "steps",
  version: "1.0",
  summary: "Some steps.",
  commands: {
    WAIT: { summary: "Answer when told to." },
    PARK: { summary: "Answer when told to, and hold no seat." },
    GO: { summary: "Answer at once." },
    FAIL: { summary: "Fail." },
  },
} as const satisfies Protocol;

const lines = lineDialect({
  name: "steps/1",
  reply: "250 ok",
  error: "420 {text}",
  errors: { "unknown-command": "500 {text}" },
  multiline: "smtp",
  status: { STATUS: "210 {requests-total}" },
});

/** The dialect `lines`, with members of its sessions replaced. */
function linesWith(change: (session: DialectSession) => Partial<DialectSession>): Dialect {
  return {
    ...lines,
    open(peer, served) {
      const session = lines.open(peer, served);
      const changed = Object.entries(Object.getOwnPropertyDescriptors(change(session)));
      for (const [name, descriptor] of changed) Object.defineProperty(session, name, descriptor);
      return session;
    },
  };
}

function serveSteps(
  dialect: Dialect,
  log: (entry: LogEntry) => void = () => {},
): Promise<ServedDialect> {
  return serveInMemory(protocol, (wait) => ({
    WAIT: wait,
    PARK: (_args, { park }) => park(wait()),
    GO() {},
    FAIL() {
      throw new Error("not for clients");
    },
  }), { dialect, log });
}

Deno.test("a session that awaits answers is asked for its next input when all before is answered", async () => {
  const steps: string[] = [];
  const dialect = linesWith((session) => {
    const { next, writeReply } = session;
    return {
      awaitsAnswers: true,
      next() {
        const decoded = next.call(session);
        if (decoded?.kind === "request") steps.push(`read ${decoded.verb}`);
        return decoded;
      },
      writeReply(...args) {
        writeReply.apply(session, args);
        steps.push(`answer ${args[0].verb}`);
      },
    };
  });
  await using server = await serveSteps(dialect);
  using wire = new RawClient(await server.connect());
  await wire.send("WAIT\nGO\nWAIT\nGO\n");
  await server.started;
  assertEquals(steps, ["read WAIT"]);
  server.release();
  assertEquals(await wire.lines(4), Array(4).fill("250 ok"));
  const each = ["read WAIT", "answer WAIT", "read GO", "answer GO"];
  assertEquals(steps, [...each, ...each]);
});

Deno.test("a session that is over gets no further input, and its connection ends behind its answers", async () => {
  const dialect = linesWith((session) => {
    const { writeReply } = session;
    return {
      writeReply(...args) {
        writeReply.apply(session, args);
        (session as { over: boolean }).over = true;
      },
    };
  });
  await using server = await serveSteps(dialect);
  using wire = new RawClient(await server.connect());
  await wire.send("FROB\nGO\nGO\n");
  assertEquals(await wire.rest(), "500 There is no command FROB.\r\n250 ok\r\n");
});

Deno.test("in a serial dialect, a request starts once the one before it is answered", async () => {
  const entries: LogEntry[] = [];
  await using server = await serveSteps({ ...lines, serial: true }, (entry) => entries.push(entry));
  using wire = new RawClient(await server.connect());
  using other = new RawClient(await server.connect());
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
    command: { summary: "Tell the number of the connection.", reply: { text: "text" } },
    run: (_args, { id }) => ({ text: `${id}` }),
  };
  const bytes: number[] = [];
  const dialect: Dialect = {
    ...lineDialect({
      name: "steps/2",
      reply: "250 {text}",
      error: "500 {text}",
      multiline: "smtp",
    }),
    builtins: { NUMBER },
    wording: {
      ...lines.wording,
      unknownCommand(verb, request) {
        bytes.push(request.bytes);
        return `No ${verb}.`;
      },
    },
    compile: (protocol) => compileProtocol(protocol, { builtins: { NUMBER: NUMBER.command } }),
  };
  await using server = await serveSteps(dialect);
  using first = new RawClient(await server.connect());
  using second = new RawClient(await server.connect());
  await first.send("FROB\r\nFROB ab\r\nNUMBER\r\n");
  await second.send("NUMBER\r\n");
  const [frob, again, number] = await first.lines(3);
  assertEquals([frob, again], ["500 No FROB.", "500 No FROB."]);
  assertEquals(bytes[1] > bytes[0], true);
  assertEquals(new Set([number, await second.line()]).size, 2);
});

Deno.test("in a dialect without half-closed connections, a client that ends its side is gone", async () => {
  await using server = await serveSteps({ ...lines, halfCloses: false });
  using wire = new RawClient(await server.connect());
  await wire.send("STATUS\r\nPARK\r\nSTATUS\r\n");
  await server.started;
  await wire.half();
  assertEquals(await wire.rest(), "210 1\r\n");
});

Deno.test("in such a dialect, requests that need not wait are answered when their client is gone", async () => {
  await using server = await serveSteps({ ...lines, halfCloses: false });
  using wire = new RawClient(await server.connect());
  await wire.send("WAIT\r\nSTATUS\r\n");
  await wire.half();
  await server.started;
  server.release();
  assertEquals(await wire.rest(), "250 ok\r\n210 2\r\n");
});
