// A registry of the kind of JSR on loopback: `deno publish` publishes to it, and Deno fetches from it by JSR_URL.

import { run } from "./program.ts";

/** A version of a package as the registry keeps it. */
interface Kept {
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
  /** The files, by their path with a slash before it. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** A running registry. Disposing stops it. */
export interface Registry extends AsyncDisposable {
  readonly url: string;
  /** Keeps a folder as a package, as if it was published. */
  add(folder: string): Promise<void>;
  /** The published files of a package, by their path with a slash before it. */
  files(name: string): ReadonlyMap<string, Uint8Array>;
}

/** Starts a registry without packages. */
export function startRegistry(): Registry {
  const packages = new Map<string, Kept>();

  async function add(folder: string): Promise<void> {
    const files = new Map<string, Uint8Array<ArrayBuffer>>();
    for await (const path of filesIn(folder)) {
      files.set(path.slice(folder.length), await Deno.readFile(path));
    }
    const { name, version, exports } = JSON.parse(await Deno.readTextFile(`${folder}/deno.json`));
    packages.set(name, {
      version,
      exports: typeof exports === "string" ? { ".": exports } : exports,
      files,
    });
  }

  /** Keeps a package that `deno publish` sends as a compressed tar archive. */
  async function receive(archive: Uint8Array): Promise<void> {
    const folder = await Deno.makeTempDir();
    try {
      await run("tar", ["-xz"], { cwd: folder, input: archive });
      await add(folder);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  }

  async function answerApi(request: Request, path: string): Promise<Response> {
    if (request.method === "POST") {
      await receive(await request.bytes());
      return Response.json({ id: "1", status: "success", error: null });
    }
    // Every package exists, and each of its versions is new.
    return path.includes("/versions/")
      ? Response.json({ code: "packageVersionNotFound", message: "new" }, { status: 404 })
      : Response.json({});
  }

  async function answer(path: string): Promise<Response> {
    const [, name, rest] = /^\/(@[^/]+\/[^/]+)\/(.*)$/.exec(path) ?? [];
    const kept = packages.get(name);
    if (kept === undefined) return new Response("no such package", { status: 404 });
    if (rest === "meta.json") return Response.json(packageMeta(name, kept));
    if (rest === `${kept.version}_meta.json`) return Response.json(await versionMeta(kept));
    const file = kept.files.get(rest.slice(kept.version.length));
    if (file === undefined || !rest.startsWith(`${kept.version}/`)) {
      return new Response("no such file", { status: 404 });
    }
    const type = rest.endsWith(".ts") ? "text/typescript" : "application/octet-stream";
    return new Response(file, { headers: { "content-type": type } });
  }

  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { pathname } = new URL(request.url);
    return pathname.startsWith("/api/") ? answerApi(request, pathname) : answer(pathname);
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    add,
    files: (name) => packages.get(name)!.files,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function packageMeta(name: string, { version }: Kept): Record<string, unknown> {
  const [scope, bare] = name.slice(1).split("/");
  return { scope, name: bare, latest: version, versions: { [version]: {} } };
}

/** What Deno asks of a version: its entry points, and the size and checksum of each file, which Deno checks. */
async function versionMeta({ files, exports }: Kept): Promise<Record<string, unknown>> {
  const manifest: Record<string, { size: number; checksum: string }> = {};
  for (const [path, bytes] of files) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    manifest[path] = { size: bytes.length, checksum: `sha256-${digest.toHex()}` };
  }
  return { manifest, exports };
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* filesIn(path);
    else yield path;
  }
}
