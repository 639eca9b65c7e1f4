// The files of packaging/: systemd takes them, and their commands start the servers with the rights that they name.

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { withDirectory } from "../temporary_directory.ts";

const ROOT = new URL("../../", import.meta.url).pathname.replace(/\/$/, "");
const read = (path: string): string => Deno.readTextFileSync(`${ROOT}/${path}`);
const UNITS = ["lineup-queue.service", "lineup-serve@.service"];

async function run(program: string, ...args: string[]): Promise<{ code: number; said: string }> {
  const { code, stdout, stderr } = await new Deno.Command(program, { args }).output();
  const decoder = new TextDecoder();
  return { code, said: decoder.decode(stdout) + decoder.decode(stderr) };
}

Deno.test("systemd takes the units, and calls them safe", () =>
  withDirectory(async (directory) => {
    for (const unit of UNITS) {
      // The programs and directories are those of a machine that has Lineup installed.
      const text = read(`packaging/${unit}`).replaceAll("/usr/local/bin/deno", "/bin/true")
        .replaceAll(/\/opt\/lineup(?=\n)/g, "/tmp");
      const path = `${directory}/${unit.replace("@", "@calc")}`;
      await Deno.writeTextFile(path, text);
      assertEquals(await run("systemd-analyze", "verify", "--man=no", path), { code: 0, said: "" });
      // Of 100 the exposure is at most 15.
      const args = ["security", "--offline=true", "--no-pager", "--threshold=15", path];
      const { code, said } = await run("systemd-analyze", ...args);
      assertEquals(code, 0, said);
    }
  }));

/** Starts a server by its command, with another place and port, and ends it. */
async function startsAndEnds(words: readonly string[], data: string): Promise<void> {
  const args = [...words, "--port", "0"].map((word) =>
    word.replaceAll("/opt/lineup", ROOT).replaceAll(
      /\/var\/lib\/lineup-queue|^\/data|(?<==)\/data/g,
      data,
    ).replaceAll("/var/lib/private/lineup-queue", `${data}-private`)
      .replaceAll("/etc/lineup/queue", `${data}-etc/queue`)
  );
  assert(
    !args.some((arg) => arg === "-A" || arg === "--allow-all" || arg.startsWith("--allow-run")),
  );
  const child = new Deno.Command(Deno.execPath(), {
    args,
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const err = new Response(child.stderr).text();
  const { value = await err } = await reader.read();
  assertMatch(value, /listening on tcp:/);
  child.kill("SIGTERM");
  while (!(await reader.read()).done);
  assertEquals((await child.status).code, 0, await err);
}

/** The words of ExecStart. */
function execStart(unit: string): string[] {
  const [, command] = /^ExecStart=((?:.*\\\n)*.*)$/m.exec(read(`packaging/${unit}`))!;
  return command.replaceAll("\\\n", " ").split(/\s+/).slice(1);
}

Deno.test("the commands of the units and of the container start a server that may do what they need", () =>
  withDirectory(async (directory) => {
    const [queue, serve] = UNITS.map(execStart);
    // As systemd makes it for DynamicUser=: a link to the directory.
    const state = `${directory}/state`;
    await Deno.mkdir(`${state}-private`);
    await Deno.symlink(`${state}-private`, state);
    await Deno.mkdir(`${state}-etc`);
    const options = read("packaging/queue.jsonc").replaceAll("/var/lib/lineup-queue", state);
    await Deno.writeTextFile(`${state}-etc/queue.jsonc`, options);
    await startsAndEnds(queue, state);
    assert(Deno.statSync(`${state}-private/jobs.db`).isFile);
    await startsAndEnds([...serve.slice(0, -1), `${ROOT}/examples/calc.ts`], directory);
    const lines = read("packaging/Containerfile").replaceAll("\\\n", "");
    const wordsOf = (name: string): string[] =>
      JSON.parse(new RegExp(`^${name} (\\[.*\\])$`, "m").exec(lines)![1]);
    const [, ...entry] = wordsOf("ENTRYPOINT");
    await Deno.mkdir(`${directory}/data`);
    await startsAndEnds([...entry, ...wordsOf("CMD")], `${directory}/data`);
  }));

Deno.test("no command for users allows all", async () => {
  const { tasks } = JSON.parse(read("deno.json"));
  assertStringIncludes(tasks.start.command, "--allow-net");
  const texts: [string, string][] = [["deno task start", tasks.start.command]];
  for (const folder of ["", "docs/", "examples/", "packaging/"]) {
    for await (const { name, isFile } of Deno.readDir(`${ROOT}/${folder}`)) {
      if (!isFile || !/\.(md|ts|service)$|^Containerfile$/.test(name)) continue;
      texts.push([folder + name, read(folder + name)]);
    }
  }
  assert(texts.length > 20);
  const lines = texts.flatMap(([name, text]) =>
    text.split("\n").filter((line) =>
      /\bdeno (run|install|task start)\b.*\s(-A|--allow-all)\b/.test(line)
    )
      // Those of this project's own tools.
      .filter((line) => !/tests\/|bench\/|build\//.test(line)).map((line) => `${name}: ${line}`)
  );
  assertEquals(lines, []);
});
