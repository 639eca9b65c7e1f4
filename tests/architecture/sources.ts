// The files of the product, and the imports of each.

/** A file of the product: its path from the root, its text, and the files of ours that it imports or re-exports. */
export interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

/** The rooms that are published. */
export const ROOMS = [
  "protocol",
  "dialects",
  "scheduling",
  "net",
  "server",
  "client",
  "queue",
  "admin",
  "testing",
  "cli",
] as const;

const ROOT = new URL("../../", import.meta.url);
const IMPORT = /^(?:import|export)\s[^"]*?"(\.[^"]*)"|\bimport\(\s*"(\.[^"]*)"/gm;

/** Every file of the product. */
export async function readSources(): Promise<Source[]> {
  const sources: Source[] = [];
  for (const room of ROOMS) {
    for await (const path of filesIn(room)) {
      const text = await Deno.readTextFile(new URL(path, ROOT));
      const imports = [...text.matchAll(IMPORT)].map(([, from, dynamic]) =>
        new URL(from ?? dynamic, new URL(path, ROOT)).href.slice(ROOT.href.length)
      );
      sources.push({ path, text, imports });
    }
  }
  return sources;
}

async function* filesIn(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(new URL(`${folder}/`, ROOT))) {
    const path = `${folder}/${name}`;
    if (isDirectory) yield* filesIn(path);
    else if (name.endsWith(".ts")) yield path;
  }
}

/** The room of a file. */
export function roomOf(path: string): string {
  return path.slice(0, path.indexOf("/"));
}

/** Groups of files of which each imports all others, directly or not. */
export function circles(sources: readonly Source[]): string[][] {
  const imports = new Map(sources.map(({ path, imports }) => [path, imports]));
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  // Tarjan's strongly connected components.
  function visit(path: string): void {
    index.set(path, index.size);
    low.set(path, index.get(path)!);
    const depth = stack.push(path) - 1;
    for (const next of imports.get(path) ?? []) {
      if (!index.has(next)) visit(next);
      if (stack.includes(next)) low.set(path, Math.min(low.get(path)!, low.get(next)!));
    }
    if (low.get(path) !== index.get(path)) return;
    const group = stack.splice(depth);
    if (group.length > 1) found.push(group.sort());
  }
  for (const path of imports.keys()) if (!index.has(path)) visit(path);
  return found;
}
