// The part of an answer that differs from the expected one.

import { matches } from "../../dialects/lineup1/conformance/mod.ts";

/** Two texts that should be the same. */
export interface Difference {
  readonly expected: string;
  readonly came: string;
  /** The number of the first line in which they differ, from 1 on. */
  readonly line: number;
}

/**
 * The lines of an answer that differ from the pattern, without equal lines before and behind them; `undefined` if the
 * answer matches.
 */
export function difference(came: string, expected: string): Difference | undefined {
  if (matches(came, expected)) return undefined;
  const [is, should] = [came.split("\n"), expected.split("\n")];
  let start = 0;
  while (
    start < is.length && start < should.length && isSure(should[start]) &&
    matches(is[start], should[start])
  ) start++;
  let end = 0;
  while (
    end < Math.min(is.length, should.length) - start && isSure(should[should.length - 1 - end]) &&
    matches(is[is.length - 1 - end], should[should.length - 1 - end])
  ) end++;
  const cut = (lines: string[]): string => lines.slice(start, lines.length - end).join("\n");
  return { expected: cut(should), came: cut(is), line: start + 1 };
}

/** Whether a line of a pattern stands for one line: one that ends or begins with `…` may stand for several. */
function isSure(line: string): boolean {
  return line !== "…" && !line.startsWith("…");
}
