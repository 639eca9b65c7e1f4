// `deno task build`: writes the client to dist/, as one file for browsers and one for Node and Bun, and the packages for npm:
// the client, and the command. `--modules` prints the bytes of each module in the files.

import { bundle, endBundling, type Target } from "./bundle.ts";
import { writePackage } from "./npm.ts";
import { writeCommandPackage } from "./npm_command.ts";
import { MOST_FOR_BROWSERS, sizesOf } from "./size.ts";

const DIST = new URL("../dist/", import.meta.url);

function row(...cells: readonly (string | number)[]): string {
  return cells.map((cell, i) => i === 0 ? String(cell).padEnd(20) : String(cell).padStart(10))
    .join("");
}

async function buildClient(platform: Target): Promise<boolean> {
  const name = `lineup.${platform}.js`;
  const entry = `client/${platform}.ts`;
  const readable = await bundle(entry, platform, { minify: false, name });
  const { code, sourceMap, modules } = await bundle(entry, platform, { minify: true, name });
  await Deno.writeFile(new URL(name, DIST), code);
  await Deno.writeFile(new URL(`${name}.map`, DIST), sourceMap);
  const sizes = await sizesOf(code);
  console.log(row(name, readable.code.length, sizes.minified, sizes.gzipped));
  if (Deno.args.includes("--modules")) {
    for (const [module, bytes] of modules) console.log(row(`  ${module}`.padEnd(30), bytes));
  }
  if (platform !== "browser" || sizes.gzipped <= MOST_FOR_BROWSERS) return true;
  console.error(`${name} has ${sizes.gzipped} bytes gzipped; it may have ${MOST_FOR_BROWSERS}.`);
  return false;
}

try {
  await Deno.mkdir(DIST, { recursive: true });
  console.log(row("bytes", "raw", "minified", "gzipped"));
  const fits = [await buildClient("browser"), await buildClient("node")];
  if (fits.includes(false)) Deno.exitCode = 1;
  await writePackage(new URL("npm/", DIST));
  await writeCommandPackage(new URL("npm-command/", DIST));
} finally {
  await endBundling();
}
