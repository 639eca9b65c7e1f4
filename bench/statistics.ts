/** The value in the middle of all by size. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

/** The result whose figure is the median of all figures. */
export function medianBy<T>(results: readonly T[], figure: (result: T) => number): T {
  return results.toSorted((a, b) => figure(a) - figure(b))[results.length >> 1];
}

/** The value that a share of these values, ordered by size, does not exceed; `NaN` if there are none. */
export function percentile(ordered: readonly number[], share: number): number {
  return ordered[Math.max(0, Math.ceil(share * ordered.length) - 1)] ?? NaN;
}
