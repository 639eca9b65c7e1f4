// Servers with workers, in processes of their own.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { startLineup } from "../../cli/lineup_process.ts";
import type { WorkerOptions } from "@lineup/lineup/server";
import { holdsElsewhere } from "../../elsewhere.ts";
import { RawClient } from "../../raw_client.ts";
import { childrenOf, processes } from "../../server/workers/processes.ts";
import { NO_ORPHAN } from "../../orphan.ts";

const ROOT = new URL("../../../", import.meta.url);
const MODULE = new URL("../../server/workers/worker_service.ts", import.meta.url).pathname;

function startServer(workers: number) {
  return startLineup(["serve", MODULE, "--port", "0", "--workers", String(workers)]);
}

/** The processes of a server that has started its workers. */
async function workersOf(pid: number, count: number): Promise<number[]> {
  await holdsElsewhere(() => childrenOf(pid).length === count, `${count} workers run`);
  return childrenOf(pid).map((each) => each.pid);
}

function gone(pids: readonly number[]): Promise<void> {
  return holdsElsewhere(
    () => processes().every(({ pid }) => !pids.includes(pid)),
    `${pids} have ended`,
  );
}

for (const signal of ["SIGKILL", "SIGTERM"] as const) {
  Deno.test(`no worker is left after ${signal} of its server, whatever the worker does`, async () => {
    await using server = await startServer(3);
    const pids = await workersOf(server.pid, 3);
    using wire = await RawClient.open(`127.0.0.1:${server.port}`);
    await wire.send("#s SPIN s within=200ms\n#n NAP n within=200ms\n");
    await wire.lines(2);
    await wire.send("#s SPIN s\n#n NAP n\n#i ITEMS 1000000000\n");
    await wire.line();
    server.kill(signal);
    // The server does not drain at a second signal.
    if (signal === "SIGTERM") server.kill(signal);
    wire.close();
    const { code } = await server.finished();
    assertEquals(code, signal === "SIGTERM" ? 0 : 137);
    await gone(pids);
  });
}

Deno.test("output of handlers never reaches the standard output of their server", async () => {
  await using server = await startServer(1);
  assertMatch(server.line, /tcp:\/\/127\.0\.0\.1:[0-9]+$/);
  using wire = await RawClient.open(`127.0.0.1:${server.port}`);
  await wire.send("PRINT\n");
  assertEquals(await wire.line(), "OK");
  wire.close();
  server.kill("SIGTERM");
  const { code, out, err } = await server.finished();
  assertEquals([code, out], [0, ""]);
  for (const text of ["printed\nprinted\n", "written\n", "passed on\n"]) {
    assertStringIncludes(err, text);
  }
});

/** Makes a folder with a project, and serves it in workers from a program with these permissions. */
async function project(
  rights: readonly string[],
  workers: Partial<WorkerOptions> = {},
): Promise<{ address: string; err: Promise<string>; stop: () => Promise<void> }> {
  const folder = await Deno.makeTempDir();
  const config = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const write = (name: string, text: string) => Deno.writeTextFile(`${folder}/${name}`, text);
  await Deno.mkdir(`${folder}/handlers`);
  await write(
    "deno.json",
    JSON.stringify({
      imports: {
        ...config.imports,
        "@std/net": new URL("shims/net/mod.ts", ROOT).href,
        "lineup": new URL("server/mod.ts", ROOT).href,
        "words": "./words.ts",
      },
    }),
  );
  await write("words.ts", `export const word = "bare";`);
  await write(
    "handlers/mod.ts",
    `import { word } from "words";
    const state = (name: Deno.PermissionName) => Deno.permissions.querySync({ name } as never).state;
    export default {
      ONE: () => ({ word }),
      MAY: () => ({ read: state("read"), write: state("write"), env: state("env"), run: state("run") }),
    };`,
  );
  await write(
    "main.ts",
    `import { serve } from "lineup";
    const word = { word: "word" } as const;
    const may = { read: "word", write: "word", env: "word", run: "word" } as const;
    const commands = { ONE: { summary: "One.", reply: word }, MAY: { summary: "May.", reply: may } };
    const module = new URL("./handlers/mod.ts", import.meta.url);
    const protocol = { name: "p", version: "1", summary: "P.", commands };
    const server = await serve(protocol, {}, { port: 0, signals: true, workers: { module, size: 1, ...${
      JSON.stringify(workers)
    } } });
    console.log(server.address);`,
  );
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-lock", NO_ORPHAN, ...rights, `${folder}/main.ts`],
    cwd: "/",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  const err = new Response(child.stderr).text();
  const out = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value: address = "" } = await out.read();
  return {
    address: address.trim(),
    err,
    async stop() {
      try {
        child.kill("SIGTERM");
      } catch {
        // The program has ended.
      }
      await out.cancel();
      await child.status;
      await err;
      await Deno.remove(folder, { recursive: true });
    },
  };
}

const DENO = `--allow-run=${Deno.execPath()}`;

Deno.test("workers have the deno.json of their server's program, and its unlimited permissions", async () => {
  const { address, stop } = await project([
    DENO,
    "--allow-net",
    "--allow-read",
    "--allow-write",
    "--allow-env=HOME",
  ]);
  try {
    using wire = await RawClient.open(address);
    await wire.send("ONE\nMAY\n");
    assertEquals(await wire.lines(2), [
      "OK word=bare",
      // A permission to run a named program forbids writes to it: so the permission to write is limited.
      "OK read=granted write=prompt env=prompt run=prompt",
    ]);
  } finally {
    await stop();
  }
});

Deno.test("workers have the permissions that they are given", async () => {
  const permissions = { read: false, write: true, env: ["HOME"] };
  const { address, stop } = await project(["--allow-all"], { permissions });
  try {
    using wire = await RawClient.open(address);
    await wire.send("ONE\nMAY\n");
    assertEquals(await wire.lines(2), [
      "OK word=bare",
      "OK read=prompt write=granted env=prompt run=granted",
    ]);
  } finally {
    await stop();
  }
});

for (
  const [lacks, rights] of [
    ["run", ["--allow-net", "--allow-read", "--allow-write"]],
    ["write", [DENO, "--allow-net", "--allow-read"]],
    ["net", [DENO, "--allow-net=127.0.0.1", "--allow-read", "--allow-write"]],
  ] as const
) {
  Deno.test(`serve names the permissions that workers need where it lacks ${lacks}`, async () => {
    const { address, err, stop } = await project(rights);
    try {
      assertEquals(address, "");
      const flags = `--allow-run=${Deno.execPath()} --allow-read --allow-write --allow-net`;
      assertStringIncludes(await err, flags);
    } finally {
      await stop();
    }
  });
}
