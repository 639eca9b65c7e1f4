// Deno fetches npm packages for four reasons: a lock lists them, a task runs and deno.json (or a member of its
// workspace) names them, or a module imports them. No reason may bring a package that `lineup` does not need.

import { assert, assertEquals } from "@std/assert";
import { MAIN } from "../../cli/lineup_process.ts";

const ROOT = new URL("../../../", import.meta.url);

async function read(path: string): Promise<{
  readonly npm: Readonly<Record<string, unknown>>;
  readonly imports?: Readonly<Record<string, string>>;
  readonly workspace: readonly string[];
  readonly lock: boolean;
  readonly tasks: Readonly<Record<string, { readonly command: string }>>;
}> {
  return JSON.parse(await Deno.readTextFile(new URL(path, ROOT)));
}

/** The npm packages of all modules that `lineup` may import, with their own dependencies, as `name@version`. */
async function neededPackages(): Promise<string[]> {
  const info = new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", MAIN],
    stdout: "piped",
    stderr: "null",
  });
  const { stdout, success } = await info.output();
  assert(success);
  return Object.keys(JSON.parse(new TextDecoder().decode(stdout)).npmPackages).sort();
}

Deno.test("deno.lock lists the packages that lineup needs, and no other", async () => {
  assertEquals(Object.keys((await read("deno.lock")).npm).sort(), await neededPackages());
});

Deno.test("deno.json and its workspace name only npm packages that lineup needs", async () => {
  const needed = await neededPackages();
  const { workspace } = await read("deno.json");
  for (const folder of [".", ...workspace]) {
    const { imports = {} } = await read(`${folder}/deno.json`);
    for (const specifier of Object.values(imports)) {
      if (!specifier.startsWith("npm:")) continue;
      assert(needed.includes(specifier.slice("npm:".length)), `${folder} names ${specifier}`);
    }
  }
});

Deno.test("deno task start respects deno.lock, and no other command changes it", async () => {
  const { lock, tasks } = await read("deno.json");
  assertEquals(lock, false);
  for (const [name, { command }] of Object.entries(tasks)) {
    assertEquals(command.includes("--lock=deno.lock"), name === "start", name);
  }
});
