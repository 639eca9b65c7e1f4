// The command as a package of npm, packed and installed as a stranger would.

import { assertEquals, assertMatch } from "@std/assert";
import { writeCommandPackage } from "../../build/npm_command.ts";
import { withDirectory } from "../temporary_directory.ts";
import { run } from "./program.ts";

Deno.test("npx runs the command of the npm package, which hands on signals and exit codes", () =>
  withDirectory(async (folder) => {
    await writeCommandPackage(new URL(`file://${folder}/package/`));
    const packed = await run("npm", ["pack", "--silent", "./package"], { cwd: folder });
    await Deno.writeTextFile(`${folder}/package.json`, "{}");
    const flags = ["--no-audit", "--no-fund", "--silent", "--prefer-offline"];
    await run("npm", ["install", ...flags, `./${packed.out.trim()}`], { cwd: folder });
    await Deno.remove(`${folder}/package`, { recursive: true });

    const npx = (...args: string[]) =>
      run("npx", ["--no", "--", "lineup", ...args], { cwd: folder });
    assertMatch((await npx("--version")).out, /^lineup \d/);
    assertEquals(
      (await run("npx", ["--no", "--", "lineup", "frob"], { cwd: folder, quiet: true })).code,
      64,
    );

    // Of the starter itself, not of npx.
    const starter = new Deno.Command(`${folder}/node_modules/.bin/lineup`, {
      args: ["queue", "--port", "0", "--data", "jobs.db"],
      cwd: folder,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const output = starter.stdout.pipeThrough(new TextDecoderStream()).getReader();
    try {
      const [, address] = /listening on (\S+)/.exec((await output.read()).value!)!;
      assertEquals((await npx("put", address, "mail", "hello")).out, "1\n");
      const done = await npx("work", address, "mail", "--until-empty", "--", "cat");
      assertEquals(done, { code: 0, out: "hello\n" });
      starter.kill("SIGHUP");
      assertMatch((await npx("call", address, "PING")).out, /pong/);
    } finally {
      starter.kill("SIGTERM");
    }
    assertEquals((await starter.status).code, 0);
    // The server has let its output go: no process of it is left.
    while (!(await output.read()).done);
  }));
