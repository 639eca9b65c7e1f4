// The one way to print a figure, for every command.
//
// Intl.NumberFormat groups the digits. The rest is ours: @std/fmt/bytes prints "kiB", a unit that no flag of Lineup takes,
// and @std/fmt/duration prints each unit down to "0ns" where a latency needs three digits.

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** A whole number: `12,345`. */
export function whole(value: number): string {
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

/** A long time in seconds, in its two largest units: `43s`, `2h 5m`, `12d 0h`. */
export function age(seconds: number): string {
  const units = [[86_400, "d"], [3600, "h"], [60, "m"], [1, "s"]] as const;
  const first = units.findIndex(([length]) => seconds >= length);
  const shown = units.slice(first === -1 ? units.length - 1 : first).slice(0, 2);
  let left = seconds;
  return shown.map(([length, unit]) => {
    const count = Math.floor(left / length);
    left -= count * length;
    return `${count}${unit}`;
  }).join(" ");
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
