// One file of JavaScript from our modules, for a platform that is not Deno.

// The versions stand here and not in deno.json, see tests/fast_check.ts.
import { build, type Plugin, stop } from "npm:esbuild@0.28.2";
import { minify } from "npm:terser@5.51.4";

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
    "client/waiting.ts": "client/browser_waiting.ts",
    "net/address.ts": "net/browser_address.ts",
    "net/deno.ts": "net/browser.ts",
    "net/output.ts": "net/browser_output.ts",
    "protocol/describe.ts": "protocol/browser_describe.ts",
    "protocol/duration.ts": "protocol/browser_duration.ts",
    "protocol/quoting.ts": "protocol/browser_quoting.ts",
    "dialects/lineup1/reply_reader.ts": "dialects/lineup1/browser_reply_reader.ts",
    "protocol/spec_error.ts": "protocol/browser_spec_error.ts",
    "protocol/strings.ts": "protocol/browser_strings.ts",
  },
  node: { "net/deno.ts": "net/node.ts" },
};

/**
 * Properties that only our own modules name, which may be short in a minified file for browsers. A test sees to it that
 * nothing of the client's interface or of the platform has such a name.
 */
export const INTERNAL_NAMES: readonly string[] = [
  "answered",
  "ask",
  "awaited",
  "broadcast",
  "changed",
  "connecting",
  "cost",
  "deadline",
  "drained",
  "earn",
  "failures",
  "flush",
  "forgotten",
  "fromText",
  "full",
  "heard",
  "holds",
  "maybe",
  "named",
  "outgoing",
  "owed",
  "place",
  "reads",
  "refuses",
  "restsUntil",
  "retryAt",
  "schedule",
  "sent",
  "session",
  "settled",
  "sizeOf",
  "spend",
  "stopPause",
  "tally",
  "toText",
  "toldAt",
  "triedAt",
  "triedOn",
  "tries",
  "unrepeatable",
  "waiter",
  "writes",
];

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
    mangleProps: platform === "browser" && options.minify
      ? new RegExp(`^(${INTERNAL_NAMES.join("|")})$`)
      : undefined,
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

/** What terser still finds in what esbuild has minified: it inlines, and drops, what esbuild leaves for its speed. */
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

/** Ends esbuild, which runs beside this process. */
export function endBundling(): Promise<void> {
  return stop();
}
