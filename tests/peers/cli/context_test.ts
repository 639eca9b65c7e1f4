import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { readContexts } from "../../../cli/context/contexts_file.ts";
import { ownFile } from "../../../cli/own_files.ts";
import { lineupProcess } from "../../cli/lineup_process.ts";
import { serveQueue } from "../../cli/queue_here.ts";

async function inDirectory(test: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    await test(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("a command without ADDRESS takes --context, LINEUP_ADDRESS, the context in use, or the default", () =>
  inDirectory(async (home) => {
    await using queue = await serveQueue();
    const address = queue.address.replace("tcp://", "");
    const lineup = (args: string[], env: Record<string, string> = {}) =>
      lineupProcess(args, { env: { XDG_CONFIG_HOME: home, LINEUP_ADDRESS: "", ...env } });
    const file = `${home}/lineup/contexts.json`;

    const added = await lineup(["context", "add", "here", address]);
    assertEquals(added, { code: 0, out: "", err: "`lineup context use here` uses it.\n" });
    assertEquals((await Deno.stat(file)).mode! & 0o777, 0o600);
    assertEquals((await Deno.stat(`${home}/lineup`)).mode! & 0o777, 0o700);
    const chosen = await lineup(["put", "mail", "--context", "here", "by context"]);
    assertEquals(chosen, { code: 0, out: "1\n", err: "" });
    const gone = await lineup(["call", "PING"], { LINEUP_ADDRESS: "127.0.0.1:1" });
    assertEquals(gone, {
      code: 2,
      out: "",
      err: "lineup: cannot connect to 127.0.0.1:1: Connection refused\n" +
        "LINEUP_ADDRESS names this server.\n",
    });
    assertEquals((await lineup(["context", "use", "here"])).code, 0);
    assertEquals((await lineup(["context"])).out, `* here  ${address}\n`);
    assertEquals((await lineup(["put", "mail", "by use"])).out, "2\n");
    assertEquals(await queue.bodies("mail"), ["by context", "by use"]);
    await Deno.writeTextFile(`${home}/token`, "lineup_token", { mode: 0o600 });
    const named = ["context", "add", "ada", address, "--token-file", `${home}/token`];
    assertEquals((await lineup(named)).code, 0);
    assertEquals((await lineup(["put", "mail", "--context", "ada", "with a token"])).out, "3\n");
    assertEquals(
      (await lineup(["context"])).out,
      `* here  ${address}\n  ada   ${address}  token-file ${home}/token\n`,
    );
    assertEquals((await Deno.readTextFile(file)).includes("lineup_token"), false);
    assertEquals((await lineup(["context", "remove", "ada"])).code, 0);
    const wrong = await lineup(["call", "PING", "--context", "hre"]);
    assertEquals([wrong.code, wrong.err.split("\n")[0]], [
      64,
      "lineup: There is no context hre; did you mean here?",
    ]);
    assertEquals((await lineup(["context", "remove", "here"])).code, 0);
    assertEquals(JSON.parse(await Deno.readTextFile(file)), { contexts: {} });
  }));

Deno.test("the file of contexts is checked as a whole, and the message names what is wrong", () =>
  inDirectory(async (directory) => {
    const path = `${directory}/contexts.json`;
    const a = { address: "127.0.0.1:1" };
    const many = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`c${index}`, a]));
    const cases: readonly (readonly [content: unknown, says: string])[] = [
      ["{", "JSON"],
      [[], "it must be an object"],
      [{ contexts: [] }, "contexts must be an object"],
      [{ contexts: { a }, curent: "a" }, "it has an unknown field curent"],
      [{ contexts: { a }, current: "b" }, 'current is "b", and no context has this name'],
      [{ contexts: { a }, current: 1 }, "current is 1, and no context has this name"],
      [{ contexts: { a, "b c": a } }, "b c is not a name: a letter or a digit"],
      [{ contexts: { a, b: 1 } }, "contexts.b must be an object"],
      [{ contexts: { a, b: {} } }, "contexts.b.address must be a text"],
      [{ contexts: { a, b: { address: "x" } } }, "contexts.b.address: x: an address is host:port"],
      [{ contexts: { a, b: { ...a, ca: "ca.pem" } } }, "contexts.b.ca must be the path of a file"],
      [{ contexts: { a, b: { ...a, token: "" } } }, "contexts.b has an unknown field token"],
      [{ contexts: many }, "it has 1001 contexts; the most is 1000"],
    ];
    for (const [content, says] of cases) {
      const text = typeof content === "string" ? content : JSON.stringify(content);
      await Deno.writeTextFile(path, text, { mode: 0o600 });
      const { message } = assertThrows(() => readContexts(path), Error);
      assertStringIncludes(message, `the contexts in ${path} are wrong: `);
      assertStringIncludes(message, says);
    }
    await Deno.writeTextFile(path, JSON.stringify({ contexts: { a }, current: "a" }));
    assertEquals(readContexts(path), { contexts: { a }, current: "a" });
    const home = `${directory}/open/lineup`;
    await Deno.mkdir(home, { recursive: true });
    await Deno.copyFile(path, `${home}/contexts.json`);
    await Deno.chmod(`${home}/contexts.json`, 0o644);
    const env = { XDG_CONFIG_HOME: `${directory}/open`, LINEUP_ADDRESS: "" };
    assertEquals(
      (await lineupProcess(["context"], { env })).err,
      `Other users can read ${home}/contexts.json; chmod 600 it.\n`,
    );
    const homeless = { XDG_CONFIG_HOME: "", HOME: "" };
    assertEquals(await lineupProcess(["context", "add", "a", "127.0.0.1:1"], { env: homeless }), {
      code: 1,
      out: "",
      err: "lineup: there is no HOME, so contexts cannot be kept\n",
    });
    await Deno.chmod(path, 0o620);
    assertThrows(() => readContexts(path), Error, "other users may write it; chmod 600 it");
    await Deno.writeTextFile(path, " ".repeat((1 << 20) + 1));
    await Deno.chmod(path, 0o600);
    assertThrows(() => readContexts(path), Error, "it has more than 1048576 bytes");
    assertThrows(() => readContexts(directory), Error, "it is not a file");
    assertEquals(readContexts(`${directory}/none`), { contexts: {} });
    assertEquals(readContexts(undefined), { contexts: {} });
  }));

Deno.test("contexts are in XDG_CONFIG_HOME, else in the home", () => {
  const path = (env: Record<string, string>) =>
    ownFile("config", "contexts.json", new Map(Object.entries(env)));
  assertEquals(path({ XDG_CONFIG_HOME: "/c", HOME: "/h" }), "/c/lineup/contexts.json");
  assertEquals(path({ XDG_CONFIG_HOME: "c", HOME: "/h" }), "/h/.config/lineup/contexts.json");
  assertEquals(path({ HOME: "/h" }), "/h/.config/lineup/contexts.json");
  assertEquals(path({}), undefined);
});
