import { assertEquals, assertRejects } from "@std/assert";
import { RawClient } from "../raw_client.ts";
import { NO_ORPHAN } from "../orphan.ts";

const SCRIPT = new URL("./signalled.ts", import.meta.url).href;

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test(`${signal} drains the server after a SIGHUP that reloads, a second one cuts off the remaining requests`, async () => {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--allow-net", NO_ORPHAN, SCRIPT],
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const log = new Response(child.stderr).text();
    const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const address = (await output.read()).value!.trim();

    using wire = await RawClient.open(address);
    using idle = await RawClient.open(address);
    await wire.send("HELLO lineup/1 events=on\n#h HOLD\n#p PING\n");
    await wire.lines(2);
    child.kill("SIGHUP");
    assertEquals((await output.read()).value, "read again\n");
    child.kill(signal);
    assertEquals(await wire.line(), "! draining within=10000ms");
    assertEquals(
      await idle.rest(),
      'ERR draining "The server is shutting down." retry=1000\r\n',
    );
    // The connection is refused or reset: the kernel may have accepted it in the moment of the end.
    await assertRejects(() => RawClient.open(address));
    await wire.send("#q PING\n");
    assertEquals(await wire.line(), "#q OK pong");

    child.kill(signal);
    assertEquals(await wire.rest(), "");
    assertEquals((await output.read()).value, "finished\n");
    assertEquals((await output.read()).done, true);
    assertEquals(await child.status, { success: true, code: 0, signal: null });
    const lines = (await log).trimEnd().split("\n").map((line) => line.replace(/^\S+ /, ""));
    assertEquals(lines.map((line) => line.replace(/seconds=\S+/, "seconds=…")), [
      `error not reloaded what=nothing why="there is nothing"`,
      `info reloaded what=words did="2 words"`,
      `info shutting down address=${address} signal=${signal} drain=10s`,
      `info cutting off the rest address=${address} signal=${signal}`,
      `info shut down address=${address} seconds=… connections=2 requests=4 errors=0`,
    ]);
  });
}
