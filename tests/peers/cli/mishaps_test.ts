// The message for an everyday mistake names the mistake and the remedy.

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { RawClient } from "../../raw_client.ts";
import { serveQueue } from "../../cli/queue_here.ts";
import { lineup } from "../../cli/lineup_here.ts";
import { startLineup } from "../../cli/lineup_process.ts";
import { NO_ORPHAN } from "../../orphan.ts";

/** Runs a test with a directory of its own. */
async function inDirectory(act: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await act(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const QUEUE = ["queue", "--data", ":memory:"];

Deno.test("an address that cannot be listened at is named, with the remedy", async () => {
  await inDirectory(async (directory) => {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = taken.addr;
    const inUse =
      "the address is already in use; stop the program that listens there, or choose another port (0 takes a free one)";
    await Deno.writeTextFile(`${directory}/file`, "x");
    const long = `${directory}/${"s".repeat(200)}`;
    for (
      const [args, why] of [
        [["--port", `${port}`], `cannot listen at tcp://127.0.0.1:${port}: ${inUse}`],
        [["--port", "0", "--ws", `${port}`], `cannot listen at ws://127.0.0.1:${port}/: ${inUse}`],
        [
          ["--listen", `tcp://127.0.0.1:${port}`],
          `cannot listen at tcp://127.0.0.1:${port}: ${inUse}`,
        ],
        [
          ["--listen", `unix:${directory}/none/s`],
          `cannot listen at unix:${directory}/none/s: there is no directory ${directory}/none/`,
        ],
        [
          ["--listen", "unix:/proc/x.sock"],
          "cannot listen at unix:/proc/x.sock: /proc/ takes no new files, and a socket is one",
        ],
        [["--listen", `unix:${directory}/file`], `cannot listen at unix:${directory}/file: `],
        [
          ["--listen", `unix:${long}`],
          `cannot listen at unix:${long}: the path of a socket has at most 107 bytes`,
        ],
        [
          ["--host", "192.0.2.1", "--insecure"],
          "cannot listen at tcp://192.0.2.1:0: no network interface of this machine has this address",
        ],
        [
          ["--host", "no-host.invalid", "--insecure"],
          "cannot listen at tcp://no-host.invalid:0: there is no host of this name",
        ],
      ] as const
    ) {
      const all = args.includes("--host" as never) ? [...args, "--port", "0"] : args;
      const { code, out, err } = await lineup([...QUEUE, ...all]);
      assertEquals([code, out], [1, ""], err);
      assertStringIncludes(err, `lineup: ${why}`);
      assertEquals(err.split("\n").length, 2, err);
    }
  });
});

Deno.test("--host takes IPv6 with and without brackets, and names a text that is no host", async () => {
  for (const host of ["::1", "[::1]"]) {
    await using server = await startLineup([...QUEUE, "--host", host, "--port", "0", "--ws", "0"]);
    assertMatch(server.line, / on tcp:\/\/\[::1\]:\d+ and ws:\/\/\[::1\]:\d+\/$/);
    const address = / (tcp:\S+)/.exec(server.line)![1];
    assertEquals((await lineup(["call", address, "PING"])).out, "OK pong\n");
  }
  for (
    const [host, why] of [
      ["127.0.0.1:5463", "--host takes no port: --host 127.0.0.1 --port 5463."],
      ["a b", '--host must be a name or an address such as 127.0.0.1 or ::1, not "a b".'],
      ["[::1", "--host must be a name or an address such as"],
      ["::1::2", "--host must be a name or an address such as"],
      ["tcp://x", "--host must be a name or an address such as"],
    ]
  ) {
    const { code, err } = await lineup([...QUEUE, "--port", "0", "--host", host]);
    assertEquals(code, 64, err);
    assertStringIncludes(err, `lineup: ${why}`);
  }
});

Deno.test("a file that cannot be read or written is named, with the reason", async () => {
  await inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/file`, "x");
    const data = ["queue", "--data", `${directory}/q.db`];
    for (
      const [args, why] of [
        [
          ["queue", "--data", `${directory}/none/q.db`],
          `${directory}/none/q.db: unable to open database file: there is no directory ${directory}/none`,
        ],
        [["queue", "--data", directory], `${directory} is no file`],
        [
          ["queue", "--data", `${directory}/file/q.db`],
          "unable to open database file: there is no directory",
        ],
        [["queue", "--data", "/proc/q.db"], "/proc/q.db: no such file or directory"],
        [
          [...data, "--import", `${directory}/none`],
          `cannot import ${directory}/none: No such file or directory`,
        ],
        [[...data, "--import", directory], `cannot import ${directory}: it is a directory`],
        [["put", "127.0.0.1:1", "q", `@${directory}`], ""],
        [["call", "--body-file", `${directory}/none`, "127.0.0.1:1", "X"], ""],
        [
          ["load", "--mix", `${directory}/none`, "127.0.0.1:1"],
          `--mix ${directory}/none: No such file or directory.`,
        ],
        [["serve", `${directory}/none.ts`], `There is no module ${directory}/none.ts.`],
      ] as const
    ) {
      const { code, err } = await lineup(args);
      assertEquals(code !== 0, true);
      assertStringIncludes(
        err,
        `lineup: ${why === "" ? "cannot connect" : why}`.replace(/lineup: unable/, "unable"),
      );
      assertEquals(/os error|^\s+at |ENOENT|EISDIR/m.test(err), false, err);
    }
    await using queue = await serveQueue();
    for (
      const [path, why] of [[`${directory}/none`, "No such file or directory"], [
        directory,
        "directory",
      ]]
    ) {
      for (
        const args of [["call", queue.address, "PUT", "q", `@${path}`], [
          "put",
          queue.address,
          "q",
          `@${path}`,
        ]]
      ) {
        const { code, err } = await lineup(args);
        assertEquals(code, 64);
        assertMatch(err, new RegExp(`^lineup: The body cannot be read from ${path}: .*${why}`));
      }
    }
  });
});

Deno.test("a full disk behind standard output is named", async () => {
  await using queue = await serveQueue();
  const main = new URL("../../../cli/main.ts", import.meta.url).href;
  const run = new Deno.Command("sh", {
    args: [
      "-c",
      `"${Deno.execPath()}" run --quiet --allow-all ${main} spec ${queue.address} > /dev/full`,
    ],
  });
  const { code, stderr } = await run.output();
  assertEquals(code, 1);
  assertEquals(
    new TextDecoder().decode(stderr),
    "lineup: standard output cannot be written: No space left on device\n",
  );
});

const CALC = new URL("../../../examples/calc.ts", import.meta.url).pathname;

for (const args of [QUEUE, ["serve", CALC]]) {
  Deno.test(`lineup ${args[0]} serves where standard output is a full disk, and prints its address on standard error`, async () => {
    const main = new URL("../../../cli/main.ts", import.meta.url).href;
    const words = [
      Deno.execPath(),
      "run",
      "--quiet",
      "--allow-all",
      NO_ORPHAN,
      main,
      ...args,
      "--port",
      "0",
    ];
    const child = new Deno.Command("sh", {
      args: ["-c", 'exec "$@" > /dev/full', "sh", ...words],
      stderr: "piped",
      env: { NO_COLOR: "1" },
    }).spawn();
    const deadline = setTimeout(() => child.kill("SIGKILL"), 60_000);
    let err = "";
    let answer = "";
    for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
      err += text;
      const [, port] = /Try: telnet 127\.0\.0\.1 ([0-9]+),.*\n/.exec(err) ?? [];
      if (port === undefined || answer !== "") continue;
      using wire = await RawClient.open(`127.0.0.1:${port}`);
      await wire.send("PING\n");
      answer = await wire.line();
      child.kill("SIGTERM");
    }
    const { code } = await child.status;
    clearTimeout(deadline);
    assertEquals([code, answer], [0, "OK pong"], err);
    assertMatch(
      err,
      /^lineup: standard output cannot be written: No space left on device\n\S.* listening on tcp:\/\/127\.0\.0\.1:[0-9]+\n/,
    );
  });
}

const BOM = "\ufeff";

Deno.test("put --lines takes files of Windows: CRLF, and a byte order mark", async () => {
  await using queue = await serveQueue();
  const put = async (input: string) => {
    const { code, err } = await lineup(["put", "--lines", queue.address, "q"], { input });
    assertEquals([code, err], [0, ""]);
    return await queue.bodies("q");
  };
  assertEquals(await put(`${BOM}a\r\n\r\nb\rc\r\r\nlast`), ["a", "", "b\rc\r", "last"]);
  assertEquals(await put(`${BOM}`), []);
  assertEquals(await put("\r\n"), [""]);
  // The ends of pieces do not matter.
  const long = "x".repeat(65_535);
  assertEquals(await put(`${long}\r\n${long}\r\ny\r\n`), [long, long, "y"]);
  // A mark elsewhere is a part of the body, and a single body is bytes.
  await lineup(["put", "--lines", queue.address, "q"], { input: `a\n${BOM}b\n` });
  const [, { body }] = await queue.client.TAKE({ queue: ["q"], max: 2 }).all();
  assertEquals(body.length, 4);
  await lineup(["put", queue.address, "q"], { input: `${BOM}a\r\n` });
  assertEquals(await queue.client.TAKE({ queue: ["q"] }).all().then(([{ body }]) => [...body]), [
    ...new TextEncoder().encode(`${BOM}a\r\n`),
  ]);
});

Deno.test("a script, a mix and an import may begin with a byte order mark", async () => {
  await inDirectory(async (directory) => {
    await using queue = await serveQueue();
    const script = await lineup(["connect", queue.address], {
      input: `${BOM}PING a\r\nPING b\r\n`,
    });
    assertEquals([script.code, script.out.split("\r\n").slice(1)], [0, ["OK a", "OK b", ""]]);
    await Deno.writeTextFile(`${directory}/mix`, `${BOM}PING a\r\nPING b\r\n`);
    const load = await lineup([
      "load",
      "--quiet",
      "--requests",
      "4",
      "--mix",
      `${directory}/mix`,
      queue.address,
    ]);
    assertEquals(load.code, 0, load.err);
    await queue.client.PUT({ queue: "q", body: "x" });
    const data = ["queue", "--data", `${directory}/q.db`];
    const imported = await lineup([...data, "--import", "-"], {
      input: `${BOM}{"lineup-queue":1}\r\n`,
    });
    assertEquals(imported.err.includes("JSON"), false, imported.err);
  });
});

Deno.test("an import may have a byte order mark before its first line, and before no other", async () => {
  await inDirectory(async (directory) => {
    const job = '{"kind":"job","queue":"q","body":"x"}\n';
    const importing = async (name: string, input: string) =>
      await lineup(["queue", "--data", `${directory}/${name}.db`, "--import", "-"], { input });
    const first = await importing("first", `${BOM}${job}${job}`);
    assertEquals([first.code, first.err.includes("2 jobs imported")], [0, true], first.err);
    const second = await importing("second", `${job}${BOM}${job}`);
    assertEquals(second.code, 1);
    assertStringIncludes(second.err, "line 2 is wrong: it is not JSON");
  });
});

Deno.test("a body that begins with a byte order mark stays as it is in every output", async () => {
  await using queue = await serveQueue();
  const body = `${BOM}b`;
  const { address, client } = queue;
  const shown = async (...args: string[]) => (await lineup(args)).out;
  const put = () => client.PUT({ queue: "q", body, result: "keep" });
  await put();
  const items = (await shown("call", "--json", address, "TAKE", "q")).trim().split("\n");
  assertEquals(JSON.parse(items[0]).item.body, body);
  await put();
  assertStringIncludes(await shown("call", address, "TAKE", "q"), `\n${body}\n`);
  await put();
  const script = await lineup(["connect", address], { input: "TAKE q\n" });
  assertStringIncludes(script.out, `\n${body}`);
  await put();
  assertEquals(await shown("work", "--until-empty", address, "q", "--", "cat"), `${body}\n`);
  const { id } = await put();
  await shown("work", "--until-empty", "--result", address, "q", "--", "cat");
  assertEquals((await client.WAIT({ id })).body, new TextEncoder().encode(body));
});

Deno.test("a server names a byte order mark at the beginning of a line, and shows invisible characters", async () => {
  await using queue = await serveQueue();
  using wire = await RawClient.open(queue.address);
  await wire.send(`${BOM}PING\n`);
  assertEquals(
    await wire.line(),
    'ERR bad-syntax "The line begins with a byte order mark (U+FEFF); send UTF-8 without one."',
  );
  await wire.send("PI\u200bNG\n");
  assertStringIncludes(await wire.line(), String.raw`not \"PI\\u{200b}NG\".`);
  await wire.send("PUT mail x priority=\u202e3\n");
  assertStringIncludes(await wire.line(), "\\u{202e}3");
});
