// The server and the client of examples/python, which were written from docs/PROTOCOL.md alone.

import { assertEquals, assertMatch } from "@std/assert";
import { connect, openSession } from "../../client/mod.ts";
import { compile } from "../../dialects/lineup1/compile.ts";
import { connectStream, listen, parseAddress } from "../../net/mod.ts";
import { specDocument } from "../../protocol/document.ts";
import { lineupProcess, startLineup } from "../cli/lineup_process.ts";
import { RawClient } from "../raw_client.ts";
import { protocol } from "../transports/protocol.ts";
import { caseNames, type CaseResult, runSuite } from "../transports/suite.ts";
import { serveSuite } from "../transports/transport_fixture.ts";
import { find, run } from "./program.ts";

const EXAMPLES = new URL("../../examples/", import.meta.url).pathname;
const HERE = new URL(".", import.meta.url).pathname;

/** Starts a server in Python, and waits until it prints its address. */
async function startPython(
  ...args: string[]
): Promise<AsyncDisposable & { readonly address: string; end(): void }> {
  await find("python3");
  // Without -B Python would write compiled files beside the sources.
  const child = new Deno.Command("python3", { args: ["-B", ...args], stdout: "piped" }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let line = "";
  while (!line.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`python3 ${args.join(" ")} ended`);
    line += value;
  }
  let isEnding = false;
  const end = (): void => {
    if (!isEnding) child.kill("SIGTERM");
    isEnding = true;
  };
  return {
    address: line.trim().split(" ").at(-1)!,
    end,
    async [Symbol.asyncDispose]() {
      end();
      await reader.cancel();
      assertEquals((await child.status).code, 0, "the server ends cleanly");
    },
  };
}

Deno.test("the Python server passes lineup check, and lacks the level telnet", async () => {
  await using server = await startPython(`${EXAMPLES}python/calc.py`, "0");
  const args = ["check", "--slow", "SLEEP 60000", "--examples"];
  const levels = "core,cancel,deadlines,timing";
  const { code, out } = await lineupProcess([...args, "--level", levels, server.address]);
  assertEquals([out.match(/^FAILED.*/gm), code], [null, 0]);
  for (const level of [...levels.split(","), "examples"]) {
    assertMatch(out, new RegExp(`^${level} +passed$`, "m"));
  }
  const telnet = await lineupProcess([
    "check",
    "--timeout",
    "500ms",
    "--level",
    "telnet",
    server.address,
  ]);
  assertMatch(telnet.out, /^telnet +FAILED: /m);
  assertEquals(telnet.code, 1);
});

Deno.test("the Python server tells a client that asked that it drains", async () => {
  await using server = await startPython(`${EXAMPLES}python/calc.py`, "0");
  using asked = await RawClient.open(server.address);
  await asked.send("HELLO lineup/1 events=on\n#a SLEEP 300\nPING\n");
  await asked.lines(2);
  server.end();
  assertEquals(await asked.rest(), "! draining within=5000ms\n#a OK\n");
});

Deno.test("the suite of transports passes with the Python server", async (t) => {
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, JSON.stringify(specDocument(compile(protocol))));
  await using server = await startPython(`${HERE}python_suite_server.py`, file);
  const fixture = { address: server.address, dial: connectStream, connect, openSession };
  for await (const { name, error } of runSuite(fixture)) {
    await t.step(name, () => assertEquals(error, undefined, error));
  }
  await Deno.remove(file);
});

/** The cases of the suite that are about bytes that no client library sends, or about more than the protocol. */
const NOT_FOR_PYTHON = [
  "a call that may be made again survives a lost connection",
  "a client with several addresses uses those that answer",
  "requests before a half close are answered, then the connection ends",
  "QUIT ends the connection from the other side",
  "a client that does not read does not make the server's memory grow",
  "a stream that is read as fast as it comes can be cancelled",
];

for (const transport of ["tcp", "unix"]) {
  Deno.test(`the suite of transports passes with the Python client over ${transport}`, async (t) => {
    const folder = await Deno.makeTempDir();
    const place = transport === "tcp" ? "tcp://127.0.0.1:0" : `unix:${folder}/s`;
    await using server = await serveSuite(await listen(parseAddress(place)));
    const args = ["-B", `${HERE}python_suite_client.py`, server.address];
    const { code, out } = await run("python3", args);
    const results = out.trim().split("\n").map((line) => JSON.parse(line) as CaseResult);
    for (const { name, error } of results) {
      await t.step(name, () => assertEquals(error, undefined, error));
    }
    assertEquals(code, 0);
    const names = new Set([...results.map(({ name }) => name), ...NOT_FOR_PYTHON]);
    assertEquals(caseNames.filter((name) => !names.has(name)), []);
    await server.shutdown();
    await Deno.remove(folder, { recursive: true });
  });
}

Deno.test("the Python client talks to lineup serve", async () => {
  const call = async (address: string, ...words: string[]) =>
    (await run("python3", ["-B", `${EXAMPLES}python/client.py`, address, ...words])).out;
  await using calc = await startLineup(["serve", `${EXAMPLES}calc.ts`, "--port", "0"]);
  const here = `127.0.0.1:${calc.port}`;
  assertEquals(await call(here, "DIVIDE", "7", "2"), "OK quotient=3.5\n");
  assertEquals(await call(here, "COUNT", "1", "2"), "* n=1\n* n=2\nOK count=2\n");
  assertEquals(
    await call(here, "DIVIDE", "7", "0"),
    'ERR divided-by-zero "7 cannot be divided by 0."\n',
  );
  await using cache = await startLineup(["serve", `${EXAMPLES}cache.ts`, "--port", "0"]);
  const there = `127.0.0.1:${cache.port}`;
  assertEquals(await call(there, "SET", "greeting", "two words", "ttl=60s"), "OK\n");
  assertMatch(await call(there, "GET", "greeting"), /^OK ttl=[0-9]+m?s \{9\}\ntwo words\n$/);
});
