import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { Refusal } from "@lineup/lineup/client";
import {
  type ByteStream,
  connectStream,
  listen,
  parseAddress,
  writeAll,
} from "../../../net/mod.ts";
import { type QueueHere, serveQueue } from "../../cli/queue_here.ts";
import { lineup } from "../../cli/lineup_here.ts";
import { command, MAIN } from "../../cli/lineup_process.ts";
import { NO_ORPHAN } from "../../orphan.ts";

/** Collects the text of a stream. */
function watch(stream: ReadableStream<Uint8Array>) {
  let text = "";
  let onMore = (): void => {};
  const all = (async () => {
    for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
      text += piece;
      onMore();
    }
    return text;
  })();
  let hasEnded = false;
  all.finally(() => {
    hasEnded = true;
    onMore();
  });
  const until = async (isSeen: () => boolean): Promise<void> => {
    while (!isSeen()) {
      if (hasEnded) throw new Error(`it ended with:\n${text}`);
      await new Promise<void>((resolve) => onMore = resolve);
    }
  };
  return {
    all,
    /** Resolves once the text contains this. Rejects where the stream ends without it. */
    see: (what: string) => until(() => text.includes(what)),
    /** Resolves once the text has this many lines. */
    seeLines: (count: number) => until(() => text.split("\n").length > count),
  };
}

/** A running `lineup work`. Disposing kills it. */
function startWork(args: readonly string[]) {
  const child = command(["work", ...args], { stdin: "null", detached: true }).spawn();
  const [out, err] = [watch(child.stdout), watch(child.stderr)];
  return {
    out,
    err,
    /** Sends a signal to its whole process group, as a terminal does. */
    kill: (signal: Deno.Signal) => Deno.kill(-child.pid, signal),
    async finished() {
      const { code } = await child.status;
      return { code, out: await out.all, err: await err.all };
    },
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGKILL");
      } catch (error) {
        if (!(error instanceof TypeError)) throw error;
      }
      await Promise.all([child.status, out.all, err.all]);
    },
  };
}

/** A named pipe. Programs wait until the test writes to it. */
async function makeGate() {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/gate`;
  await new Deno.Command("mkfifo", { args: [path] }).output();
  return {
    path,
    open: () => Deno.writeTextFile(path, "go\n"),
    async [Symbol.asyncDispose]() {
      await Deno.remove(dir, { recursive: true });
    },
  };
}

async function put({ client }: QueueHere, bodies: readonly string[], more = {}): Promise<void> {
  for (const body of bodies) await client.PUT({ queue: "mail", body, backoff: 3_600_000, ...more });
}

async function counts({ client }: QueueHere) {
  const items = client.QUEUE({ queue: "mail" });
  await items.all();
  return await items.reply;
}

/** A relay to a server. A test can cut its connections. */
async function relay(address: string) {
  const listener = await listen({ transport: "tcp", hostname: "127.0.0.1", port: 0 });
  const streams: ByteStream[] = [];
  const pipes: Promise<void>[] = [];
  const pipe = async (from: ByteStream, to: ByteStream): Promise<void> => {
    const buffer = new Uint8Array(65_536);
    try {
      for (let read; (read = await from.read(buffer)) !== null;) {
        await writeAll(to, buffer.subarray(0, read));
      }
    } catch {
      // The connection was cut.
    }
    from.close();
    to.close();
  };
  const accepting = (async () => {
    for (let near; (near = await listener.accept()) !== undefined;) {
      const far = await connectStream(parseAddress(address));
      streams.push(near, far);
      pipes.push(pipe(near, far), pipe(far, near));
    }
  })();
  const cut = (): void => streams.splice(0).forEach((stream) => stream.close());
  return {
    address: listener.address,
    cut,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      cut();
      await Promise.all(pipes);
    },
  };
}

/** Whether a process runs. A zombie does not. */
async function lives(pid: string): Promise<boolean> {
  const { stdout } = await new Deno.Command("ps", { args: ["-o", "stat=", "-p", pid] }).output();
  return /^[^Z]/.test(new TextDecoder().decode(stdout).trim());
}

/** Waits until these processes have ended, for a bounded time: a kill takes a moment. */
async function ended(pids: readonly string[]): Promise<void> {
  for (const pid of pids) {
    for (let looks = 100; await lives(pid); looks--) assert(looks > 0, `${pid} lives`);
  }
}

Deno.test("lineup work: exit codes, signals and last lines decide the next state of a job", async () => {
  await using queue = await serveQueue();
  const cases: readonly { body: string; state?: string; reason?: string }[] = [
    { body: "exit 0" },
    { body: "echo only a warning >&2" },
    { body: "exit 75", state: "delayed", reason: "exit code 75" },
    { body: "exit 1", state: "delayed", reason: "exit code 1" },
    {
      body: "printf 'first\\nlast \\n\\n \\n' >&2; exit 3",
      state: "delayed",
      reason: "exit code 3: last",
    },
    { body: "printf 'no end' >&2; exit 100", state: "dead", reason: "exit code 100: no end" },
    { body: "kill -KILL $$", state: "delayed", reason: "killed by SIGKILL" },
    {
      body: "printf 'a%.0s' $(seq 5000) >&2; exit 1",
      state: "delayed",
      reason: `exit code 1: ${"a".repeat(500)}`,
    },
  ];
  await put(queue, cases.map(({ body }) => body));
  const args = ["work", "--until-empty", queue.address, "mail", "--", "sh"];
  const { code, out, err } = await lineup(args);
  assertEquals([code, out], [0, ""]);
  for (const [index, { state, reason }] of cases.entries()) {
    const id = index + 1;
    if (state === undefined) {
      await assertRejects(() => queue.client.JOB({ id }), Refusal, "There is no job");
      assert(!err.includes(`job ${id} of mail`), err);
      continue;
    }
    const job = await queue.client.JOB({ id });
    assertEquals([job.state, job.reason, job.attempt], [state, reason, 1], cases[index].body);
    const now = state === "dead" ? "it is dead" : "it is tried again";
    const says = `lineup: job ${id} of mail failed, attempt 1: ${reason}; ${now}\n`;
    assertStringIncludes(err, says);
  }
  assertStringIncludes(err, "only a warning\n");
  assertStringIncludes(err, "first\nlast \n\n \n");
});

Deno.test("lineup work gives the program the body and the facts of the job, for all its queues", async () => {
  await using queue = await serveQueue();
  const { client } = queue;
  await client.PUT({ queue: "mail", body: "one\ntwo", key: "acme" });
  await client.PUT({ queue: "video", body: "three" });
  const script = 'echo "$LINEUP_ID,$LINEUP_QUEUE,$LINEUP_KEY,$LINEUP_ATTEMPT,$1,$(cat)"';
  const child = command([
    "work",
    "--until-empty",
    ...[queue.address, "mail", "video", "--", "sh", "-c", script, "--", "--concurrency"],
  ], { stdin: "null", env: { LINEUP_KEY: "stale", LINEUP_ID: "stale" } });
  const { code, stdout } = await child.output();
  const lines = new TextDecoder().decode(stdout).trimEnd();
  assertEquals(code, 0);
  assertEquals(lines.split("\n").toSorted(), [
    "1,mail,acme,1,--concurrency,one",
    "2,video,,1,--concurrency,three",
    "two",
  ]);
});

Deno.test("lineup work lets a program read any part of the body", async () => {
  await using queue = await serveQueue();
  const body = "x".repeat(1 << 20);
  await put(queue, [body, body, ""]);
  const script = "test $LINEUP_ID = 2 || wc -c";
  const args = ["work", "--until-empty", queue.address, "mail", "--", "sh", "-c", script];
  const { code, out, err } = await lineup(args);
  assertEquals([code, out.replaceAll(" ", ""), err], [0, "1048576\n0\n", ""]);
});

Deno.test("lineup work --result sends the output of the program", async () => {
  await using queue = await serveQueue();
  await put(queue, ["printf '\\001\\377'", ":", "head -c 1048577 /dev/zero"], { result: "keep" });
  const args = ["work", "--until-empty", "--result", queue.address, "mail", "--", "sh"];
  const { code, out } = await lineup(args);
  assertEquals([code, out], [0, ""]);
  const results = await Promise.all([1, 2].map((id) => queue.client.WAIT({ id })));
  assertEquals(results.map(({ body }) => body ?? new Uint8Array(0)), [
    Uint8Array.of(1, 255),
    new Uint8Array(0),
  ]);
  const { state, reason } = await queue.client.JOB({ id: 3 });
  assertEquals([state, reason], ["delayed", "the result is longer than 1048576 bytes"]);
});

Deno.test("lineup work counts no attempt where the program cannot be started", async () => {
  await using queue = await serveQueue();
  await put(queue, ["a", "b", "c", "d"], { attempts: 1 });
  const cases = [
    ["./no-such-program", 127, "is not found"],
    ["/etc/passwd", 126, "cannot be started: Permission denied"],
  ] as const;
  for (const [program, code, why] of cases) {
    const args = ["work", "--concurrency", "3", queue.address, "mail", "--", program, "x"];
    const outcome = await lineup(args);
    assertEquals([outcome.code, outcome.out], [code, ""]);
    const [first, ...more] = outcome.err.trimEnd().split("\n");
    assertMatch(first, new RegExp(`^lineup: ${program} cannot be started: .*`));
    assertStringIncludes(first, why);
    // The reason is told once.
    for (const line of more) assertMatch(line, /^lineup: job [1-4] of mail is given back$/);
    const jobs = await queue.client.LIST({ queue: "mail" }).all();
    assertEquals(jobs.map(({ state }) => state), Array(4).fill("ready"));
  }
  assertEquals((await queue.bodies("mail")).toSorted(), ["a", "b", "c", "d"]);
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.test(`lineup work drains at the first ${signal}, and ends with 0`, async () => {
    await using queue = await serveQueue();
    await using gate = await makeGate();
    const body = `echo begun; read line < ${gate.path}; echo ended`;
    await put(queue, [body, "echo never"]);
    await using worker = startWork([queue.address, "mail", "--", "sh"]);
    await worker.out.see("begun\n");
    worker.kill(signal);
    await worker.err.see("lineup: 1 job still runs; no more are taken, ");
    await gate.open();
    const { code, out, err } = await worker.finished();
    assertEquals([code, out], [0, "begun\nended\n"]);
    assertMatch(err, /^lineup: 1 job still runs; .*\n$/);
    assertEquals(await queue.bodies("mail"), ["echo never"]);
  });
}

Deno.test("lineup work ends at once where nothing runs", async () => {
  await using queue = await serveQueue();
  await using worker = startWork(["--json", queue.address, "mail", "--", "cat"]);
  await worker.err.see('"connected"');
  while ((await counts(queue)).takers === 0);
  worker.kill("SIGTERM");
  const { code, out, err } = await worker.finished();
  assertEquals([code, out], [0, ""]);
  const { time: _, ...last } = JSON.parse(err.trimEnd().split("\n").at(-1)!);
  const none = { taken: 0, done: 0, failed: 0, dead: 0, released: 0, lost: 0 };
  assertEquals(last, { event: "end", ...none });
});

Deno.test("lineup work ends programs and their child processes at the second signal, and releases their jobs", async () => {
  await using queue = await serveQueue();
  await using gate = await makeGate();
  // Both programs leave a process behind that ignores SIGTERM. At SIGTERM, the second one exits with 0.
  const child = `(trap '' TERM; read line < ${gate.path}) & echo $! $$`;
  await put(queue, [`${child}; wait`, `trap 'exit 0' TERM; ${child}; wait`], { attempts: 1 });
  await using worker = startWork(["--concurrency", "2", queue.address, "mail", "--", "sh"]);
  await worker.out.seeLines(2);
  worker.kill("SIGINT");
  await worker.err.see("lineup: 2 jobs still run; ");
  worker.kill("SIGTERM");
  const { code, out, err } = await worker.finished();
  assertEquals(code, 143);
  await ended(out.trim().split(/\s/));
  assertStringIncludes(err, "lineup: job 1 of mail is given back\n");
  const jobs = await queue.client.LIST({ queue: "mail" }).all();
  assertEquals(jobs.map(({ state }) => state), ["ready", "ready"]);
});

Deno.test("lineup work kills processes at the third signal that ignore the second", async () => {
  await using queue = await serveQueue();
  await using gate = await makeGate();
  // The shell and its child ignore SIGTERM, and print that it came.
  const body = `trap 'echo asked' TERM; echo begun; while :; do read line < ${gate.path}; done`;
  await put(queue, [body], { attempts: 1 });
  await using worker = startWork(["--grace", "1h", queue.address, "mail", "--", "sh"]);
  await worker.out.see("begun\n");
  worker.kill("SIGINT");
  await worker.err.see("still runs");
  worker.kill("SIGINT");
  await worker.out.see("asked\n");
  worker.kill("SIGINT");
  const { code } = await worker.finished();
  assertEquals(code, 130);
  const job = await queue.client.JOB({ id: 1 });
  assertEquals([job.state, job.spared], ["ready", 1]);
});

Deno.test("lineup work ends a program whose lease is lost, and says so", async () => {
  await using queue = await serveQueue();
  await using gate = await makeGate();
  await put(queue, [`echo $$; read line < ${gate.path}`]);
  const args = ["--lease", "1s", "--max", "1", queue.address, "mail", "--", "sh"];
  await using worker = startWork(args);
  await worker.out.see("\n");
  await queue.client.DROP({ id: 1 });
  const { code, out, err } = await worker.finished();
  assertEquals(code, 0);
  assertMatch(
    err,
    /^lineup: job 1 of mail is lost: the lease of job 1 .*; its program is killed\n$/,
  );
  await ended([out.trim()]);
});

Deno.test("lineup work --timeout ends a program, by force where necessary, and the job fails", async () => {
  await using queue = await serveQueue();
  await using gate = await makeGate();
  const wait = `read line < ${gate.path}`;
  await put(queue, [
    `echo slow >&2; ${wait}`,
    `trap '' TERM; ${wait}`,
    `trap 'exit 0' TERM; ${wait} & wait`,
    // The exit code 100 is for a job that is of no use, and here it only ends in time.
    `trap 'exit 100' TERM; ${wait} & wait`,
  ]);
  const flags = ["--until-empty", "--timeout", "300ms", "--grace", "100ms"];
  const { code } = await lineup(["work", ...flags, queue.address, "mail", "--", "sh"]);
  assertEquals(code, 0);
  const jobs = await queue.client.LIST({ queue: "mail" }).all();
  assertEquals(jobs.map(({ state, reason }) => [state, reason]), [
    ["delayed", "no end within 0.3s: slow"],
    ["delayed", "no end within 0.3s"],
    ["delayed", "no end within 0.3s"],
    ["delayed", "no end within 0.3s"],
  ]);
});

Deno.test({
  name: "lineup work also ends processes that a program has started in sessions of their own",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using queue = await serveQueue();
    await using gate = await makeGate();
    const wait = `echo $$; read line < ${gate.path}`;
    // A process that ends at SIGTERM, one that ignores it, one below another, and a session in a session.
    const children = [
      `setsid sh -c '${wait}' &`,
      `setsid sh -c 'trap "" TERM; ${wait}' &`,
      `(sh -c 'setsid sh -c "echo \\$\\$; read line < ${gate.path}" & wait') &`,
      `setsid sh -c 'setsid sh -c "echo \\$\\$; read line < ${gate.path}" & ${wait}' &`,
    ];
    await put(queue, [`${children.join("\n")}\necho $$; wait`]);
    const flags = ["--until-empty", "--timeout", "500ms", "--grace", "100ms"];
    const { code, out } = await lineup(["work", ...flags, queue.address, "mail", "--", "sh"]);
    assertEquals(code, 0);
    const pids = out.trim().split("\n");
    assertEquals(pids.length, 6);
    await ended(pids);
  },
});

Deno.test("lineup work --max ends after its number of jobs", async () => {
  await using queue = await serveQueue();
  await put(queue, ["a", "b", "c"]);
  const args = ["work", "--max", "2", "--concurrency", "5", queue.address, "mail", "--", "cat"];
  const { code, out } = await lineup(args);
  assertEquals([code, out.trimEnd().split("\n").toSorted()], [0, ["a", "b"]]);
  assertEquals(await queue.bodies("mail"), ["c"]);
});

Deno.test("lineup work passes on whole lines of programs that run at once", async () => {
  await using queue = await serveQueue();
  await using gate = await makeGate();
  const halves = `printf 1; printf e1 >&2; read line < ${gate.path}; echo 2; echo e2 >&2`;
  await put(queue, [halves, "echo b; printf c"]);
  const flags = ["--until-empty", "--concurrency", "2"];
  await using worker = startWork([...flags, queue.address, "mail", "--", "sh"]);
  await worker.out.see("b\nc\n");
  await gate.open();
  assertEquals(await worker.finished(), { code: 0, out: "b\nc\n12\n", err: "e1e2\n" });
});

Deno.test("lineup work passes on a line without an end in pieces, and does not keep it", async () => {
  await using queue = await serveQueue();
  await using gate = await makeGate();
  const long = 300_000;
  await put(queue, [
    `head -c ${long} /dev/zero | tr '\\0' x; read line < ${gate.path}; echo end`,
  ]);
  await using worker = startWork(["--until-empty", queue.address, "mail", "--", "sh"]);
  await worker.out.see("x".repeat(200_000));
  await gate.open();
  const { code, out } = await worker.finished();
  assertEquals([code, out], [0, "x".repeat(long) + "end\n"]);
});

Deno.test("lineup work does not wait for processes that a program leaves running", async () => {
  await using queue = await serveQueue();
  await using gate = await makeGate();
  await put(queue, [`(read line < ${gate.path}; rm ${gate.path}) & echo begun`]);
  await using worker = startWork(["--until-empty", queue.address, "mail", "--", "sh"]);
  assertEquals(await worker.finished(), { code: 0, out: "begun\n", err: "" });
  // The process still runs, and can read.
  await gate.open();
});

// Each program ends by itself, and leaves a process behind that holds its output open.
const LEFT_BEHIND: readonly { what: string; exit: number; after: string; becomes: string }[] = [
  { what: "a time-out", exit: 0, after: "timeout", becomes: "done" },
  { what: "a time-out", exit: 75, after: "timeout", becomes: "exit code 75" },
  { what: "two signals", exit: 0, after: "signals", becomes: "done" },
  { what: "two signals", exit: 75, after: "signals", becomes: "exit code 75" },
];

for (const { what, exit, after, becomes } of LEFT_BEHIND) {
  Deno.test(`lineup work: exit code ${exit} counts after ${what}`, async () => {
    await using queue = await serveQueue();
    await using gate = await makeGate();
    // The last output of the process that is left behind comes within the time of the wait for it.
    // Nothing but the table of processes tells the end of the program: the signals must not come before it.
    const ended = "while kill -0 $$ 2>&-; do sleep 0.01; done";
    const left =
      `(${ended}; while :; do echo on >&2 || exit; sleep 0.1; done) & (read line < ${gate.path}) &`;
    await put(queue, [`${left} echo out; exit ${exit}`]);
    const timeout = after === "timeout" ? ["--timeout", "800ms"] : [];
    const flags = ["--until-empty", ...timeout];
    await using worker = startWork([...flags, queue.address, "mail", "--", "sh"]);
    if (after === "signals") {
      await worker.err.see("on\n");
      worker.kill("SIGTERM");
      await worker.err.see("1 job still runs");
      worker.kill("SIGTERM");
    }
    await worker.finished();
    const jobs = await queue.client.LIST({ queue: "mail" }).all();
    const told = jobs.map(({ state, reason }) => `${state} ${reason}`);
    assertEquals(told, becomes === "done" ? [] : [`delayed ${becomes}: on`]);
    // The process still runs.
    await gate.open();
  });
}

Deno.test("lineup work does not wait until a process that a program leaves running has read the body", async () => {
  await using queue = await serveQueue();
  await using gate = await makeGate();
  await put(queue, ["x".repeat(1 << 20)]);
  const script = `exec 3<&0; (read line < ${gate.path}) & exit 0`;
  await using worker = startWork([
    "--until-empty",
    queue.address,
    "mail",
    "--",
    "sh",
    "-c",
    script,
  ]);
  assertEquals(await worker.finished(), { code: 0, out: "", err: "" });
  await gate.open();
});

Deno.test("each program of lineup work leads a session of its own", async () => {
  await using queue = await serveQueue();
  for (const body of ["a", "b", "c"]) await queue.client.PUT({ queue: "q", body });
  const script = "read -r line < /proc/$$/stat; set -- ${line##*) }; echo $$ $3 $4";
  const { code, out, err } = await lineup([
    ...["work", "--until-empty", queue.address, "q"],
    ...["--", "bash", "-c", script],
  ]);
  assertEquals([code, err], [0, ""]);
  const rows = out.trimEnd().split("\n").map((line) => line.split(" "));
  assertEquals(rows.length, 3);
  for (const [pid, group, session] of rows) assertEquals([group, session], [pid, pid]);
});

Deno.test("lineup work gives a job back if its program is gone since the last one", async () => {
  await using queue = await serveQueue();
  const directory = await Deno.makeTempDir();
  try {
    const program = `${directory}/once`;
    await Deno.writeTextFile(program, `#!/bin/sh\nrm ${program}\n`, { mode: 0o755 });
    for (const body of ["a", "b"]) await queue.client.PUT({ queue: "q", body });
    const { code, err } = await lineup(["work", queue.address, "q", "--", program]);
    assertEquals(code, 127);
    assertStringIncludes(err, `lineup: ${program} cannot be started: it, or the interpreter`);
    const { attempt, spared, state } = await queue.client.JOB({ id: 2 });
    assertEquals([attempt - spared!, state], [0, "ready"]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("lineup work tries again where a program cannot be started for a while", async () => {
  await using queue = await serveQueue();
  await using gate = await makeGate();
  await put(queue, ["hello"], { attempts: 1 });
  const program = `${gate.path}-program`;
  await Deno.copyFile("/bin/cat", program);
  // The system does not start a program that is open for writing.
  const file = await Deno.open(program, { write: true });
  await using worker = startWork(["--until-empty", queue.address, "mail", "--", program]);
  await worker.err.see("trying again\n");
  file.close();
  const { code, out, err } = await worker.finished();
  assertEquals([code, out], [0, "hello\n"]);
  assertEquals(err, `lineup: ${program} cannot be started: Text file busy; trying again\n`);
});

Deno.test("lineup work goes on after it had no free file descriptors", async () => {
  await using queue = await serveQueue();
  await using gate = await makeGate();
  // Each job reads one line of the gate, which is open at both ends, so that nothing in it gets lost.
  using lines = await Deno.open(gate.path, { read: true, write: true });
  await put(queue, Array.from({ length: 40 }, () => `read line <> ${gate.path}`), { attempts: 1 });
  const args = ["work", "--until-empty", "--concurrency", "40", queue.address, "mail", "--", "sh"];
  const limited = 'ulimit -n 64; exec "$0" run --quiet --allow-all "$@"';
  const child = new Deno.Command("sh", {
    args: ["-c", limited, Deno.execPath(), NO_ORPHAN, MAIN, ...args],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const err = watch(child.stderr);
  await err.see("Too many open files; trying again");
  await lines.write(new TextEncoder().encode("go\n".repeat(40)));
  assertEquals((await child.status).code, 0);
  await err.all;
  assertEquals((await counts(queue)).dead, 0);
  assertEquals((await counts(queue)).ready, 0);
});

Deno.test("lineup work --json reports every event", async () => {
  await using queue = await serveQueue();
  await put(queue, ["exit 0", "echo why >&2; exit 100"], { key: "acme" });
  const args = ["work", "--json", "--until-empty", queue.address, "mail", "--", "sh"];
  const { code, err } = await lineup(args);
  assertEquals(code, 0);
  const lines = err.trimEnd().split("\n");
  assertEquals(lines.filter((line) => !line.startsWith("{")), ["why"]);
  const events = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line));
  for (const { time } of events) assertMatch(time, /^\d{4}-\d\d-\d\dT.*Z$/);
  for (const { event, ms } of events) {
    assertEquals(Number.isInteger(ms), event === "done" || event === "failed");
  }
  const job = { queue: "mail", key: "acme", attempt: 1 };
  const facts = events.map(({ time: _, ms: __, ...event }) => event);
  // The second program may start before the server has answered the end of the first.
  const ofJob = (wanted: number): unknown[] => facts.filter(({ id }) => id === wanted);
  assertEquals(ofJob(1), [
    { event: "started", id: 1, ...job },
    { event: "done", id: 1, ...job },
  ]);
  assertEquals(ofJob(2), [
    { event: "started", id: 2, ...job },
    { event: "failed", id: 2, ...job, reason: "exit code 100: why", state: "dead" },
  ]);
  assertEquals(facts.length, 6);
  assertEquals([facts[0], facts[5]], [
    { event: "connected", address: queue.address },
    { event: "end", taken: 2, done: 1, failed: 0, dead: 1, released: 0, lost: 0 },
  ]);
});

Deno.test("lineup work drains and ends with 141 where nobody reads the output of programs", async () => {
  await using queue = await serveQueue();
  await put(queue, Array(5).fill("x"));
  const child = command(["work", queue.address, "mail", "--", "cat"], { stdin: "null" }).spawn();
  await child.stdout.cancel();
  const err = await new Response(child.stderr).text();
  assertEquals([(await child.status).code, err], [141, ""]);
  const { ready, taken } = await counts(queue);
  assertEquals(taken, 0);
  assert(ready >= 3, `${ready} are left`);
  // A job whose output nobody has read is released.
  assertEquals(ready, 5);
});

/** Runs `lineup work` with a full disk behind its standard output. */
async function workOntoFullDisk(
  args: readonly string[],
  meanwhile: (err: ReturnType<typeof watch>) => Promise<unknown> = () => Promise.resolve(),
): Promise<{ code: number; err: string }> {
  const words = [
    Deno.execPath(),
    "run",
    "--quiet",
    "--allow-all",
    NO_ORPHAN,
    MAIN,
    "work",
    ...args,
  ];
  const child = new Deno.Command("sh", {
    args: ["-c", 'exec "$@" >/dev/full', "sh", ...words],
    stderr: "piped",
  }).spawn();
  const err = watch(child.stderr);
  await meanwhile(err);
  return { code: (await child.status).code, err: await err.all };
}

const FULL = "standard output cannot be written: No space left on device";

Deno.test("lineup work reports a failing standard output, takes no more, and releases the job of the lost output", async () => {
  await using queue = await serveQueue();
  await put(queue, ["true", "echo lost", "echo never taken"], { attempts: 1 });
  const { code, err } = await workOntoFullDisk([
    "--until-empty",
    queue.address,
    "mail",
    "--",
    "sh",
  ]);
  assertEquals([code, err], [1, `lineup: ${FULL}\nlineup: job 2 of mail is given back\n`]);
  const jobs = await queue.client.LIST({ queue: "mail" }).all();
  assertEquals(jobs.map(({ id, state }) => [id, state]), [[2, "ready"], [3, "ready"]]);
  assertEquals((await queue.client.JOB({ id: 2 })).spared, 1);
});

Deno.test("lineup work ends programs that print without end where standard output fails", async () => {
  await using queue = await serveQueue();
  await using gate = await makeGate();
  const late = `read line < ${gate.path}; echo too late; exit 100`;
  await put(queue, ["yes", late], { attempts: 1 });
  const args = ["--json", "--concurrency", "2", queue.address, "mail", "--", "sh"];
  const { code, err } = await workOntoFullDisk(args, async (err) => {
    await err.see("cannot-print");
    await gate.open();
  });
  assertEquals(code, 1);
  const events = err.trim().split("\n").map((line) => JSON.parse(line));
  const told = events.filter(({ event }) => event === "cannot-print");
  assertEquals(told.map(({ reason }) => reason), [FULL]);
  const jobs = await queue.client.LIST({ queue: "mail" }).all();
  assertEquals(jobs.map(({ id, state }) => [id, state]), [[1, "ready"], [2, "dead"]]);
});

Deno.test("lineup work reports a lost connection and its return, and the job outlives it", async () => {
  await using queue = await serveQueue();
  await using way = await relay(queue.address);
  await using gate = await makeGate();
  await put(queue, [`echo begun; read line < ${gate.path}`]);
  await using worker = startWork(["--max", "1", way.address, "mail", "--", "sh"]);
  await worker.out.see("begun\n");
  way.cut();
  await worker.err.see("\n");
  await gate.open();
  const { code, err } = await worker.finished();
  assertEquals(code, 0);
  const [lost, again, ...more] = err.trimEnd().split("\n");
  assertMatch(lost, /^lineup: connection lost: .*[^.]\. Connecting again\.$/);
  assertEquals([again, ...more], [`lineup: connected again to ${way.address}`]);
  await assertRejects(() => queue.client.JOB({ id: 1 }), Refusal, "There is no job");
});
