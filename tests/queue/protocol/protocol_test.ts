import { compile } from "@lineup/lineup/protocol";
import { queueProtocol } from "@lineup/lineup/queue";
import { assertEquals, assertMatch } from "@std/assert";
import { pattern } from "./pattern.ts";
import { type TestQueue, testQueue } from "../../test_queue.ts";
import type { RawClient } from "../../raw_client.ts";

Deno.test("queueProtocol compiles", () => {
  assertEquals(compile(queueProtocol).commands.get("PUT")?.request.inlineBody, true);
});

/** The reply to a request. Lets time pass for a request that waits. */
async function answer(queue: TestQueue, session: RawClient, request: string): Promise<string> {
  const reply = session.ask(request);
  await queue.clock.elapse(100);
  return await reply;
}

Deno.test("queueProtocol has examples that are exact when run in order", async () => {
  await using queue = await testQueue();
  const session = await queue.session();
  for (const { examples } of Object.values(queueProtocol.commands)) {
    for (const { request, reply } of examples) {
      assertMatch(await answer(queue, session, request), pattern(reply), request);
    }
  }
});

Deno.test("queueProtocol has examples that each run on a connection of their own", async () => {
  await using queue = await testQueue();
  for (const { examples } of Object.values(queueProtocol.commands)) {
    for (const { request, reply } of examples) {
      const session = await queue.session();
      assertMatch(await answer(queue, session, request), pattern(reply), request);
      session.close();
    }
  }
});

Deno.test("queueProtocol describes every argument, option and error", () => {
  for (const { command, request, builtin } of compile(queueProtocol).commands.values()) {
    if (builtin) continue;
    for (const field of [...request.positional, ...request.named.values()]) {
      assertEquals(field.summary?.endsWith("."), true, field.name);
    }
    for (const error of Object.values(command.errors ?? {})) assertMatch(error.summary, /\.$/);
  }
});
