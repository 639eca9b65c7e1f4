/** The figures that are the same for all engines of a process, or a state of any of them: the highest counts. */
const HIGHEST: ReadonlySet<string> = new Set([
  "queue-held-bytes-limit",
  "queue-store-bytes-left",
  "queue-read-only",
]);

/** The figures of several engines as those of one. */
export function summed(
  all: Iterable<Iterable<readonly [name: string, value: number]>>,
): Iterable<readonly [name: string, value: number]> {
  const sums = new Map<string, number>();
  for (const figures of all) {
    for (const [name, value] of figures) {
      const before = sums.get(name) ?? 0;
      sums.set(name, HIGHEST.has(name) ? Math.max(before, value) : before + value);
    }
  }
  return sums;
}
