// Several patterns of names, see glob.ts.

import { type Glob, glob } from "./glob.ts";

/** The names that some patterns match: `*` stands for any characters, `?` for one, everything else for itself. */
export class Patterns {
  /** The patterns as they were given. */
  readonly texts: readonly string[];
  /** The patterns that stand for one name. */
  readonly names: ReadonlySet<string>;
  readonly #globs: readonly Glob[];
  readonly #isAll: boolean;

  /** The names that one of these patterns matches. */
  constructor(texts: readonly string[]) {
    this.texts = texts;
    this.names = new Set(texts.filter((text) => !isGlob(text)));
    this.#globs = texts.filter(isGlob).map(glob);
    this.#isAll = texts.includes("*");
  }

  /** Whether a name is matched. */
  has(name: string): boolean {
    return this.#isAll || this.names.has(name) || this.#globs.some(({ matches }) => matches(name));
  }

  /** The names, where all patterns stand for one name. */
  get listed(): ReadonlySet<string> | undefined {
    return this.#globs.length === 0 ? this.names : undefined;
  }

  /** What all other names that are matched begin with. */
  get beginnings(): readonly string[] {
    return this.#globs.map(({ prefix }) => prefix);
  }
}

/** Some keys of a queue: these, or those that patterns match. */
export type KeyChoice = ReadonlySet<string> | Patterns;

function isGlob(text: string): boolean {
  return /[*?]/.test(text);
}
