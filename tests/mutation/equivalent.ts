// The list of mutants that no test can kill because the program does the same with them, each with its reason.

import { describe, type Mutant } from "./mutants.ts";

/** A known equivalent mutant. */
export interface Equivalent {
  readonly file: string;
  /** The text of its line, where several lines of the file have such a mutant. */
  readonly code?: string;
  /** The mutant as a report shows it. */
  readonly mutant: string;
  /** Why the program does the same. */
  readonly reason: string;
}

/** The list. Throws where an entry has no reason. */
export async function loadEquivalents(): Promise<Equivalent[]> {
  const text = await Deno.readTextFile(
    new URL("./equivalent.json", import.meta.url),
  );
  const list: Equivalent[] = JSON.parse(text);
  for (const { file, mutant, reason } of list) {
    if (!reason?.trim()) {
      throw new Error(
        `equivalent.json: ${file}, ${mutant}: there is no reason`,
      );
    }
  }
  return list;
}

/** Whether an entry of the list is about this mutant. */
export function isAbout({ file, code, mutant: text }: Equivalent, mutant: Mutant): boolean {
  return file === mutant.file && (code ?? mutant.code) === mutant.code && text === describe(mutant);
}
