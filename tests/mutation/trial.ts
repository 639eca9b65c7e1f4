// The trial of a mutant: runs the tests that reach it, and tells whether one notices it.

import { runDeno, runTests } from "./command.ts";
import type { ImportGraph } from "./imports.ts";
import { apply, type Mutant } from "./mutants.ts";
import type { Coverage } from "./reach.ts";

/** The result of a trial; `undecided` where not all tests have run. */
export type Verdict = "killed" | "timed out" | "survived" | "not reached" | "undecided";

/** Whether a test has noticed a mutant. */
export function isNoticed(verdict: Verdict | undefined): boolean {
  return verdict === "killed" || verdict === "timed out";
}

/** The seconds of a run: this many times the time of the tests without a fault, and some for its start. */
const SLOWER = 3;
const START = 20;

/** Folders of tests, beside the one with the name of the room. */
const ALSO: Readonly<Record<string, readonly string[]>> = { net: ["tests/transports/"] };

/** The tests that can reach a mutant, by folder: those of its own room, and all others. */
export interface Candidates {
  readonly near: readonly string[];
  readonly far: readonly string[];
}

/** How many folders the path of a file and that of a file of tests have in common, from their beginnings. */
function foldersShared(file: string, test: string): number {
  const folders = file.split("/").slice(0, -1);
  const [, ...own] = test.split("/");
  const differ = folders.findIndex((name, at) => name !== own[at]);
  return differ === -1 ? folders.length : differ;
}

/** The files of tests that import the file of a mutant, directly or not, the closest ones first. */
export function candidatesOf(
  file: string,
  tests: readonly string[],
  graph: ImportGraph,
): Candidates {
  const room = file.split("/")[0];
  const folders = [`tests/${room}/`, ...ALSO[room] ?? []];
  const reaching = tests
    .map((test) => ({ test, distance: graph.distances(test).get(file) ?? Infinity }))
    .filter(({ distance }) => distance < Infinity)
    .sort((a, b) =>
      foldersShared(file, b.test) - foldersShared(file, a.test) || a.distance - b.distance
    )
    .map(({ test }) => test);
  const isNear = (test: string): boolean => folders.some((folder) => test.startsWith(folder));
  return {
    near: reaching.filter(isNear),
    far: reaching.filter((test) => !isNear(test)),
  };
}

/** Runs those of the tests that reach the mutant's line, until one fails with the mutant in a copy of the tree. */
export async function tryMutant(
  mutant: Mutant,
  tests: readonly string[],
  root: string,
  coverage: Coverage,
): Promise<Verdict> {
  let isReached = false;
  for (const batch of batches(tests)) {
    const reaching: string[] = [];
    let seconds = 0;
    for (const test of batch) {
      const reach = await coverage.of(test, mutant.file);
      if (!reach.files[mutant.file]?.lines.includes(mutant.line)) continue;
      reaching.push(test);
      seconds += reach.seconds;
    }
    if (reaching.length === 0) continue;
    isReached = true;
    const limit = START + SLOWER * seconds;
    const ended = await withMutant(
      mutant,
      root,
      async () => (await runTests(reaching, { cwd: root, limit }, "--fail-fast")).ended,
    );
    if (ended === "timed out") return "timed out";
    if (ended === "failed") return "killed";
  }
  return isReached ? "survived" : "not reached";
}

/** Whether the compiler finds a mutant: tests run without checks of types. */
export async function isCompiled(mutant: Mutant, root: string): Promise<boolean> {
  const options = { cwd: root, limit: 120 };
  const { ended } = await withMutant(
    mutant,
    root,
    () => runDeno(["check", "--quiet", mutant.file], options),
  );
  return ended === "passed";
}

async function withMutant<T>(mutant: Mutant, root: string, run: () => Promise<T>): Promise<T> {
  const path = `${root}/${mutant.file}`;
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, apply(mutant, text));
  try {
    return await run();
  } finally {
    await Deno.writeTextFile(path, text);
  }
}

/**
 * Batches of tests: small ones first, since most mutants fail the first tests; then larger ones, to save starts of
 * Deno.
 */
function* batches(tests: readonly string[]): Generator<readonly string[]> {
  for (let at = 0, size = 2; at < tests.length; size *= 2) {
    yield tests.slice(at, at += size);
  }
}
