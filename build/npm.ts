// Writes the package for npm: the client, the protocol and the protocol of the queue, for Node, Bun and browsers. Each
// module stays a file of readable code, with its comments, beside its types.

// The version stands here and not in deno.json: tests/fast_check.ts says why.
import ts from "npm:typescript@6.0.3";

const ROOT = new URL("../", import.meta.url);

/** The entry points of the package that are modules of ours, by their name behind the name of the package. */
const ENTRIES = {
  "./protocol": "protocol/mod.ts",
  "./client": "client/node.ts",
  "./client/browser": "client/browser.ts",
  "./queue/protocol": "queue/protocol/mod.ts",
} as const;

/** The package without a sub-path is all that a client needs: a protocol, and `connect` for it. */
const ROOT_ENTRIES = {
  "mod": 'export * from "./protocol/mod.js";\nexport * from "./client/node.js";\n',
  "browser": 'export * from "./protocol/mod.js";\nexport * from "./client/browser.js";\n',
} as const;

/** An entry point in package.json: its types, and its code. */
type Conditions = { readonly [condition: string]: string | Conditions };

function conditions(path: string): Conditions {
  return { types: `./${path}.d.ts`, default: `./${path}.js` };
}

function withBrowser(path: string, browser: string): Conditions {
  return { browser: conditions(browser), ...conditions(path) };
}

/** Writes the package into a folder that is made anew. Throws where a module cannot be compiled. */
export async function writePackage(folder: URL): Promise<void> {
  await emptyFolder(folder);
  compile(folder);
  for (const [name, text] of Object.entries(ROOT_ENTRIES)) {
    // The same text is right for both, because types are found beside the code.
    await Deno.writeTextFile(new URL(`${name}.js`, folder), text);
    await Deno.writeTextFile(new URL(`${name}.d.ts`, folder), text);
  }
  await Deno.copyFile(new URL("LICENSE", ROOT), new URL("LICENSE", folder));
  await Deno.copyFile(new URL("npm.md", import.meta.url), new URL("README.md", folder));
  const text = JSON.stringify(await packageJson(), undefined, 2) + "\n";
  await Deno.writeTextFile(new URL("package.json", folder), text);
}

/** Makes a folder anew. */
export async function emptyFolder(folder: URL): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await Deno.mkdir(folder, { recursive: true });
}

async function packageJson(): Promise<Record<string, unknown>> {
  const { name, version, license } = JSON.parse(
    await Deno.readTextFile(new URL("deno.json", ROOT)),
  );
  const plain = Object.entries(ENTRIES).map(([entry, path]) =>
    [entry, conditions(path.replace(/\.ts$/, ""))] as const
  );
  return {
    name,
    version,
    description:
      "The typed client of Lineup, line-based text protocols described as data, and of its work queue.",
    keywords: ["protocol", "client", "rpc", "queue", "telnet"],
    license,
    type: "module",
    sideEffects: false,
    engines: { node: ">=20" },
    exports: {
      ".": withBrowser("mod", "browser"),
      ...Object.fromEntries(plain),
      "./client": withBrowser("client/node", "client/browser"),
      "./package.json": "./package.json",
    },
  };
}

/** Compiles the entry points and what they import. `deno check` has checked their types. */
function compile(folder: URL): void {
  const program = ts.createProgram({
    rootNames: Object.values(ENTRIES).map((path) => new URL(path, ROOT).pathname),
    options: {
      rootDir: ROOT.pathname,
      outDir: folder.pathname,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      lib: ["lib.esnext.d.ts", "lib.dom.d.ts"],
      types: [],
      strict: true,
      declaration: true,
      rewriteRelativeImportExtensions: true,
      noCheck: true,
      newLine: ts.NewLineKind.LineFeed,
    },
  });
  const { diagnostics } = program.emit(undefined, (path, text) => {
    // The compiler rewrites the imports of code only.
    ts.sys.writeFile(path, text.replaceAll(/((?:from|import\() ?"\.[^"]*)\.ts"/g, '$1.js"'));
  });
  if (diagnostics.length === 0) return;
  throw new Error(
    diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"))
      .join("\n"),
  );
}
