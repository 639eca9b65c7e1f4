import { assert, assertEquals, assertNotMatch } from "@std/assert";
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
    assertEquals(entry, { level: "error", message: "FAIL failed", verb: "FAIL", client, incident });
    assert(error !== undefined);
    assertEquals(more, []);
    await wire.send("PING\n");
    assertEquals(await wire.line(), "OK pong");
  });
}
