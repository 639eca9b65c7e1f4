// The example as a program, and the clients that people use: libmemcached's tools, memjs and memcached of npm.

import { Buffer } from "node:buffer";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import memjs from "npm:memjs@1.3.2";
import { type RunningExample, startExample } from "../example_process.ts";
import { identityFile } from "../identities_file.ts";
import { find, run } from "../program.ts";

function start(identities?: string): Promise<RunningExample> {
  if (identities === undefined) {
    return startExample("memcached", ["--allow-net"], ["--port", "0"]);
  }
  const args = ["--port", "0", "--identities", identities];
  return startExample("memcached", ["--allow-net", "--allow-read"], args);
}

/** Runs one of libmemcached's tools. Resolves with its exit code and its output. */
async function tool(
  server: RunningExample,
  name: string,
  ...args: string[]
): Promise<{ code: number; out: string }> {
  await find(name);
  return await run(name, [`--servers=127.0.0.1:${server.port}`, ...args], { quiet: true });
}

for (const form of [[], ["--binary"]] as const) {
  Deno.test(`libmemcached's tools work against the memcached example ${form.join("")}`, async () => {
    await using server = await start();
    const folder = await Deno.makeTempDir();
    try {
      const value = Uint8Array.from({ length: 5000 }, (_, i) => i & 255);
      await Deno.writeFile(`${folder}/blob`, value);
      await Deno.writeTextFile(`${folder}/greeting`, "hello");
      const files = [`${folder}/blob`, `${folder}/greeting`];
      assertEquals((await tool(server, "memccp", ...form, "--flags=7", ...files)).code, 0);
      assertEquals((await tool(server, "memcexist", ...form, "blob", "greeting")).code, 0);
      assert((await tool(server, "memcexist", ...form, "other")).code !== 0);
      assertMatch((await tool(server, "memccat", ...form, "greeting")).out, /^hello\s*$/);
      assertStringIncludes(
        (await tool(server, "memccat", ...form, "--flags", "greeting")).out,
        "7",
      );
      assertEquals(
        (await tool(server, "memccat", ...form, `--file=${folder}/copy`, "blob")).code,
        0,
      );
      assertEquals(await Deno.readFile(`${folder}/copy`), value);
      assertEquals((await tool(server, "memctouch", ...form, "--expire=100", "greeting")).code, 0);
      assertEquals((await tool(server, "memcrm", ...form, "greeting")).code, 0);
      assert((await tool(server, "memccat", ...form, "greeting")).code !== 0);
      const stats = await tool(server, "memcstat", ...form);
      assertEquals(stats.code, 0);
      assertMatch(stats.out, /cmd_touch: 1\n/);
      assertEquals((await tool(server, "memcflush", ...form)).code, 0);
      assert((await tool(server, "memcexist", ...form, "blob")).code !== 0);
      assertEquals((await tool(server, "memcping")).code, 0);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

Deno.test("memccapable finds nothing to complain of in the memcached example", async () => {
  await using server = await start();
  await find("memccapable");
  const { code, out } = await run("memccapable", [
    "-h",
    "127.0.0.1",
    "-p",
    String(server.port),
    "-t",
    "5",
  ]);
  assertEquals(out.split("\n").filter((line) => /FAIL/.test(line)), []);
  assertEquals(code, 0, out);
});

Deno.test("memcslap puts and gets its load on the memcached example", async () => {
  await using server = await start();
  const args = ["--concurrency=4", "--execute-number=200", "--initial-load=200"];
  for (const test of ["get", "set", "mget"]) {
    assertEquals((await tool(server, "memcslap", ...args, `--test=${test}`)).code, 0, test);
  }
});

Deno.test("memjs works against the memcached example", async () => {
  await using server = await start();
  const client = memjs.Client.create(`127.0.0.1:${server.port}`);
  try {
    assertEquals(await client.set("greeting", "hello", { expires: 100 }), true);
    const { value } = await client.get("greeting");
    assertEquals(String(value), "hello");
    assertEquals((await client.get("other")).value, null);
    assertEquals(await client.add("greeting", "again", {}), false);
    assertEquals(await client.replace("greeting", "again", {}), true);
    assertEquals(await client.append("greeting", "!"), true);
    // This version sends the opcode of append for prepend.
    assertEquals(await client.prepend("greeting", "?"), true);
    assertEquals(String((await client.get("greeting")).value), "again!?");
    assertEquals(await client.touch("greeting", 50), true);
    assertEquals(await client.increment("count", 5, { initial: 10 }), {
      success: true,
      value: 10,
    });
    assertEquals((await client.increment("count", 5, {})).value, 15);
    assertEquals((await client.decrement("count", 100, {})).value, 0);
    assertEquals(await client.delete("greeting"), true);
    assertEquals(await client.delete("greeting"), false);
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    await client.set("bytes", Buffer.from(bytes), {});
    assertEquals(Uint8Array.from((await client.get("bytes")).value!), bytes);
    await client.flush();
    assertEquals((await client.get("bytes")).value, null);
  } finally {
    client.close();
  }
});

Deno.test("memcached of npm works against the memcached example", async () => {
  await using server = await start();
  const script = new URL("./npm_memcached.ts", import.meta.url).pathname;
  const lock = new URL("../../deno.lock", import.meta.url).pathname;
  // One of its parts assigns to __proto__.
  const { code, out } = await run(Deno.execPath(), [
    ...["run", "--quiet", "--no-check", "--unsafe-proto", "--allow-all", `--lock=${lock}`],
    script,
    String(server.port),
  ]);
  assertEquals([code, out], [0, "all as expected\n"]);
});

Deno.test("memjs and libmemcached's tools prove an identity by SASL, and are refused without", async () => {
  using file = identityFile("acme");
  await using server = await start(file.path);
  for (const password of [file.token, `${file.token}x`]) {
    const options = { username: "acme", password, retries: 1 };
    const client = memjs.Client.create(`127.0.0.1:${server.port}`, options);
    try {
      const stored = client.set("k", "v", {});
      if (password === file.token) assertEquals(await stored, true);
      else {
        const told = await stored.catch((error: unknown) => `${error}`);
        assertStringIncludes(`${told}`, "authentication failed");
      }
    } finally {
      client.close();
    }
  }
  assert((await tool(server, "memccat", "--binary", "k")).code !== 0);
  const login = ["--binary", "--username=acme", `--password=${file.token}`];
  assertMatch((await tool(server, "memccat", ...login, "k")).out, /^v\s*$/);
});
