/** A duration in its canonical form: `500ms`, `2s`. */
export function formatDuration(ms: number): string {
  return ms > 0 && ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}
