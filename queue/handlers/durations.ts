/** Whole ms from one time to another; 0 if that is past. */
export function msBetween(from: number, to: number): number {
  return Math.max(0, Math.round(to - from));
}
