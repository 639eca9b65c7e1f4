// The one way to print a figure, for every command.
//
// Intl.NumberFormat groups the digits. The rest is ours: @std/fmt/bytes prints "kiB", a unit that no flag of Lineup takes,
// and @std/fmt/duration prints each unit down to "0ns" where a latency needs three digits.

/** Made when it is needed: this takes as long as the rest of a command's start. */
let grouped: Intl.NumberFormat | undefined;

/** A whole number: `12,345`. */
export function whole(value: number): string {
  grouped ??= new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
  return grouped.format(value);
}

/** Three digits, or all that stand before the point: `0.042`, `1.30`, `12.3`, `12,345`. */
export function digits(value: number): string {
  if (value >= 100 || value === 0) return whole(value);
  return value.toFixed(value >= 10 ? 1 : value >= 1 ? 2 : 3);
}

/** How many there are of something: `1 job`, `12,345 jobs`. */
export function counted(count: number, noun: string): string {
  return `${whole(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** A duration in milliseconds: `0.042 ms`, `1.30 ms`, `250 ms`, `2.50 s`. */
export function duration(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return `${digits(ms)} ms`;
}

/** A long time in milliseconds, in its two largest units: `850ms`, `1.5s`, `4m12s`, `2h5m`, `12d`. */
export function age(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (ms < 10_000) return `${Math.floor(ms / 100) / 10}s`;
  const units = [[86_400, "d"], [3600, "h"], [60, "m"], [1, "s"]] as const;
  let left = Math.floor(ms / 1000);
  const first = units.findIndex(([length]) => left >= length);
  return units.slice(first, first + 2).map(([length, unit]) => {
    const count = Math.floor(left / length);
    left -= count * length;
    return count === 0 ? "" : `${count}${unit}`;
  }).join("");
}

/** A number of bytes: `512 B`, `1.20 MiB`. */
export function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (bytes >= 1024 && unit < units.length - 1) {
    bytes /= 1024;
    unit++;
  }
  return `${unit === 0 ? bytes : digits(bytes)} ${units[unit]}`;
}

/** A share: `12.3 %`. It is 0 % or 100 % only where it is exactly that. */
export function percent(part: number, all: number): string {
  const share = all === 0 ? 0 : 100 * part / all;
  if (share > 0 && share < 0.01) return "<0.01 %";
  if (share < 100 && share > 99.99) return ">99.99 %";
  return `${Number(share.toFixed(share < 1 ? 2 : 1))} %`;
}
