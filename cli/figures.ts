// Figures as people read them.

/** Milliseconds: `0.042 ms`, `1.3 ms`, `250 ms`, `2.50 s`. */
export function duration(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  return `${digits(ms)} ms`;
}

/** Three digits, or as many as there are before the point. */
export function digits(value: number): string {
  if (value >= 100 || value === 0) return value.toFixed(0);
  return value.toFixed(value >= 10 ? 1 : value >= 1 ? 2 : 3);
}

/** `12 345`. */
export function whole(value: number): string {
  return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, " ");
}

/** `512 B`, `1.20 MiB`. */
export function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (bytes >= 1024 && unit < units.length - 1) {
    bytes /= 1024;
    unit++;
  }
  return `${unit === 0 ? bytes : digits(bytes)} ${units[unit]}`;
}

/** `12.3 %`, and never 0 or 100 for what is neither. */
export function percent(part: number, all: number): string {
  const share = all === 0 ? 0 : 100 * part / all;
  if (share > 0 && share < 0.01) return "<0.01 %";
  if (share < 100 && share > 99.99) return ">99.99 %";
  return `${Number(share.toFixed(share < 1 ? 2 : 1))} %`;
}
