// The lines that each file of tests reaches, by V8's coverage, including that of child processes. A file of tests is
// measured when a fault first asks for it, and the user's cache keeps the result.

import { runDeno, runTests } from "./command.ts";
import type { ImportGraph } from "./imports.ts";
import { digestOf } from "./tree.ts";

/** The reach of one file of tests. */
export interface Reach {
  /** The time that it takes alone, in seconds. */
  readonly seconds: number;
  /** By file of the product: its digest then, and the lines of it that ran, from 1. */
  readonly files: Readonly<Record<string, { readonly digest: string; readonly lines: number[] }>>;
}

/** A result in the cache. */
interface Kept extends Reach {
  /** The digest of the tests, and of all that they import beside the product. */
  readonly tests: string;
}

/** The most seconds of one file of tests. */
const LIMIT = 300;

/** Measures files of tests in a copy of the tree that has no fault. */
export class Coverage {
  /** The files of tests that fail without any fault: nothing is known about their reach. */
  readonly broken = new Set<string>();
  readonly #graph: ImportGraph;
  readonly #root: string;
  readonly #isProduct: (file: string) => boolean;
  readonly #digests = new Map<string, Promise<string>>();
  readonly #kept = new Map<string, Promise<Reach | undefined>>();
  readonly #measured = new Map<string, Promise<Reach>>();

  constructor(graph: ImportGraph, root: string, isProduct: (file: string) => boolean) {
    this.#graph = graph;
    this.#root = root;
    this.#isProduct = isProduct;
  }

  /**
   * The reach of a file of tests, as it holds for this file of the product. A kept result stands while the tests and
   * this file are the same: a change of other files seldom moves the lines that run here.
   */
  async of(test: string, file: string): Promise<Reach> {
    if (!this.#measured.has(test)) {
      const kept = await once(this.#kept, test, () => this.#read(test));
      if (kept?.files[file]?.digest === await this.#digest(file)) return kept;
    }
    return once(this.#measured, test, () => this.#measure(test));
  }

  async #read(test: string): Promise<Reach | undefined> {
    try {
      const kept: Kept = JSON.parse(await Deno.readTextFile(cacheFile(test)));
      if (kept.tests === await this.#digestOfTests(test)) return kept;
    } catch {
      // There is no result yet.
    }
  }

  async #measure(test: string): Promise<Reach> {
    const measured = await runWithCoverage(test, this.#root) ??
      await runWithCoverage(test, this.#root);
    const files: Record<string, { digest: string; lines: number[] }> = {};
    for (const file of this.#graph.distances(test).keys()) {
      if (!this.#isProduct(file)) continue;
      files[file] = { digest: await this.#digest(file), lines: measured?.lines[file] ?? [] };
    }
    const reach = { seconds: measured?.seconds ?? 0, files };
    if (measured === undefined) {
      this.broken.add(test);
    } else {
      const kept: Kept = { ...reach, tests: await this.#digestOfTests(test) };
      await Deno.mkdir(cacheFolder(), { recursive: true });
      await Deno.writeTextFile(cacheFile(test), JSON.stringify(kept));
    }
    return reach;
  }

  async #digestOfTests(test: string): Promise<string> {
    const files = [...this.#graph.distances(test).keys()].filter((file) => !this.#isProduct(file));
    const digests = await Promise.all(files.sort().map((file) => this.#digest(file)));
    return digestOf(new TextEncoder().encode(digests.join()));
  }

  #digest(file: string): Promise<string> {
    const read = async (): Promise<string> =>
      await digestOf(await Deno.readFile(`${this.#root}/${file}`));
    return once(this.#digests, file, read);
  }
}

/** The value of a key, which the first that asks for it makes for all. */
function once<K, V>(values: Map<K, V>, key: K, make: () => V): V {
  if (!values.has(key)) values.set(key, make());
  return values.get(key)!;
}

/** Runs a file of tests. Resolves with undefined where it fails. */
async function runWithCoverage(
  test: string,
  root: string,
): Promise<{ seconds: number; lines: Record<string, number[]> } | undefined> {
  const folder = await Deno.makeTempDir({ prefix: "lineup-coverage-" });
  try {
    const options = { cwd: root, limit: LIMIT, env: { DENO_COVERAGE_DIR: folder } };
    const { ended, seconds } = await runTests([test], options);
    if (ended !== "passed") return undefined;
    const report = `${folder}/lcov`;
    await runDeno(["coverage", "--quiet", "--lcov", `--output=${report}`, folder], {
      cwd: root,
      limit: LIMIT,
    });
    return { seconds, lines: linesOf(await Deno.readTextFile(report), root) };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The lines that were run, from a report in the format of lcov. */
function linesOf(report: string, root: string): Record<string, number[]> {
  const lines: Record<string, number[]> = {};
  let file = "";
  for (const each of report.split("\n")) {
    const [, kind, rest] = /^(SF|DA):(.*)/.exec(each) ?? [];
    if (kind === "SF") {
      file = rest.startsWith(`${root}/`) ? rest.slice(root.length + 1) : "";
    } else if (kind === "DA" && file !== "") {
      const [line, count] = rest.split(",").map(Number);
      if (count > 0) (lines[file] ??= []).push(line);
    }
  }
  return lines;
}

function cacheFolder(): string {
  const cache = Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME")}/.cache`;
  return `${cache}/lineup/mutation`;
}

function cacheFile(test: string): string {
  return `${cacheFolder()}/${test.replaceAll("/", "+")}.json`;
}
