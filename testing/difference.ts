// The difference between expected lines and those that came, for a person.

import { matches } from "../dialects/answer_pattern.ts";

/** Above this number of lines, lines are compared place by place. */
const MOST_ALIGNED = 500;

/** One line of a difference. */
export interface DifferenceLine {
  /** `-`: expected, and did not come; `+`: came, and was not expected; a space: both. */
  readonly mark: "-" | "+" | " ";
  readonly text: string;
}

/** Aligns lines that came with expected ones, in which `…` stands for any text. */
export function difference(
  expected: readonly string[],
  came: readonly string[],
): DifferenceLine[] {
  const lengths = commonLengths(expected, came);
  const lines: DifferenceLine[] = [];
  let i = 0, j = 0;
  while (i < expected.length || j < came.length) {
    if (i < expected.length && j < came.length && matches(came[j], expected[i])) {
      lines.push({ mark: " ", text: expected[i++] });
      j++;
    } else if (
      j === came.length || (i < expected.length && lengths(i + 1, j) >= lengths(i, j + 1))
    ) {
      lines.push({ mark: "-", text: expected[i++] });
    } else lines.push({ mark: "+", text: came[j++] });
  }
  return lines;
}

/** The number of lines that what is left of both has in common, from places in each. */
function commonLengths(
  expected: readonly string[],
  came: readonly string[],
): (i: number, j: number) => number {
  if (expected.length > MOST_ALIGNED || came.length > MOST_ALIGNED) return () => 0;
  const width = came.length + 1;
  const table = new Uint16Array((expected.length + 1) * width);
  for (let i = expected.length - 1; i >= 0; i--) {
    for (let j = came.length - 1; j >= 0; j--) {
      table[i * width + j] = matches(came[j], expected[i])
        ? table[(i + 1) * width + j + 1] + 1
        : Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
    }
  }
  return (i, j) => table[i * width + j];
}
