// The parts of the interface of a dialect that Lineup/1 does not use.

import type { Dialect, DialectSession, ServedDialect } from "@lineup/lineup/dialects";
import type { Protocol } from "@lineup/lineup/protocol";
import { assertEquals } from "@std/assert";
import { RawClient } from "../raw_client.ts";
import { dict } from "./dict.ts";
import { serveInMemory } from "./served.ts";

const protocol = {
  name: "steps",
  version: "1.0",
  summary: "Two steps.",
  commands: { WAIT: { summary: "Answer when told to." }, GO: { summary: "Answer at once." } },
} as const satisfies Protocol;

/** A dialect like `dict`, with members of its sessions replaced. */
function dictWith(change: (session: DialectSession) => Partial<DialectSession>): Dialect {
  return {
    ...dict,
    open(peer, served) {
      const session = dict.open(peer, served);
      const changed = Object.entries(Object.getOwnPropertyDescriptors(change(session)));
      for (const [name, descriptor] of changed) Object.defineProperty(session, name, descriptor);
      return session;
    },
  };
}

async function serveSteps(dialect: Dialect): Promise<{ server: ServedDialect; wire: RawClient }> {
  const server = await serveInMemory(protocol, (wait) => ({ WAIT: wait, GO() {} }), { dialect });
  const wire = new RawClient(await server.connect());
  await wire.line();
  return { server, wire };
}

Deno.test("a session that awaits answers is asked for its next input when all before is answered", async () => {
  const steps: string[] = [];
  const { server, wire } = await serveSteps(dictWith((session) => {
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
  }));
  await using _ = server;
  using __ = wire;
  await wire.send("WAIT\nGO\nWAIT\nGO\n");
  await server.started;
  assertEquals(steps, ["read WAIT"]);
  server.release();
  assertEquals(await wire.lines(4), Array(4).fill("250 ok"));
  const each = ["read WAIT", "answer WAIT", "read GO", "answer GO"];
  assertEquals(steps, [...each, ...each]);
});

Deno.test("a session that is over gets no further input, and its connection ends behind its answers", async () => {
  const { server, wire } = await serveSteps(dictWith((session) => {
    const { writeReply } = session;
    let over = false;
    return {
      get over() {
        return over;
      },
      writeReply(...args) {
        writeReply.apply(session, args);
        over = true;
      },
    };
  }));
  await using _ = server;
  using __ = wire;
  await wire.send("FROB\nGO\nGO\n");
  assertEquals(await wire.rest(), "500 There is no command FROB.\r\n250 ok\r\n");
});
