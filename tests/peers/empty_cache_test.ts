// This test needs npm: it lets Deno fetch everything anew.

import { assertEquals, assertStringIncludes } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

/** The packages in Deno's cache, as `name@version`. */
async function cachedPackages(cache: string): Promise<string[]> {
  const packages: string[] = [];
  const collect = async (folder: string, name: string): Promise<void> => {
    for await (const { name: entry, isDirectory } of Deno.readDir(folder)) {
      if (!isDirectory) continue;
      if (/^\d/.test(entry)) packages.push(`${name}@${entry}`);
      else await collect(`${folder}/${entry}`, name === "" ? entry : `${name}/${entry}`);
    }
  };
  for await (const { name: registry } of Deno.readDir(`${cache}/npm`)) {
    await collect(`${cache}/npm/${registry}`, "");
  }
  return packages.sort();
}

const { npm } = JSON.parse(await Deno.readTextFile(new URL("deno.lock", ROOT)));
// A package that stands beside another one by its choice is named with it: a@1.0.0_b@2.0.0.
const locked = Object.keys(npm).map((name) => name.split("_")[0]).sort();

for (const args of [["task", "start", "--help"], ["run", "cli/main.ts", "--help"]]) {
  const command = `deno ${args.join(" ")}`;
  Deno.test(`${command} fetches the packages that lineup needs into an empty cache, and no other`, async () => {
    const cache = await Deno.makeTempDir();
    try {
      const { success, stdout } = await new Deno.Command(Deno.execPath(), {
        args,
        cwd: ROOT,
        env: { DENO_DIR: cache },
        stdout: "piped",
        stderr: "null",
      }).output();
      assertEquals(success, true);
      assertStringIncludes(new TextDecoder().decode(stdout), "usage: lineup");
      assertEquals(await cachedPackages(cache), locked);
    } finally {
      await Deno.remove(cache, { recursive: true });
    }
  });
}
