// The results by level, and the lines at the end of a check.

import type { CheckResult } from "./result.ts";

/** The results of one level. */
interface Count {
  ok: number;
  failed: number;
  skipped: number;
}

/** The results of a check, by level. */
export class Tally {
  readonly #levels = new Map<string, Count>();

  /** The results of all levels. */
  readonly all: Count = { ok: 0, failed: 0, skipped: 0 };

  /** Counts a result. */
  add({ level, status }: CheckResult): void {
    const count = this.#levels.get(level) ?? { ok: 0, failed: 0, skipped: 0 };
    this.#levels.set(level, count);
    count[status]++;
    this.all[status]++;
  }

  /** The number of failed cases of a level. */
  failed(level: string): number {
    return this.#levels.get(level)?.failed ?? 0;
  }

  /** A line for each level. */
  levels(): string {
    return [...this.#levels].map(([level, count]) => `${level.padEnd(11)}${verdict(count)}\n`)
      .join("");
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
