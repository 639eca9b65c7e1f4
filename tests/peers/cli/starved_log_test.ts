// A server without free file descriptors logs an error and goes on.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { RawClient } from "../../raw_client.ts";
import { MAIN } from "../../cli/lineup_process.ts";
import { NO_ORPHAN } from "../../orphan.ts";

const NOISY = new URL("./noisy.ts", import.meta.url).pathname;

Deno.test({
  name: "a handler may fail where no file descriptors are left",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const line = [
      Deno.execPath(),
      "run",
      "--quiet",
      "--allow-all",
      NO_ORPHAN,
      MAIN,
      "serve",
      NOISY,
    ];
    const child = new Deno.Command("sh", {
      args: ["-c", 'ulimit -n 64 && exec "$@"', "sh", ...line, "--port", "0"],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      env: { NO_COLOR: "1" },
    }).spawn();
    const deadline = setTimeout(() => child.kill("SIGKILL"), 60_000);
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let out = "";
    while (!out.includes("\n")) out += (await reader.read()).value;
    const address = out.trim().split(" ").at(-1)!;
    const port = Number(address.split(":").at(-1));
    using wire = await RawClient.open(address);
    const many = await Promise.all(Array.from({ length: 90 }, () => Deno.connect({ port })));
    const log = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
    let err = "";
    while (!err.includes("accept failed")) err += (await log.read()).value;
    await wire.send("BREAK starved\nPING on\n");
    assertMatch(await wire.line(), /^ERR internal /);
    assertEquals(await wire.line(), "OK on");
    for (const conn of many) conn.close();
    child.kill("SIGTERM");
    for (let read; !(read = await log.read()).done;) err += read.value;
    clearTimeout(deadline);
    assertEquals((await child.status).code, 0, err);
    assertStringIncludes(err, 'error="Error: starved"');
    await reader.cancel();
  },
});
