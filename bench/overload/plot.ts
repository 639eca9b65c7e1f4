// The plot docs/overload.svg: goodput by offered load, and the polite client's p99 by scenario.

import type { Compared } from "./compare.ts";
import type { Loaded } from "./runs.ts";

const [WIDTH, ROW] = [760, 26];
const AREA = { left: 60, right: 560, top: 30, bottom: 320 };
const BARS = { left: 230, right: 620, top: 410 };
const COLOURS = ["#0a7d33", "#1f77b4", "#9467bd"];
/** What issue and design ask for, by offered load. */
const GATES: [times: number, goodput: number][] = [[2, 0.95], [5, 0.9], [10, 0.8]];

function text(x: number, y: number, content: string, rest = ""): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${rest}>${content}</text>`;
}

function line([x1, y1]: number[], [x2, y2]: number[], colour = "#dddddd"): string {
  return `<path d="M${x1.toFixed(1)} ${y1.toFixed(1)}L${x2.toFixed(1)} ${y2.toFixed(1)}" ` +
    `stroke="${colour}"/>`;
}

/** Loads on a logarithmic axis from 0.5 to 10, goodput from 0 to 100 %. */
function point(times: number, goodput: number): [number, number] {
  const across = Math.log(times / 0.5) / Math.log(20);
  return [
    AREA.left + across * (AREA.right - AREA.left),
    AREA.bottom - Math.min(1.05, goodput) * (AREA.bottom - AREA.top),
  ];
}

function goodput(loads: readonly Loaded[]): string[] {
  const parts: string[] = [];
  for (const goodput of [0, 0.25, 0.5, 0.75, 1]) {
    parts.push(line(point(0.5, goodput), point(10, goodput)));
    const [x, y] = point(0.5, goodput);
    parts.push(text(x - 8, y + 4, `${100 * goodput} %`, 'text-anchor="end"'));
  }
  for (const times of [0.5, 1, 2, 5, 10]) {
    parts.push(line(point(times, 0), point(times, 1)));
    const [x, y] = point(times, 0);
    parts.push(text(x, y + 18, `${times}x`, 'text-anchor="middle"'));
  }
  const middle = (AREA.left + AREA.right) / 2;
  parts.push(text(middle, AREA.bottom + 40, "offered load", 'text-anchor="middle"'));
  parts.push(text(AREA.left, 18, "goodput over TCP: answered within 100 ms, of the capacity"));
  for (const [i, [name, same]] of [...Map.groupBy(loads, ({ mode }) => mode.name)].entries()) {
    const colour = COLOURS[i % COLOURS.length];
    const points = same.map(({ times, goodput }) =>
      point(times, goodput).map((value) => value.toFixed(1)).join(" ")
    );
    parts.push(
      `<path d="M${points.join("L")}" fill="none" stroke="${colour}" stroke-width="3"/>`,
    );
    const y = AREA.top + 20 + 24 * i;
    parts.push(`<path d="M575 ${y - 4}h22" stroke="${colour}" stroke-width="3"/>`);
    parts.push(text(604, y, name));
  }
  for (const [times, goodput] of GATES) {
    const [x, y] = point(times, goodput);
    parts.push(line([x - 12, y], [x + 12, y], "#c23b22"));
  }
  const y = AREA.top + 20 + 24 * new Set(loads.map(({ mode }) => mode)).size;
  parts.push(line([575, y - 4], [597, y - 4], "#c23b22"), text(604, y, "at least"));
  return parts;
}

function isolation(results: readonly Compared[]): string[] {
  const most = Math.max(4, ...results.map(({ ratio }) => ratio));
  const across = (ratio: number) => BARS.left + ratio / most * (BARS.right - BARS.left);
  const bottom = BARS.top + ROW * results.length;
  const parts = [
    text(AREA.left, BARS.top - 12, "p99 of a polite client, in times that alone, beside"),
  ];
  for (const [i, { isolated: { name }, p99, ratio, success }] of results.entries()) {
    const y = BARS.top + ROW * i;
    const width = (across(ratio) - BARS.left).toFixed(1);
    const colour = ratio <= 2 ? "#0a7d33" : "#c98a00";
    parts.push(text(BARS.left - 8, y + 17, name, 'text-anchor="end"'));
    parts.push(
      `<rect x="${BARS.left}" y="${y + 4}" width="${width}" height="${ROW - 8}" fill="${colour}"/>`,
    );
    const words = `${ratio.toFixed(1)}x, ${p99.toFixed(1)} ms (${(100 * success).toFixed(1)} %)`;
    parts.push(text(across(ratio) + 6, y + 17, words));
  }
  const twice = across(2);
  parts.push(line([twice, BARS.top], [twice, bottom], "#c23b22"));
  parts.push(text(twice, bottom + 16, "twice", 'text-anchor="middle"'));
  return parts;
}

/** The whole plot. */
export function plot(loads: readonly Loaded[], isolations: readonly Compared[]): string {
  const height = BARS.top + ROW * isolations.length + 30;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" ` +
    `font-family="sans-serif" font-size="13" fill="#222222">`,
    `<title>Goodput by offered load, and the latency of a polite client by what is beside it</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    ...goodput(loads),
    ...isolation(isolations),
    `</svg>`,
    "",
  ].join("\n");
}
