// What duration.ts is for browsers: nobody reads what they write.

/** Milliseconds as they may be written on a line: `2000ms`. */
export function formatDuration(ms: number): string {
  return `${ms}ms`;
}
