// A queue on disks that really fail: one that is full, one whose writes end in errors, one that cannot be written.

import { assertEquals, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import { MAIN } from "../cli/run.ts";
import { type Running, startServer } from "../queue/server_process.ts";
import { withDirectory } from "../queue/temporary.ts";
import { find, run } from "./program.ts";

/** What is done to a disk, and undone. */
interface Trouble {
  fail(server: Running): Promise<unknown>;
  mend(server: Running): Promise<unknown>;
}

const PIPELINED = 8;
// Some pages each, so that a disk of a few MB is soon full.
const REST = "x".repeat(8000);

/**
 * Puts jobs until the store fails, mends it, puts more, and kills the server: each job that was acknowledged must be
 * there. Returns what the server said in trouble.
 */
async function survives(path: string, by: readonly string[], trouble: Trouble): Promise<string> {
  const server = await startServer(path, by);
  const session = await server.session();
  const acknowledged: string[] = [];
  let puts = 0;
  const putSome = async (): Promise<string | undefined> => {
    const names = Array.from({ length: PIPELINED }, () => `job-${++puts}`);
    await session.send(names.map((name) => `PUT mail ${name}-${REST}\n`).join(""));
    let refused: string | undefined;
    for (const name of names) {
      const reply = await session.reply();
      if (/^OK id=\d+$/.test(reply)) acknowledged.push(name);
      else refused ??= reply;
    }
    return refused;
  };

  assertEquals(await putSome(), undefined);
  await trouble.fail(server);
  let refused: string | undefined;
  while (refused === undefined) refused = await putSome();
  assertMatch(await session.ask("DONE 1"), /^ERR read-only .* retry=/);
  assertMatch(await session.ask("TAKE mail"), /^ERR read-only .* retry=/);
  assertMatch(await session.ask("QUEUES"), / read-only=yes$/);
  assertMatch(await session.ask("STATS"), /^\* queue-read-only 1$/m);
  assertStringIncludes(await session.ask("JOB 1"), "job-1-");

  await trouble.mend(server);
  // It is tried again each 10 s at the latest, by a real clock.
  while (/ read-only=yes$/.test(await session.ask("QUEUES"))) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assertEquals(await putSome(), undefined);
  assertMatch(await session.ask("TAKE mail"), /^\* id=1 /);
  assertEquals(await session.ask("DONE 1"), "OK");
  await server.end("SIGKILL");

  const again = await startServer(path, by);
  const other = await again.session();
  const there: string[] = [];
  for (let reply; (reply = await other.ask("TAKE mail max=100")) !== "OK count=0";) {
    for (const [, name] of reply.matchAll(/^(job-\d+)-x/gm)) there.push(name);
  }
  assertEquals(await again.end("SIGTERM"), 0);
  assertEquals(new Set(there).size, there.length);
  assertEquals(acknowledged.filter((name) => !there.includes(name)), ["job-1"]);
  assertGreater(acknowledged.length, 2 * PIPELINED);
  // What was in doubt was written once that was possible; what was refused since was not.
  assertGreater(puts, there.length);
  return refused;
}

/** A small file system in memory, which is gone when the test is; `by` starts programs that see it. */
async function withDisk<T>(
  size: string,
  test: (disk: { path: string; root: string; by: string[] }) => Promise<T>,
): Promise<T> {
  for (const each of ["unshare", "nsenter"]) await find(each);
  return await withDirectory(async (path) => {
    const script = `mount -t tmpfs -o size=${size} tmpfs ${path} && echo ready && exec cat`;
    const holder = new Deno.Command("unshare", {
      args: ["--user", "--map-root-user", "--mount", "sh", "-c", script],
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    const output = holder.stdout.getReader();
    try {
      const { done } = await output.read();
      if (done) throw new Error("user namespaces, or mounts in them, are not allowed here");
      const by = ["nsenter", "-t", String(holder.pid), "-U", "-m", "--preserve-credentials"];
      return await test({ path, root: `/proc/${holder.pid}/root${path}`, by });
    } finally {
      await output.cancel();
      await holder.stdin.close();
      await holder.status;
    }
  });
}

Deno.test("lineup queue on a full disk loses nothing that was acknowledged, and goes on once there is room", () =>
  withDisk("4m", async ({ path, root, by }) => {
    const filler = `${root}/filler`;
    const refused = await survives(`${path}/queue.db`, by, {
      fail: () => Deno.writeFile(filler, new Uint8Array(2 << 20)),
      mend: () => Deno.remove(filler),
    });
    assertMatch(refused, /^ERR internal "The store failed, .*" executed=maybe incident=/);
  }));

Deno.test("lineup queue whose writes fail loses nothing that was acknowledged, and goes on once they do not", () =>
  withDirectory(async (directory) => {
    await find("prlimit");
    const limit = ({ pid }: Running, bytes: number | "unlimited"): Promise<unknown> =>
      run("prlimit", ["--pid", String(pid), `--fsize=${bytes}:unlimited`]);
    // Without the trap the signal that goes with the error ends the process.
    const by = ["sh", "-c", 'trap "" XFSZ; exec "$@"', "sh"];
    const refused = await survives(`${directory}/queue.db`, by, {
      fail: (server) => limit(server, 300_000),
      mend: (server) => limit(server, "unlimited"),
    });
    assertMatch(refused, /^ERR internal "The store failed, .*" executed=maybe incident=/);
  }));

Deno.test("lineup queue refuses a file that it cannot write, and leaves it as it is", () =>
  withDisk("4m", async ({ path, root, by }) => {
    const file = `${path}/queue.db`;
    const server = await startServer(file, by);
    assertEquals(await (await server.session()).ask("PUT mail kept"), "OK id=1");
    await server.end("SIGTERM");
    const before = await Deno.readFile(`${root}/queue.db`);
    const within = async (...args: string[]): Promise<string> => {
      const [program, ...rest] = [...by, ...args];
      const { stdout, stderr } = await new Deno.Command(program, { args: rest }).output();
      return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    };
    assertEquals(await within("mount", "-o", "remount,ro", path), "");
    const lineup = [Deno.execPath(), "run", "--allow-all", "--no-check", MAIN, "queue"];
    assertEquals(
      await within(...lineup, "--port", "0", "--data", file),
      `lineup: ${file} cannot be written\n`,
    );
    assertEquals(await within(...lineup, "--check", file), `${file} is sound: 1 job\n`);
    assertEquals(await Deno.readFile(`${root}/queue.db`), before);
    assertEquals([...Deno.readDirSync(root)].length, 1);
  }));
