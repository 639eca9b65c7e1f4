// One file of JavaScript from our modules, for a platform that is not Deno.

import { build, type Plugin, stop } from "esbuild";

/** Where a bundle runs. */
export type Platform = "browser" | "node";

/** A bundle. */
export interface Bundle {
  readonly code: Uint8Array;
  readonly sourceMap: Uint8Array;
  /** Bytes of `code` by the module that they come from, the largest first. */
  readonly modules: readonly (readonly [module: string, bytes: number])[];
}

const ROOT = new URL("../", import.meta.url).pathname;

/** What a bundle has instead of a module: beside it, with the names that others import of it. */
const STAND_INS: Record<Platform, Readonly<Record<string, string>>> = {
  browser: {
    "client/in_flight.ts": "client/browser_in_flight.ts",
    "client/mod.ts": "client/browser.ts",
    "client/resolve.ts": "client/browser_resolve.ts",
    "net/address.ts": "net/browser_address.ts",
    "net/deno.ts": "net/browser.ts",
    "protocol/strings.ts": "protocol/browser_strings.ts",
  },
  node: { "net/deno.ts": "net/node.ts" },
};

function onPlatform(platform: Platform): Plugin {
  return {
    name: "platform",
    setup({ onLoad }) {
      const standIns = STAND_INS[platform];
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const own = path.startsWith(ROOT) ? standIns[path.slice(ROOT.length)] : undefined;
        if (own === undefined) return undefined;
        return { contents: await Deno.readTextFile(ROOT + own), loader: "ts" };
      });
    },
  };
}

/** Bundles a module with all that it imports. Throws what esbuild finds wrong. */
export async function bundle(
  entry: string,
  platform: Platform,
  options: { minify: boolean; name: string },
): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    outfile: options.name,
    bundle: true,
    write: false,
    metafile: true,
    minify: options.minify,
    sourcemap: "linked",
    format: "esm",
    platform,
    target: platform === "node" ? "node20" : "es2022",
    charset: "utf8",
    logLevel: "silent",
    plugins: [onPlatform(platform)],
  });
  const find = (end: string): Uint8Array => {
    return outputFiles.find(({ path }) => path.endsWith(end))!.contents;
  };
  const [{ inputs }] = Object.values(metafile.outputs).filter((each) => each.entryPoint);
  const modules = Object.entries(inputs).map(([name, { bytesInOutput }]) =>
    [name, bytesInOutput] as const
  );
  return {
    code: find(".js"),
    sourceMap: find(".js.map"),
    modules: modules.sort(([, a], [, b]) => b - a),
  };
}

/** Ends esbuild, which runs beside this process. */
export function endBundling(): Promise<void> {
  return stop();
}
