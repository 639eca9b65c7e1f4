// The trial of a mutant: runs the tests that reach it, and tells whether one notices it.

import { runDeno } from "./command.ts";
import { apply, type Mutant } from "./mutants.ts";
import type { Reach } from "./reach.ts";

/** The result of a trial. */
export type Verdict = "killed" | "timed out" | "survived" | "not reached";

/** The seconds of a trial: this many times the time of the tests without a fault, and some for its start. */
const SLOWER = 3;
const START = 20;

/** The files of tests that reach a line: those of its own room first, quick ones before slow ones. */
export function testsOf(
  { file, line }: Mutant,
  reach: readonly Reach[],
): Reach[] {
  const room = `tests/${file.split("/")[0]}/`;
  const own = ({ test }: Reach): number => Number(!test.startsWith(room));
  return reach.filter(({ lines }) => lines[file]?.includes(line))
    .sort((a, b) => own(a) - own(b) || a.seconds - b.seconds);
}

/** Puts the mutant into a copy of the tree, runs the tests until one fails, and takes it out again. */
export async function tryMutant(
  mutant: Mutant,
  root: string,
  reach: readonly Reach[],
): Promise<Verdict> {
  const tests = testsOf(mutant, reach);
  if (tests.length === 0) return "not reached";
  const path = `${root}/${mutant.file}`;
  const text = await Deno.readTextFile(path);
  await Deno.writeTextFile(path, apply(mutant, text));
  try {
    for (const batch of batches(tests)) {
      const seconds = batch.reduce((sum, each) => sum + each.seconds, 0);
      const args = [
        "test",
        "--allow-all",
        "--no-check",
        "--quiet",
        "--fail-fast",
      ];
      const { ended } = await runDeno([
        ...args,
        ...batch.map(({ test }) => test),
      ], {
        cwd: root,
        limit: START + SLOWER * seconds,
      });
      if (ended === "timed out") return "timed out";
      if (ended === "failed") return "killed";
    }
    // Tests run without checks of types, so this checks the types: the compiler finds some mutants.
    const { ended } = await runDeno(["check", "--quiet", mutant.file], {
      cwd: root,
      limit: 120,
    });
    return ended === "passed" ? "survived" : "killed";
  } finally {
    await Deno.writeTextFile(path, text);
  }
}

/**
 * Batches of tests: small ones first, since most mutants fail the first tests; then larger ones, to save starts of
 * Deno.
 */
function* batches(tests: readonly Reach[]): Generator<readonly Reach[]> {
  for (let at = 0, size = 2; at < tests.length; size *= 2) {
    yield tests.slice(at, at += size);
  }
}
