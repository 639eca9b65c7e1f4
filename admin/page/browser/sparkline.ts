// A small line without axes, for a row of a table. The figures beside it tell the same.

import { type Drawn, html } from "./html.ts";

const [WIDTH, HEIGHT] = [96, 22];
/** A sparkline has at most so many points. */
const POINTS = 96;

/** The course of a figure. */
export function Sparkline(
  { values, color = "blue" }: { values: readonly (number | null)[]; color?: string },
): Drawn {
  const points = thinned(values);
  const high = Math.max(1, ...points);
  const x = (i: number): string => (i * WIDTH / Math.max(1, points.length - 1)).toFixed(1);
  const y = (value: number): string => (HEIGHT - 1.5 - value * (HEIGHT - 3) / high).toFixed(1);
  const path = points.map((value, i) => `${i === 0 ? "M" : "L"}${x(i)} ${y(value)}`).join("");
  const area = points.length > 1 ? `${path}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}Z` : "";
  return html`
    <svg class=${`sparkline ${color}`} viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <path class="area" d=${area} />
      <path class="stroke" d=${path} />
    </svg>
  `;
}

/** At most so many points: of each group of values the highest. */
function thinned(values: readonly (number | null)[]): number[] {
  const size = Math.ceil(values.length / POINTS) || 1;
  const points: number[] = [];
  for (let i = 0; i < values.length; i += size) {
    points.push(Math.max(0, ...values.slice(i, i + size).map((value) => value ?? 0)));
  }
  return points;
}
