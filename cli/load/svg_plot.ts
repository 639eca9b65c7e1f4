// Plots as static SVG: lines over two axes, for the report of a load and for the figures of docs/.
//
// Ours, because no small library draws SVG without a DOM: Observable Plot needs jsdom, echarts has a megabyte, and d3's
// scales bring seven packages for the two functions of ticks at the end of this file.

import { escape } from "@std/html/entities";

/** A series of points. */
export interface Series {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** The width of the line. Default: 1.5. */
  readonly width?: number;
  /** Whether each point is a target: a short mark instead of a part of a line. */
  readonly isTarget?: boolean;
}

/** An axis. It reaches from its first tick to its last. */
export interface Axis {
  readonly name: string;
  readonly ticks: readonly number[];
  readonly format: (tick: number) => string;
  readonly isLog?: boolean;
}

/** Series over two axes. */
export interface Plot {
  readonly title: string;
  readonly series: readonly Series[];
  readonly x: Axis;
  readonly y: Axis;
}

/** The rectangle between the axes, in pixels. */
export interface Area {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  /** Whether the legend stands below the area instead of to the right of it. */
  readonly legendBelow?: boolean;
}

const GRID = "#88888844";

/** An SVG image. The text has the colour of the page around it, or is dark on white in a file of its own. */
export function svg(
  title: string,
  { width, height, isFile = false, className }: {
    width: number;
    height: number;
    isFile?: boolean;
    className?: string;
  },
  parts: readonly string[],
): string {
  const [namespace, colour] = isFile
    ? [' xmlns="http://www.w3.org/2000/svg"', "#222222"]
    : ["", "currentColor"];
  return [
    `<svg${namespace}${className === undefined ? "" : ` class="${className}"`} ` +
    `viewBox="0 0 ${width} ${height}" role="img" font-family="sans-serif" ` +
    `font-size="13" fill="${colour}">`,
    `<title>${escape(title)}</title>`,
    ...(isFile ? [`<rect width="${width}" height="${height}" fill="#ffffff"/>`] : []),
    ...parts,
    "</svg>",
  ].join("\n");
}

/** Text at a point; `anchor` is the part of the text that stands there. */
export function text(
  [x, y]: readonly [number, number],
  content: string,
  anchor: "start" | "middle" | "end" = "start",
): string {
  return `<text x="${round(x)}" y="${round(y)}" text-anchor="${anchor}">${escape(content)}</text>`;
}

/** A straight line. */
export function line(
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
  colour: string = GRID,
  width = 1,
): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" ` +
    `stroke="${colour}" stroke-width="${width}"/>`;
}

/** The elements of a plot. Its title stands above the area, the name of the x axis below, the legend where the area says. */
export function drawPlot({ title, series, x, y }: Plot, area: Area): string[] {
  const across = scale(x, area.left, area.right);
  const up = scale(y, area.bottom, area.top);
  const middle = (area.left + area.right) / 2;
  return [
    text([area.left, area.top - 12], title),
    ...y.ticks.flatMap((tick) => [
      line([area.left, up(tick)], [area.right, up(tick)]),
      text([area.left - 8, up(tick) + 4], y.format(tick), "end"),
    ]),
    ...(y.name === "" ? [] : [text([area.left - 8, area.top - 12], y.name, "end")]),
    ...x.ticks.flatMap((tick) => [
      line([across(tick), area.bottom], [across(tick), area.top]),
      text([across(tick), area.bottom + 18], x.format(tick), "middle"),
    ]),
    text([middle, area.bottom + 38], x.name, "middle"),
    ...series.flatMap((each) =>
      drawSeries(each, each.points.map(([x, y]) => [across(x), up(y)] as const))
    ),
    ...(series.length < 2 ? [] : legend(series, area)),
  ];
}

function drawSeries(
  { colour, width = 1.5, isTarget }: Series,
  points: readonly (readonly [number, number])[],
): string[] {
  if (isTarget) return points.map(([x, y]) => line([x - 12, y], [x + 12, y], colour, width));
  // A line of one point is invisible.
  if (points.length === 1) {
    const [[x, y]] = points;
    return [`<circle cx="${round(x)}" cy="${round(y)}" r="3" fill="${colour}"/>`];
  }
  const pairs = points.map(([x, y]) => `${round(x)},${round(y)}`).join(" ");
  return [
    `<polyline points="${pairs}" fill="none" stroke="${colour}" stroke-width="${width}"/>`,
  ];
}

function legend(
  series: readonly Series[],
  { left, right, top, bottom, legendBelow = false }: Area,
): string[] {
  const step = (right - left) / series.length;
  return series.flatMap(({ name, colour, width = 1.5 }, i) => {
    const [x, y] = legendBelow ? [left + step * i, bottom + 60] : [right + 15, top + 16 + 24 * i];
    return [
      line([x, y], [x + 22, y], colour, Math.max(2, width)),
      text([x + 29, y + 4], name),
    ];
  });
}

/** Places a value of an axis between two pixels. A log axis has no 0; what is below its first tick is drawn there. */
function scale({ ticks, isLog = false }: Axis, from: number, to: number) {
  const measure = isLog ? Math.log : (value: number): number => value;
  const [least, most] = [ticks[0], ticks[ticks.length - 1]];
  const [first, last] = [measure(least), measure(most)];
  return (value: number): number => {
    const share = (measure(isLog ? Math.max(value, least) : value) - first) / (last - first);
    return from + share * (to - from);
  };
}

/** About five round numbers from 0 to at least `most`. */
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

/** The powers of ten from at most `least` to at least `most`; two or more. */
export function logTicks(least: number, most: number): number[] {
  const ticks: number[] = [];
  let power = Math.floor(Math.log10(least));
  do ticks.push(Number(`1e${power++}`)); while (ticks[ticks.length - 1] < most);
  if (ticks.length === 1) ticks.push(Number(`1e${power}`));
  return ticks;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
