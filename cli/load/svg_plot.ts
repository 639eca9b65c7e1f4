// A plot as inline SVG, as a page shows it without any script.

import { digits } from "../figures.ts";

/** Points of one colour with a line between them. */
export interface Series {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** What is drawn, and how its axes read. */
export interface Plot {
  readonly title: string;
  readonly lines: readonly Series[];
  /** What a place on the x axis is called. */
  readonly x: { readonly name: string; readonly show: (x: number) => string; ticks: number[] };
  readonly y: { readonly name: string; readonly isLog: boolean };
}

const WIDTH = 860, HEIGHT = 300, LEFT = 70, RIGHT = 20, TOP = 34, BOTTOM = 44;

/** The plot as SVG. */
export function svgPlot({ title, lines, x, y }: Plot): string {
  const ys = lines.flatMap(({ points }) => points.map(([, y]) => y)).filter((y) => y > 0);
  if (ys.length === 0) return "";
  const xs = lines.flatMap(({ points }) => points.map(([x]) => x));
  const [left, right] = [Math.min(...xs), Math.max(...xs)];
  const ticks = y.isLog ? logTicks(Math.min(...ys), Math.max(...ys)) : linearTicks(Math.max(...ys));
  const scale = y.isLog ? Math.log : (value: number): number => value;
  const [bottom, top] = [scale(ticks[0]), scale(ticks[ticks.length - 1])];
  const toX = (x: number): number =>
    round(LEFT + (right === left ? 0.5 : (x - left) / (right - left)) * (WIDTH - LEFT - RIGHT));
  const toY = (y: number): number => {
    const share = (scale(Math.max(y, y === 0 ? ticks[0] : y)) - bottom) / (top - bottom);
    return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM));
  };
  const parts = [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">`,
    `<text x="${LEFT}" y="16" class="title">${title}</text>`,
    ...ticks.map((tick) =>
      `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${toY(tick)}" y2="${
        toY(tick)
      }" class="grid"/>` +
      `<text x="${LEFT - 8}" y="${toY(tick) + 4}" text-anchor="end">${digits(tick)}</text>`
    ),
    ...x.ticks.filter((tick) => tick >= left && tick <= right).map((tick) =>
      `<text x="${toX(tick)}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${
        x.show(tick)
      }</text>`
    ),
    `<text x="${WIDTH - RIGHT}" y="${HEIGHT - 8}" text-anchor="end">${x.name}</text>`,
    `<text x="${LEFT - 8}" y="${TOP - 12}" text-anchor="end">${y.name}</text>`,
    ...lines.map(({ colour, points }) => shape(colour, points.map(([x, y]) => [toX(x), toY(y)]))),
    ...legend(lines),
    "</svg>",
  ];
  return parts.join("\n");
}

function shape(colour: string, points: readonly (readonly number[])[]): string {
  // A line of one point would not be seen.
  if (points.length === 1) {
    return `<circle cx="${points[0][0]}" cy="${points[0][1]}" r="3" fill="${colour}"/>`;
  }
  return `<polyline points="${
    points.map((point) => point.join(",")).join(" ")
  }" stroke="${colour}"/>`;
}

function legend(lines: readonly Series[]): string[] {
  if (lines.length < 2) return [];
  return lines.map(({ name, colour }, i) => {
    const x = WIDTH - RIGHT - (lines.length - i) * 76;
    return `<line x1="${x}" x2="${x + 16}" y1="12" y2="12" stroke="${colour}" stroke-width="3"/>` +
      `<text x="${x + 22}" y="16">${name}</text>`;
  });
}

/** About five round figures from 0 up to at least `most`. */
export function linearTicks(most: number): number[] {
  const rough = most / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough)!;
  const ticks: number[] = [];
  for (let i = 0; ticks.length === 0 || ticks[i - 1] < most; i++) {
    ticks.push(Number((i * step).toPrecision(12)));
  }
  return ticks;
}

function logTicks(least: number, most: number): number[] {
  const ticks: number[] = [];
  let power = Math.floor(Math.log10(least));
  do ticks.push(Number(`1e${power++}`)); while (ticks[ticks.length - 1] < most);
  if (ticks.length === 1) ticks.push(Number(`1e${power}`));
  return ticks;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
