import { assertEquals, assertMatch } from "@std/assert";
import { find } from "./program.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Runs a program in an environment of its own. Resolves with its exit code and outputs. */
async function output(
  program: string,
  args: readonly string[],
  options: { cwd: string; env: Record<string, string> },
): Promise<{ code: number; out: string; err: string }> {
  const child = new Deno.Command(program, { args: [...args], stdin: "null", ...options });
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

Deno.test("the line of README installs lineup from a checkout, and what it allows is enough", async () => {
  await find("sh");
  const readme = await Deno.readTextFile(`${ROOT}README.md`);
  const [line] = readme.match(/^deno install .* cli\/main\.ts$/m)!;
  const root = await Deno.makeTempDir();
  const env = {
    DENO_INSTALL_ROOT: root,
    PATH: `${root}/bin:${Deno.env.get("PATH")}`,
    XDG_CONFIG_HOME: root,
    LINEUP_ADDRESS: "",
    NO_COLOR: "1",
  };
  try {
    const installed = await output("sh", ["-c", line], { cwd: ROOT, env });
    assertEquals(installed.code, 0, installed.err);
    // From another folder, as people use it.
    const lineup = (...args: string[]) => output("lineup", args, { cwd: root, env });
    assertMatch((await lineup("--version")).out, /^lineup \d/);
    const child = new Deno.Command("lineup", {
      args: ["queue", "--port", "0"],
      cwd: root,
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    try {
      const { value = "" } = await reader.read();
      const [, address] = /listening on (\S+)/.exec(value)!;
      assertEquals(await lineup("context", "add", "here", address), {
        code: 0,
        out: "",
        err: "`lineup context use here` uses it.\n",
      });
      await lineup("context", "use", "here");
      assertEquals(await lineup("put", "mail", "hello"), { code: 0, out: "1\n", err: "" });
      const { out, err } = await lineup("work", "mail", "--until-empty", "--", "cat");
      assertEquals([out, err], ["hello\n", ""]);
      assertMatch((await lineup("check", "--only", "PING")).out, /, 0 failed/);
    } finally {
      child.kill("SIGTERM");
      await reader.cancel();
      await child.status;
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
