// How figures are written for a person.

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
/** A figure that is not known. */
export const NOTHING = "–";

/** A whole number: `12,345`. */
export function whole(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? NOTHING : grouped.format(value);
}

/** About three digits: `0.04`, `1.3`, `12.3`, `12,345`, `1.2M`. */
export function digits(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return NOTHING;
  if (value >= 10_000_000) return `${(value / 1e6).toFixed(1)}M`;
  if (value >= 100 || Number.isInteger(value)) return whole(value);
  return String(Number(value.toFixed(value >= 10 ? 1 : 2)));
}

/** A rate: `12.3/s`. */
export function perSecond(value: number | undefined): string {
  return value === undefined || Number.isNaN(value) ? NOTHING : `${digits(value)}/s`;
}

/** A short time in ms: `0.04 ms`, `250 ms`, `2.5 s`. */
export function milliseconds(ms: number | undefined): string {
  if (ms === undefined || Number.isNaN(ms)) return NOTHING;
  return ms >= 1000 ? `${digits(ms / 1000)} s` : `${digits(ms)} ms`;
}

const UNITS = [[86_400, "d"], [3600, "h"], [60, "m"], [1, "s"]] as const;

/** A long time in ms, in its two largest units: `850 ms`, `42 s`, `4m 12s`, `2h 5m`, `12d`. */
export function duration(ms: number | undefined): string {
  if (ms === undefined || Number.isNaN(ms)) return NOTHING;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  let left = Math.round(ms / 1000);
  const first = UNITS.findIndex(([length]) => left >= length);
  return UNITS.slice(first, first + 2).flatMap(([length, unit]) => {
    const count = Math.floor(left / length);
    left -= count * length;
    return count === 0 ? [] : [`${count}${unit}`];
  }).join(" ");
}

const SIZES = ["B", "KiB", "MiB", "GiB", "TiB"];

/** A number of bytes: `512 B`, `1.2 MiB`. */
export function bytes(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return NOTHING;
  let unit = 0;
  for (; value >= 1024 && unit < SIZES.length - 1; unit++) value /= 1024;
  return `${digits(value)} ${SIZES[unit]}`;
}

/** A share of 1: `12 %`. */
export function percent(share: number | undefined): string {
  if (share === undefined || Number.isNaN(share)) return NOTHING;
  return `${share > 0 && share < 0.01 ? "<1" : Math.round(share * 100)} %`;
}

/** How many there are: `1 job`, `12,345 jobs`. */
export function counted(count: number, noun: string): string {
  return `${whole(count)} ${noun}${count === 1 ? "" : "s"}`;
}

const clockTime = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const dateTime = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "medium" });

/** The time of day: `14:03:05`. */
export function timeOfDay(at: number): string {
  return clockTime.format(at);
}

/** The date and the time of day. */
export function moment(at: number): string {
  return dateTime.format(at);
}
