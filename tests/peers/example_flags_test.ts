import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { startExample } from "./example_process.ts";

/** The port of each protocol. */
const PORTS = { cache: 5463, calc: 5463, dict: 2628, finger: 79, redis: 6379, smtp: 25 } as const;

/** Runs an example that ends by itself. */
async function runExample(name: string, ...args: string[]): Promise<{ code: number; err: string }> {
  const path = new URL(`../../examples/${name}.ts`, import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", "--allow-net", path, ...args],
    stdout: "null",
    env: { NO_COLOR: "1" },
  });
  const { code, stderr } = await child.output();
  return { code, err: new TextDecoder().decode(stderr) };
}

for (const [name, port] of Object.entries(PORTS)) {
  Deno.test(`${name} has the port of its protocol by default, and names a wrong flag`, async () => {
    const [help, wrong, large] = await Promise.all([
      runExample(name, "--help"),
      runExample(name, "--prot", "1"),
      runExample(name, "--port", "65536"),
    ]);
    assertEquals(help.code, 0);
    assertMatch(help.err, new RegExp(`^flags and their defaults: --port ${port}\\b`));
    assertEquals(wrong.code, 64);
    assertStringIncludes(wrong.err, "wrong: --prot");
    assertEquals(large.code, 64);
    assertStringIncludes(large.err, "wrong: --port 65536");
  });
}

Deno.test("finger says at its start that it may not read", async () => {
  const closed = await runExample("finger", "--port", "0");
  assertEquals(closed.code, 1);
  assertMatch(closed.err, /^finger: Requires read access to .*--allow-read.*\n$/);
});

Deno.test("an example says where it cannot listen", async () => {
  await using first = await startExample("dict", ["--allow-net"], ["--port", "0"]);
  const second = await runExample("dict", "--port", String(first.port));
  assertEquals(second.code, 1);
  assertMatch(second.err, /^dict: cannot listen at tcp:\/\/127\.0\.0\.1:[0-9]+: .*in use.*\n$/);
});

Deno.test("the shelf and its backup say what is wrong in words", async () => {
  const run = async (name: string, args: string[], token?: string) => {
    const path = new URL(`../../examples/shelf/${name}.ts`, import.meta.url).pathname;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", "--allow-all", path, ...args],
      stdout: "null",
      env: { NO_COLOR: "1", SHELF_TOKEN: token ?? "" },
    });
    const { code, stderr } = await child.output();
    return [code, new TextDecoder().decode(stderr).trimEnd()];
  };
  assertEquals(await run("main", ["--port", "0"]), [
    64,
    "shelf: SHELF_TOKEN is not set. Editors sign in with it.",
  ]);
  assertEquals(await run("main", ["--port", "0", "--data", "/no/such/folder/shelf.db"], "secret"), [
    1,
    "shelf: cannot open /no/such/folder/shelf.db: unable to open database file: /no/such/folder/shelf.db",
  ]);
  assertEquals(await run("backup", ["unix:/no/such/socket"]), [
    1,
    "backup: cannot connect to unix:/no/such/socket: No such file or directory (os error 2)",
  ]);
});
