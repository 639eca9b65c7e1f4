import { assert, assertEquals, assertNotMatch, assertRejects } from "@std/assert";
import { Refusal } from "@lineup/lineup";
import { serveInMemory } from "@lineup/lineup/testing";
import { RawClient } from "../../raw_client.ts";
import { TestServer } from "../../test_server.ts";

for (
  const how of ["throw", "string", "nothing", "wrong", "reject", "undeclared", "detail", "twice"]
) {
  Deno.test(`serve answers internal where a handler fails: ${how}`, async () => {
    await using testServer = await TestServer.open({ listen: ["127.0.0.1:0"] });
    using wire = await RawClient.open(testServer.server.address);
    await wire.send(`#1 FAIL ${how}\n`);
    const line = await wire.line();
    const incident = line.match(/ incident=([0-9a-f]{8})$/)?.[1];
    assertEquals(
      line,
      `#1 ERR internal "FAIL failed; the server's log says why." incident=${incident}`,
    );
    assertNotMatch(line, /secret|passwd/);
    const [{ error, ...entry }, ...more] = testServer.log;
    const client = entry.client;
    const message = how === "undeclared"
      ? "FAIL threw the Refusal not-declared, which its errors do not declare"
      : "FAIL failed";
    assertEquals(entry, { level: "error", message, verb: "FAIL", client, incident });
    assert(error !== undefined);
    assertEquals(more, []);
    await wire.send("PING\n");
    assertEquals(await wire.line(), "OK pong");
  });
}

Deno.test("the log says that a code is not declared also where items were sent before", async () => {
  const jobs = {
    name: "jobs",
    version: "1.0",
    summary: "Jobs.",
    commands: { JOBS: { summary: "List.", items: { id: "integer" } } },
  } as const;
  await using server = await serveInMemory(jobs, {
    *JOBS() {
      yield { id: 7 };
      throw new Refusal("not-found", "There is no job 8.");
    },
  });
  const client = await server.client();
  await assertRejects(() => client.JOBS().all(), Refusal, "JOBS failed");
  assertEquals(server.log.map(({ message }) => message), [
    "JOBS threw the Refusal not-found, which its errors do not declare",
  ]);
});
