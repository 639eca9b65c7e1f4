// The admin port of a process without free file descriptors answers again once it has some.

import { assertEquals, assertStringIncludes } from "@std/assert";
import { MAIN } from "../cli/lineup_process.ts";

/** A few more than Deno itself needs. */
const DESCRIPTORS = 64;
/** More than descriptors, and fewer than the backlog of a listener. */
const CONNECTIONS = 90;

Deno.test("the admin port goes on after file descriptors had run out, and the log tells of it once", async () => {
  const line = [Deno.execPath(), "run", "--quiet", "--allow-all", MAIN];
  const flags = ["queue", "--port", "0", "--admin", "0", "--data", ":memory:"];
  const child = new Deno.Command("sh", {
    args: ["-c", `ulimit -n ${DESCRIPTORS} && exec "$@"`, "sh", ...line, ...flags],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  let err = "";
  const failure = Promise.withResolvers<void>();
  const reading = (async () => {
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      err += text;
      if (err.includes("accept failed")) failure.resolve();
    }
  })();
  const connections: Deno.TcpConn[] = [];
  try {
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let out = "";
    while (!out.includes("\n")) out += (await reader.read()).value ?? "";
    await reader.cancel();
    const address = /http:\/\/\S+/.exec(out)![0];
    const { hostname, port } = new URL(address);
    for (let i = 0; i < CONNECTIONS; i++) {
      connections.push(await Deno.connect({ hostname, port: Number(port) }));
    }
    await failure.promise;
    for (const each of connections.splice(0)) each.close();
    const response = await fetch(`${address}/readyz`);
    assertEquals([response.status, await response.text()], [200, "ready\n"]);
  } finally {
    for (const each of connections) each.close();
    child.kill("SIGTERM");
    await child.status;
    await reading;
  }
  assertStringIncludes(err, "accept failed address=tcp://127.0.0.1:");
});
