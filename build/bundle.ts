// Bundles a module and its imports into one file of JavaScript, for browsers or Node.

// The versions stand here and not in deno.json: tests/fast_check.ts says why.
import { build, stop } from "npm:esbuild@0.28.2";
import { minify } from "npm:terser@5.51.4";

/** The runtime that a bundle is for. */
export type Target = "browser" | "node";

/** A bundle. */
export interface Bundle {
  readonly code: Uint8Array;
  readonly sourceMap: Uint8Array;
  /** Bytes of `code` by the module that they come from, the largest first. */
  readonly modules: readonly (readonly [module: string, bytes: number])[];
}

const ROOT = new URL("../", import.meta.url).pathname;

/** Bundles a module with its imports. Throws the errors of esbuild. */
export async function bundle(
  entry: string,
  platform: Target,
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
  });
  const find = (end: string): Uint8Array => {
    return outputFiles.find(({ path }) => path.endsWith(end))!.contents;
  };
  const code = find(".js");
  const sourceMap = find(".js.map");
  const [{ inputs }] = Object.values(metafile.outputs).filter((each) => each.entryPoint);
  const modules = Object.entries(inputs).map(([name, { bytesInOutput }]) =>
    [name, bytesInOutput] as const
  );
  return {
    ...(options.minify ? await shrink(code, sourceMap, options.name) : { code, sourceMap }),
    modules: modules.sort(([, a], [, b]) => b - a),
  };
}

/**
 * Shrinks minified code further: terser inlines and drops code that esbuild leaves, because esbuild works for speed.
 */
async function shrink(
  code: Uint8Array,
  sourceMap: Uint8Array,
  name: string,
): Promise<Pick<Bundle, "code" | "sourceMap">> {
  const decoder = new TextDecoder();
  const shrunk = await minify(decoder.decode(code), {
    module: true,
    ecma: 2020,
    compress: { passes: 3, pure_getters: true, unsafe_arrows: true },
    sourceMap: { content: decoder.decode(sourceMap), url: `${name}.map` },
  });
  const encoder = new TextEncoder();
  return {
    code: encoder.encode(shrunk.code),
    sourceMap: encoder.encode(shrunk.map as string),
  };
}

/** Ends esbuild, which runs in a process of its own. */
export function endBundling(): Promise<void> {
  return stop();
}
