// A queue on disks that really fail: a full disk, a disk with failing writes, a read-only disk.

import { assertEquals, assertGreater, assertMatch, assertStringIncludes } from "@std/assert";
import { MAIN } from "../cli/lineup_process.ts";
import { type Running, startServer } from "./kills/server_process.ts";
import { putSmall, removesSome, rowAttacks } from "../queue/store/row_attacks.ts";

import { LONG } from "../seeded_random.ts";
import { withDirectory } from "../temporary_directory.ts";
import { holdsElsewhere } from "../elsewhere.ts";
import { find, run } from "./program.ts";
import { RawClient } from "../raw_client.ts";

/** A failure of a disk, and its repair. */
interface DiskFailure {
  fail(server: Running): Promise<unknown>;
  mend(server: Running): Promise<unknown>;
}

const PIPELINED = 8;
// Each job has some pages, so that a disk of a few MB is soon full.
const REST = "x".repeat(8000);

/**
 * Puts jobs until the store fails, repairs the disk, puts more, and kills the server: each acknowledged job must be
 * there. Resolves with the server's log of the failure.
 */
async function survives(
  path: string,
  by: readonly string[],
  failure: DiskFailure,
): Promise<string> {
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
  await failure.fail(server);
  let refused: string | undefined;
  while (refused === undefined) refused = await putSome();
  assertMatch(await session.ask("DONE 1"), /^ERR read-only .* retry=/);
  assertMatch(await session.ask("TAKE mail"), /^ERR read-only .* retry=/);
  assertMatch(await session.ask("QUEUES"), / read-only=yes$/);
  assertMatch(await session.ask("STATS"), /^\* queue-read-only 1$/m);
  assertStringIncludes(await session.ask("JOB 1"), "job-1-");

  await failure.mend(server);
  // The server tries again at least every 10 s, by a real clock.
  await holdsElsewhere(
    async () => !/ read-only=yes$/.test(await session.ask("QUEUES")),
    "the queue takes changes again",
  );
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
  // A job in doubt was written as soon as that was possible. Jobs that were refused later were not.
  assertGreater(puts, there.length);
  return refused;
}

/** Runs a test with a small file system in memory. `by` starts programs that see it. */
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

/** Writes a file until the disk is full, to its last byte. */
async function fillUp(path: string): Promise<void> {
  using file = await Deno.open(path, { append: true, create: true });
  for (let size = 1 << 20; size > 0;) {
    try {
      if (file.writeSync(new Uint8Array(size)) < size) size >>= 1;
    } catch (error) {
      assertStringIncludes(String(error), "No space left");
      size >>= 1;
    }
  }
}

/** The ids of the jobs of a queue. */
async function numbers(session: RawClient): Promise<number[]> {
  const found: number[] = [];
  for (let after = "0"; after !== "";) {
    const reply = await session.ask(`LIST mail max=1000 after=${after}`);
    for (const [, id] of reply.matchAll(/^\* id=(\d+)/gm)) found.push(Number(id));
    after = / after=(\d+)$/.exec(reply)?.[1] ?? "";
  }
  return found;
}

for (const [size, looks] of [["4m", true], ["64m", true], ["64m", false]] as const) {
  const what = `of ${size}${looks ? "" : ", at which it may not look,"}`;
  Deno.test(`lineup queue on a full disk ${what} refuses new jobs and serves the others, after a restart too`, () =>
    withDisk(size, async ({ path, root, by }) => {
      const file = `${path}/queue.db`;
      const filler = `${root}/filler`;
      const there = new Set<number>();
      let server = await startServer(file, by, looks);
      let session = await server.session();
      const put = async (): Promise<string> => {
        const reply = await session.ask(`PUT mail ${REST}`);
        const id = /^OK id=(\d+)$/.exec(reply)?.[1];
        if (id !== undefined) there.add(Number(id));
        return reply;
      };
      // Every command that makes room, and the commands around it.
      const makesRoom = async (): Promise<void> => {
        for (let i = 0; i < 5; i++) {
          const taken = await session.ask("TAKE mail max=3 lease=1h");
          const ids = [...taken.matchAll(/^\* id=(\d+)/gm)].map(([, id]) => Number(id));
          assertEquals(ids.length, 3, taken.slice(0, 200));
          const [done, failed, dropped] = ids;
          assertEquals(await session.ask(`DONE ${done}`), "OK");
          assertEquals(await session.ask(`FAIL ${failed} dead=yes`), "OK state=dead");
          assertEquals(await session.ask(`DROP ${dropped}`), "OK");
          assertEquals(await session.ask("PURGE mail state=dead"), "OK count=1");
          for (const id of ids) there.delete(id);
        }
        assertEquals(await session.ask("PAUSE mail"), "OK");
        assertEquals(await session.ask("RESUME mail"), "OK");
        assertEquals(/ read-only=yes$/.test(await session.ask("QUEUES")), false);
      };
      for (let i = 0; i < 100; i++) assertMatch(await put(), /^OK id=/);
      await fillUp(filler);
      let refused: string;
      while (/^OK/.test(refused = await put())) await fillUp(filler);
      assertMatch(refused, /^ERR busy "The disk, .* leaves room for \d+ bytes .*" retry=1000$/);
      await makesRoom();
      assertMatch(await session.ask("STATS"), /^\* queue-store-bytes-left 0$/m);
      for (const signal of ["SIGKILL", "SIGTERM"] as const) {
        await fillUp(filler);
        const code = await server.end(signal);
        if (signal === "SIGTERM") assertEquals(code, 0);
        await fillUp(filler);
        server = await startServer(file, by, looks);
        session = await server.session();
        await fillUp(filler);
        assertMatch(await put(), /^ERR busy /);
        await makesRoom();
        assertEquals(await numbers(session), [...there]);
      }
      await Deno.remove(filler);
      // The server checks the disk every half second, by a real clock, also without a PUT: so the first one is accepted.
      await holdsElsewhere(
        async () => !/^\* queue-store-bytes-left 0$/m.test(await session.ask("STATS")),
        "the server sees the room",
      );
      assertMatch(await put(), /^OK id=/);
      assertEquals(await numbers(session), [...there]);
      assertEquals(await server.end("SIGTERM"), 0);
    }));
}

// FAIL with reasons takes the same jobs, and makes larger rows. LINEUP_LONG=2 adds the others, and a larger disk.
const ATTACKS = Object.entries(rowAttacks)
  .filter(([name]) => LONG > 1 || !["FAIL", "TAKE alone"].includes(name));

for (const [attack, add] of ATTACKS) {
  for (const size of attack === "FAIL" ? ["2m", "8m"] : ["2m"]) {
    Deno.test(`lineup queue on a full disk of ${size} removes jobs after any ${attack}, after a restart too`, () =>
      withDisk(size, async ({ path, root, by }) => {
        const file = `${path}/queue.db`;
        const filler = `${root}/filler`;
        let server = await startServer(file, by);
        let session = await server.session();
        let left = await putSmall(session, size === "2m" ? 10_000 : 50_000);
        await fillUp(filler);
        for (let restarts = 0; restarts < 3; restarts++) {
          if (restarts > 0) {
            await server.end(restarts === 1 ? "SIGKILL" : "SIGTERM");
            await fillUp(filler);
            server = await startServer(file, by);
            session = await server.session();
            await fillUp(filler);
          }
          await add(session);
          assertMatch(await session.ask("PUT mail x"), /^ERR busy /);
          left -= await removesSome(session, 100);
        }
        assertEquals(await session.ask("PURGE mail"), `OK count=${left}`);
        // The room of removed jobs is free for new ones.
        for (let i = 0; i < 50; i++) {
          assertMatch(await session.ask("PUT mail x"), /^OK id=/);
          assertMatch(await session.ask("TAKE mail"), /OK count=1$/);
        }
        assertEquals(await server.end("SIGTERM"), 0);
      }));
  }
}

Deno.test("lineup queue refuses new jobs beyond its reserve where the disk is full, and goes on", () =>
  withDisk("64m", async ({ path, root, by }) => {
    const server = await startServer(`${path}/queue.db`, by, false);
    const session = await server.session();
    for (let i = 0; i < 20; i++) assertMatch(await session.ask(`PUT mail ${REST}`), /^OK/);
    await fillUp(`${root}/filler`);
    const [large, count] = [1 << 20, 16];
    const request = `PUT mail {${large}}\n${"x".repeat(large)}\n`;
    const sending = session.send(request.repeat(count));
    const replies: string[] = [];
    for (let i = 0; i < count; i++) replies.push(await session.reply());
    await sending;
    assertEquals(replies.filter((reply) => !/^(?:OK id|ERR busy|ERR internal)/.test(reply)), []);
    assertMatch(replies.at(-1)!, /^ERR (?:busy|internal) "The disk/);
    assertMatch(await session.ask("PUT mail x"), /^ERR busy /);
    // The burst may have left room for removals only.
    const taken = await session.ask("TAKE mail max=2");
    if (/^ERR busy /.test(taken)) assertEquals(await session.ask("DROP 1"), "OK");
    else {
      assertMatch(taken, /OK count=2$/);
      assertEquals(await session.ask("DONE 1 2"), "OK");
    }
    assertMatch(await session.ask("PURGE mail"), /^OK count=\d+$/);
    assertEquals(/ read-only=yes$/.test(await session.ask("QUEUES")), false);
    assertEquals(await server.end("SIGTERM"), 0);
  }));

Deno.test("lineup queue fills a disk up to its reserve, and uses free room again", () =>
  withDisk("16m", async ({ path, root, by }) => {
    const server = await startServer(`${path}/queue.db`, by);
    const session = await server.session();
    const fill = async (): Promise<number> => {
      for (let puts = 0;; puts++) {
        const reply = await session.ask(`PUT mail ${REST}`);
        if (/^ERR busy /.test(reply)) return puts;
        assertMatch(reply, /^OK/);
      }
    };
    const first = await fill();
    assertGreater(first, 500);
    for (let round = 0; round < 2; round++) {
      assertMatch(await session.ask("PURGE mail"), /^OK count=\d+$/);
      assertGreater(await fill(), first * 0.9);
    }
    assertGreater([...Deno.readDirSync(root)].length, 1);
    assertEquals(await server.end("SIGTERM"), 0);
  }));

Deno.test("lineup queue loses no acknowledged job where writes fail, and goes on once they succeed", () =>
  withDirectory(async (directory) => {
    await find("prlimit");
    const limit = ({ pid }: Running, bytes: number | "unlimited"): Promise<unknown> =>
      run("prlimit", ["--pid", String(pid), `--fsize=${bytes}:unlimited`]);
    // Without the trap, the signal that comes with the error would end the process.
    const by = ["sh", "-c", 'trap "" XFSZ; exec "$@"', "sh"];
    const refused = await survives(`${directory}/queue.db`, by, {
      fail: (server) => limit(server, 300_000),
      mend: (server) => limit(server, "unlimited"),
    });
    assertMatch(refused, /^ERR internal "The store failed, .*" executed=maybe incident=/);
  }));

Deno.test("lineup queue that cannot store its last changes tells their number, and exits with 74", () =>
  withDirectory(async (directory) => {
    await find("prlimit");
    const { rest, port, pid, end } = await startCommand(directory);
    const session = new RawClient(await Deno.connect({ port }));
    await session.reply();
    assertEquals(await session.ask("PUT mail kept"), "OK id=1");
    await run("prlimit", ["--pid", String(pid), "--fsize=1000:unlimited"]);
    assertMatch(await session.ask(`PUT mail ${REST}`), /^ERR internal .*executed=maybe/);
    session.close();
    assertEquals(await end("SIGTERM"), 74);
    assertMatch(await rest, /lineup: the store failed: 1 change is lost\n/);
  }));

/** Starts `lineup queue` as its user does, on a disk whose writes a test can make fail. */
async function startCommand(directory: string) {
  const lineup = [Deno.execPath(), "run", "--allow-all", "--no-check", MAIN, "queue"];
  const child = new Deno.Command("sh", {
    args: [
      ...["-c", 'trap "" XFSZ; exec "$@"', "sh", ...lineup],
      ...["--port", "0", "--data", `${directory}/queue.db`],
    ],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const rest = new Response(child.stderr).text();
  const output = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value = "" } = await output.read();
  return {
    pid: child.pid,
    port: Number(/:(\d+)\s*$/.exec(value)![1]),
    rest,
    end: async (signal: Deno.Signal): Promise<number> => {
      child.kill(signal);
      const { code } = await child.status;
      await output.cancel();
      return code;
    },
  };
}

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
    assertEquals([...Deno.readDirSync(root)].map(({ name }) => name).sort(), [
      "queue.db",
      "queue.db-reserve",
    ]);
  }));
