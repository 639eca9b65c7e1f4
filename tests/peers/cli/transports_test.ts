import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { connect } from "../../../client/mod.ts";
import { connectStream } from "../../../net/mod.ts";
import { queueProtocol } from "../../../queue/mod.ts";
import { trust } from "../../transports/tls.ts";
import { lineup } from "../../cli/lineup_here.ts";
import { lineupProcess, startLineup } from "../../cli/lineup_process.ts";

const pem = (name: string): string =>
  new URL(`../../transports/tls/${name}`, import.meta.url).pathname;

Deno.test("lineup queue serves TLS and WebSocket by its flags, and prints their addresses", async () => {
  const identity = ["--tls-cert", pem("server.pem"), "--tls-key", pem("server.key")];
  const args = ["queue", "--port", "0", "--data", ":memory:", "--ws", "0", ...identity];
  await using server = await startLineup(args);
  assertMatch(
    server.line,
    /^lineup queue listening on tls:\/\/127\.0\.0\.1:\d+ and wss:\/\/127\.0\.0\.1:\d+\/$/,
  );
  for (const address of server.line.split(" on ")[1].split(" and ")) {
    await using client = await connect(queueProtocol, address, {
      dial: (place, options) => connectStream(place, { ...options, tls: trust }),
    });
    assertEquals(await client.PING(), { word: "pong" });
  }
});

for (const [mode, expected] of [[undefined, 0o600], ["0660", 0o660], ["777", 0o777]] as const) {
  Deno.test(`a socket of lineup queue has the mode ${expected.toString(8)} where --mode is ${mode}`, async () => {
    const directory = await Deno.makeTempDir();
    const path = `${directory}/s`;
    const flags = mode === undefined ? [] : ["--mode", mode];
    const args = ["queue", "--data", ":memory:", "--listen", `unix:${path}`, ...flags];
    await using server = await startLineup(args);
    assertEquals((await Deno.lstat(path)).mode! & 0o777, expected);
    const second = await lineup(args);
    assertEquals([second.code, second.out], [1, ""]);
    assertStringIncludes(second.err, `cannot listen at unix:${path}: a server listens there`);
    server.kill("SIGTERM");
    await server.finished();
    assertEquals([...Deno.readDirSync(directory)], []);
    await Deno.remove(directory);
  });
}

Deno.test("--mode is the mode of a Unix socket, and a wrong mode is refused before a file is made", async () => {
  const cwd = await Deno.makeTempDir();
  for (const mode of ["999", "0o600", "66", "07777", "-1", "rw"]) {
    const { code, err } = await lineupProcess(["queue", "--listen", "unix:s", "--mode", mode], {
      cwd,
    });
    assertEquals(code, 64, mode);
    assertStringIncludes(err, "--mode must be the mode of a file, such as 0660");
  }
  const { code, err } = await lineupProcess(["queue", "--mode", "0660"], { cwd });
  assertEquals(code, 64);
  assertStringIncludes(err, "--mode needs --listen unix:PATH");
  assertEquals([...Deno.readDirSync(cwd)], []);
  await Deno.remove(cwd);
});
