// Values in the form in which flags take them, in the largest unit that leaves a whole number.

/** A number of ms: `1h`, `90s`, `250ms`. */
export function writtenDuration(ms: number): string {
  const units = [[86_400_000, "d"], [3_600_000, "h"], [60_000, "m"], [1000, "s"]] as const;
  const [length, unit] = units.find(([length]) => ms > 0 && ms % length === 0) ?? [1, "ms"];
  return `${ms / length}${unit}`;
}

/** A number of bytes: `1GiB`, `64KiB`, `500`. */
export function writtenSize(bytes: number): string {
  const units = [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"]] as const;
  const [length, unit] = units.find(([length]) => bytes > 0 && bytes % length === 0) ?? [1, ""];
  return `${bytes / length}${unit}`;
}
