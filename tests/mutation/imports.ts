// The files that a file of tests can reach: those that it imports, directly or not, or names as a text, as it names a
// worker or a program that it starts.

const NAMED = /["'`]([^"'`\s]+\.ts)["'`]/g;
const ALIAS = /["'](@lineup\/lineup[^"']*)["']/g;

/** What the files of a tree import. */
export class ImportGraph {
  readonly #files: ReadonlySet<string>;
  readonly #exports: Readonly<Record<string, string>>;
  readonly #named = new Map<string, string[]>();

  private constructor(files: readonly string[], exports: Readonly<Record<string, string>>) {
    this.#files = new Set(files);
    this.#exports = exports;
  }

  /** Reads the tree in the working directory. */
  static async read(files: readonly string[]): Promise<ImportGraph> {
    const { name, exports } = JSON.parse(await Deno.readTextFile("deno.json"));
    const aliases = Object.entries(exports as Record<string, string>).map(([entry, file]) =>
      [name + entry.slice(1), file.slice(2)] as const
    );
    const graph = new ImportGraph(files, Object.fromEntries(aliases));
    for (const file of files) {
      if (/\.(ts|tsx)$/.test(file)) {
        graph.#named.set(file, graph.#namesIn(file, await Deno.readTextFile(file)));
      }
    }
    return graph;
  }

  /** The number of imports between a file and each file that it can reach; 0 for itself. */
  distances(from: string): Map<string, number> {
    const found = new Map([[from, 0]]);
    for (const [file, distance] of found) {
      for (const next of this.#named.get(file) ?? []) {
        if (!found.has(next)) found.set(next, distance + 1);
      }
    }
    return found;
  }

  #namesIn(file: string, text: string): string[] {
    const named = [...text.matchAll(NAMED)].map(([, name]) => this.#resolve(file, name));
    const aliased = [...text.matchAll(ALIAS)].map(([, name]) => this.#exports[name]);
    return [...named, ...aliased].filter((each) => each !== undefined);
  }

  /** The file that a text names: beside the file with the text, or from the root. */
  #resolve(file: string, name: string): string | undefined {
    const path = name.replace(/^.*\}\//, "");
    const beside = new URL(path, `file:///${file}`).pathname.slice(1);
    return [beside, path].find((each) => this.#files.has(each));
  }
}
