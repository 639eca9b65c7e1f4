// What a run of mutants found, as text.

import { describe, type Mutant } from "./mutants.ts";
import { isNoticed, type Verdict } from "./trial.ts";

/** The mutants of a sample, one a line. */
export function listOf(sample: readonly Mutant[]): string {
  return inOrder(sample).map((mutant) => `${place(mutant)}  ${describe(mutant)}`).join("\n");
}

/** The mutants that no test noticed, and a score for each folder. */
export function reportOf(
  sample: readonly Mutant[],
  verdicts: ReadonlyMap<Mutant, Verdict>,
  folders: readonly string[],
  seed: number,
): string {
  const lines: string[] = [];
  for (const mutant of inOrder(sample.filter((each) => !isNoticed(verdicts.get(each))))) {
    const verdict = verdicts.get(mutant);
    if (verdict !== undefined) lines.push(`${place(mutant)}  ${verdict}\n    ${describe(mutant)}`);
  }
  if (lines.length > 0) lines.push("");
  for (const folder of folders) {
    const own = sample.filter(({ file }) => file.startsWith(`${folder}/`));
    if (own.length > 0) lines.push(folder.padEnd(12) + score(own, verdicts));
  }
  lines.push(`seed ${seed}`.padEnd(12) + score(sample, verdicts));
  return lines.join("\n");
}

/** How many of the mutants that all tests have tried were noticed. */
function score(mutants: readonly Mutant[], verdicts: ReadonlyMap<Mutant, Verdict>): string {
  const isDecided = (mutant: Mutant): boolean =>
    verdicts.has(mutant) && verdicts.get(mutant) !== "undecided";
  const tried = mutants.filter(isDecided);
  const noticed = tried.filter((mutant) => isNoticed(verdicts.get(mutant))).length;
  const share = tried.length === 0 ? "" : `${Math.round(100 * noticed / tried.length)} %`;
  const open = mutants.length - tried.length;
  return `${noticed} of ${tried.length} killed`.padStart(20) + share.padStart(8) +
    (open > 0 ? `, ${open} not decided in the time` : "");
}

function place({ file, line }: Mutant): string {
  return `${file}:${line}`;
}

function inOrder(mutants: readonly Mutant[]): Mutant[] {
  return mutants.toSorted((a, b) => a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line);
}
