import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { lineup } from "../../cli/lineup_here.ts";
import { startLineup } from "../../cli/lineup_process.ts";

const CALC = new URL("../../../examples/calc.ts", import.meta.url).pathname;

Deno.test("lineup serve serves a module; call, connect and spec talk to it", async (t) => {
  await using server = await startLineup(["serve", CALC, "--port", "0", "--admin", "0"]);
  const address = `127.0.0.1:${server.port}`;

  await t.step("it prints its addresses, and the admin port answers", async () => {
    const [tcp, admin, ...more] = server.line.replace("calc listening on ", "").split(" and ");
    assertEquals([tcp, more], [`tcp://${address}`, []]);
    assertMatch(admin, /^http:\/\/127\.0\.0\.1:[0-9]+$/);
    assertEquals(await (await fetch(`${admin}/readyz`)).text(), "ready\n");
    const pong = await lineup(["call", `${admin.replace("http", "ws")}/lineup`, "PING"]);
    assertEquals(pong, { code: 0, out: "OK pong\n", err: "" });
  });

  await t.step("call prints the reply", async () => {
    assertEquals(await lineup(["call", address, "add", "1", "-2"]), {
      code: 0,
      out: "OK sum=-1\n",
      err: "",
    });
    assertEquals(await lineup(["call", address, "PING", "--", "a=b"]), {
      code: 0,
      out: 'OK "a=b"\n',
      err: "",
    });
  });

  await t.step("call prints items, also as JSON", async () => {
    assertEquals(
      (await lineup(["call", address, "COUNT", "1", "2"])).out,
      "* n=1\n* n=2\nOK count=2\n",
    );
    assertEquals(
      (await lineup(["call", "--json", address, "COUNT", "1", "2"])).out,
      '{"item":{"n":1}}\n{"item":{"n":2}}\n{"reply":{"count":2}}\n',
    );
  });

  await t.step("call exits with 1 for ERR", async () => {
    assertEquals(await lineup(["call", address, "DIVIDE", "1", "0"]), {
      code: 1,
      out: 'ERR divided-by-zero "1 cannot be divided by 0."\n',
      err: "",
    });
    const { code, out } = await lineup([
      "call",
      "--json",
      "--timeout",
      "2s",
      address,
      "SLEEP",
      "60000",
    ]);
    assertEquals([code, JSON.parse(out).error.code], [1, "expired"]);
  });

  await t.step("connect sends lines and exits with the last reply", async () => {
    const { code, out } = await lineup(["connect", address], { input: "ADD 1 2\nDIVIDE 1 0\n" });
    assertEquals(code, 1);
    assertEquals(out.split("\n").slice(1), [
      "OK sum=3",
      'ERR divided-by-zero "1 cannot be divided by 0."',
      "",
    ]);
    assertEquals((await lineup(["connect", address], { input: "FROB\nPING\nQUIT\n" })).code, 0);
  });

  await t.step("spec is the same from the server and from the module", async () => {
    for (const format of ["markdown", "json"]) {
      const remote = await lineup(["spec", address, "--format", format]);
      const local = await lineup(["spec", CALC, "--format", format]);
      assertEquals([remote.code, remote.out], [0, local.out]);
    }
    assertStringIncludes((await lineup(["spec", address])).out, "# calc 1.0");
  });

  await t.step("SIGTERM ends it with 0, and nothing more on standard output", async () => {
    server.kill("SIGTERM");
    const { code, out } = await server.finished();
    assertEquals({ code, out }, { code: 0, out: "" });
    const gone = await lineup(["call", address, "PING"]);
    assertEquals([gone.code, gone.out], [2, ""]);
    assertStringIncludes(gone.err, `cannot connect to ${address}`);
    assertEquals((await lineup(["connect", address])).code, 2);
  });
});

Deno.test("lineup call sends a body from a flag, a file and standard input", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await using server = await startLineup(["queue", "--port", "0", "--data", ":memory:"]);
    const address = `127.0.0.1:${server.port}`;
    await Deno.writeFile(`${dir}/body`, Uint8Array.of(0, 255, 10));
    for (
      const [id, flags] of [["--body", "one two"], ["--body-file", `${dir}/body`], [
        "--body-file",
        "-",
      ]].entries()
    ) {
      const { out } = await lineup(["call", ...flags, address, "PUT", "mail"], { input: "piped" });
      assertEquals(out, `OK id=${id + 1}\n`);
    }
    const { out } = await lineup(["call", "--json", address, "TAKE", "mail", "max=3"]);
    const jobs = out.trim().split("\n").map((line) => JSON.parse(line));
    assertEquals(jobs.slice(0, 3).map(({ item }) => item.body), [
      "one two",
      { base64: "AP8K" },
      "piped",
    ]);
    assertEquals(jobs.slice(3), [{ reply: { count: 3 } }]);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("lineup queue keeps an acknowledged job through kill -9", async () => {
  const dir = await Deno.makeTempDir();
  try {
    const args = ["queue", "--port", "0", "--data", `${dir}/jobs.db`];
    {
      await using server = await startLineup(args);
      assertEquals(server.line, `lineup queue listening on tcp://127.0.0.1:${server.port}`);
      const { out } = await lineup(["call", `127.0.0.1:${server.port}`, "PUT", "mail", "hello"]);
      assertEquals(out, "OK id=1\n");
      server.kill("SIGKILL");
      await server.finished();
    }
    await using server = await startLineup(args);
    const { out } = await lineup(["call", `127.0.0.1:${server.port}`, "TAKE", "mail"]);
    assertEquals(out, "* id=1 queue=mail attempt=1 lease=60s {5}\nhello\nOK count=1\n");
    server.kill("SIGINT");
    const { code, out: more, err } = await server.finished();
    assertEquals({ code, more }, { code: 0, more: "" });
    assertStringIncludes(err, `telnet 127.0.0.1 ${server.port}`);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("lineup queue listens at a Unix socket", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await using server = await startLineup([
      "queue",
      "--data",
      ":memory:",
      "--listen",
      `unix:${dir}/socket`,
    ]);
    assertEquals(server.line, `lineup queue listening on unix:${dir}/socket`);
    assertEquals((await lineup(["call", `unix:${dir}/socket`, "PING"])).out, "OK pong\n");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("lineup serve --workers runs the handlers of a module in workers", async () => {
  await using server = await startLineup([
    "serve",
    CALC,
    "--port",
    "0",
    "--workers",
    "2",
    "--log-format",
    "json",
  ]);
  const address = `127.0.0.1:${server.port}`;
  assertEquals((await lineup(["call", address, "ADD", "1", "2"])).out, "OK sum=3\n");
  assertEquals((await lineup(["call", address, "COUNT", "1", "1"])).out, "* n=1\nOK count=1\n");
  const { out } = await lineup(["call", address, "STATS"]);
  assertStringIncludes(out, "* workers-seats 2\n");
  assertStringIncludes(out, "* workers-normal-started-total 2\n");
  server.kill("SIGTERM");
  const { code, err } = await server.finished();
  assertEquals(code, 0);
  // Each line of the log is JSON, from the start to the end.
  const entries = err.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(entries.map(({ message }) => message), [
    "started",
    "shutting down",
    "shut down",
    "stopped",
  ]);
  const [{ time, version, deno, pid, addresses, level }] = entries;
  assertMatch(time, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  assertMatch(version, /^\d+\./);
  assertEquals([deno, pid, level], [Deno.version.deno, server.pid, "info"]);
  assertEquals(addresses, `tcp://${address}`);
  assertEquals(entries.at(-1).reason, "SIGTERM");
});
