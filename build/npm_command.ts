// Writes the command `lineup` as a package for npm: the modules as they are, and a starter that runs them with the Deno of
// npm, which the package depends on.

import { cp, mkdir } from "node:fs/promises";
import { emptyFolder } from "./npm.ts";

const ROOT = new URL("../", import.meta.url);

/** Deno as the tests have used it. */
const DENO_VERSION = "2.9.6";

/** Writes the package into a folder that is made anew. */
export async function writeCommandPackage(folder: URL): Promise<void> {
  const { version, license, publish } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  await emptyFolder(folder);
  // The modules of JSR do not come from npm: the shims stand for them.
  for (const path of [...publish.include, "shims/"]) {
    await cp(new URL(path, ROOT), new URL(`lineup/${path}`, folder), { recursive: true });
  }
  await mkdir(new URL("bin/", folder));
  await cp(new URL("npm_command.mjs", import.meta.url), new URL("bin/lineup.mjs", folder));
  await cp(new URL("LICENSE", ROOT), new URL("LICENSE", folder));
  await cp(new URL("npm_command.md", import.meta.url), new URL("README.md", folder));
  const manifest = {
    name: "@lineup/cli",
    version,
    description:
      "The command lineup: a durable, fair work queue, and servers for line-based text protocols.",
    keywords: ["queue", "worker", "jobs", "protocol", "telnet"],
    license,
    type: "module",
    bin: { lineup: "bin/lineup.mjs" },
    engines: { node: ">=20" },
    dependencies: { deno: DENO_VERSION },
  };
  const text = JSON.stringify(manifest, undefined, 2) + "\n";
  await Deno.writeTextFile(new URL("package.json", folder), text);
}
