// The results by level, and the lines at the end of a check.

import type { CheckResult } from "./result.ts";

/** The results of one level. */
interface Count {
  ok: number;
  failed: number;
  skipped: number;
}

/** The levels that no server may leave out; `examples` are of the server's own protocol. */
const NEEDED = ["core", "examples"];

/** The results of a check, by level. */
export class Tally {
  readonly #mayLack: boolean;
  readonly #levels = new Map<string, Count>();

  /** The results of all levels. */
  readonly all: Count = { ok: 0, failed: 0, skipped: 0 };

  /** With `mayLack`, an optional level of which every case fails is one that the server does not offer. */
  constructor({ mayLack }: { mayLack: boolean }) {
    this.#mayLack = mayLack;
  }

  /** Counts a result. */
  add({ level, status }: CheckResult): void {
    const count = this.#levels.get(level) ?? { ok: 0, failed: 0, skipped: 0 };
    this.#levels.set(level, count);
    count[status]++;
    this.all[status]++;
  }

  /** Whether the server fails in a level that it offers, or must offer. */
  get isFailure(): boolean {
    return [...this.#levels].some(([level, count]) => count.failed > 0 && !this.#isLacking(level));
  }

  #isLacking(level: string): boolean {
    const { ok, failed } = this.#levels.get(level)!;
    return this.#mayLack && !NEEDED.includes(level) && ok === 0 && failed > 0;
  }

  /** A line for each level. */
  levels(): string {
    return [...this.#levels].map(([level, count]) => {
      const lacking = `not offered: all ${count.failed} cases failed`;
      return `${level.padEnd(11)}${this.#isLacking(level) ? lacking : verdict(count)}\n`;
    }).join("");
  }

  /** The numbers of all levels. */
  toString(): string {
    const { ok, failed, skipped } = this.all;
    return `${ok} ok, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
  }
}

function verdict({ ok, failed, skipped }: Count): string {
  if (failed > 0) return `FAILED: ${failed} of ${ok + failed} cases`;
  if (ok === 0) return `not checked: ${skipped} cases skipped`;
  return `passed${skipped > 0 ? `, but ${skipped} of ${ok + skipped} cases skipped` : ""}`;
}
