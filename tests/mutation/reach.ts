// Finds the lines that each test file reaches, by V8's coverage, including that of child processes.

import { runDeno } from "./command.ts";
import { digestOf } from "./tree.ts";

/** The reach of one file of tests. */
export interface Reach {
  readonly test: string;
  /** The time that it takes alone, in seconds. */
  readonly seconds: number;
  /** The lines that it runs, from 1, by file. */
  readonly lines: Readonly<Record<string, readonly number[]>>;
}

/** The most seconds of one file of tests. */
const LIMIT = 300;

/**
 * Runs each file of tests in a copy of the tree. The user's cache keeps the result for the next run with the same
 * files. Throws where a test fails: without a fault, all must pass.
 */
export async function reachOf(
  tests: readonly string[],
  files: readonly string[],
  roots: readonly string[],
  told: (done: number, all: number, test: string) => void,
): Promise<Reach[]> {
  const kept = `${cacheFolder()}/${await digestOf(files)}.json`;
  try {
    return JSON.parse(await Deno.readTextFile(kept));
  } catch {
    // There is no result for these files yet.
  }
  const found: Reach[] = [];
  const waiting = [...tests];
  await Promise.all(roots.map(async (root) => {
    for (let test; (test = waiting.shift()) !== undefined;) {
      found.push(await reach(test, root));
      told(found.length, tests.length, test);
    }
  }));
  await Deno.mkdir(cacheFolder(), { recursive: true });
  await Deno.writeTextFile(kept, JSON.stringify(found));
  return found;
}

async function reach(test: string, root: string): Promise<Reach> {
  const folder = await Deno.makeTempDir({ prefix: "lineup-coverage-" });
  try {
    const { ended, seconds, output } = await runDeno(
      ["test", "--allow-all", "--no-check", "--quiet", test],
      { cwd: root, limit: LIMIT, env: { DENO_COVERAGE_DIR: folder } },
    );
    if (ended !== "passed") {
      throw new Error(`${test} ${ended} without any fault:\n${output}`);
    }
    const args = [
      "coverage",
      "--quiet",
      "--lcov",
      `--output=${folder}/lcov`,
      folder,
    ];
    await runDeno(args, { cwd: root, limit: LIMIT });
    return {
      test,
      seconds,
      lines: linesOf(await Deno.readTextFile(`${folder}/lcov`), root),
    };
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
  const cache = Deno.env.get("XDG_CACHE_HOME") ??
    `${Deno.env.get("HOME")}/.cache`;
  return `${cache}/lineup/mutation`;
}
