// The plot docs/overload.svg: goodput by offered load, and below it the p99 of a polite client by scenario.

import { drawPlot, line, svg, text } from "../../cli/load/svg_plot.ts";
import type { Compared } from "./compare.ts";
import type { Loaded } from "./runs.ts";

const WIDTH = 800, ROW = 26;
const AREA = { left: 60, right: 560, top: 30, bottom: 320 };
const BARS = { left: 230, right: 620, top: 410 };
const COLOURS = ["#0a7d33", "#1f77b4", "#9467bd"];
const TARGET = "#c23b22";
/** The goodput that the design promises, by offered load. */
const TARGETS = [[2, 0.95], [5, 0.9], [10, 0.8]] as const;

function goodput(loads: readonly Loaded[]): string[] {
  const modes = [...Map.groupBy(loads, ({ mode }) => mode.name)];
  return drawPlot({
    title: "goodput over TCP: answered within 100 ms, of the capacity",
    series: [
      ...modes.map(([name, same], i) => ({
        name,
        colour: COLOURS[i % COLOURS.length],
        width: 3,
        points: same.map(({ times, goodput }) => [times, Math.min(1.05, goodput)] as const),
      })),
      { name: "at least", colour: TARGET, points: TARGETS, isTarget: true },
    ],
    x: {
      name: "offered load",
      ticks: [0.5, 1, 2, 5, 10],
      format: (times) => `${times}x`,
      isLog: true,
    },
    y: { name: "", ticks: [0, 0.25, 0.5, 0.75, 1], format: (share) => `${100 * share} %` },
  }, AREA);
}

/** A bar for each scenario. */
function isolation(results: readonly Compared[]): string[] {
  const most = Math.max(4, ...results.map(({ ratio }) => ratio));
  const across = (ratio: number) => BARS.left + ratio / most * (BARS.right - BARS.left);
  const bottom = BARS.top + ROW * results.length;
  const bars = results.flatMap(({ isolated: { name }, p99, ratio, success }, i) => {
    const y = BARS.top + ROW * i;
    const width = (across(ratio) - BARS.left).toFixed(1);
    const colour = ratio <= 2 ? "#0a7d33" : "#c98a00";
    const figures = `${ratio.toFixed(1)}x, ${p99.toFixed(1)} ms (${(100 * success).toFixed(1)} %)`;
    return [
      text([BARS.left - 8, y + 17], name, "end"),
      `<rect x="${BARS.left}" y="${y + 4}" width="${width}" height="${ROW - 8}" fill="${colour}"/>`,
      text([across(ratio) + 6, y + 17], figures),
    ];
  });
  return [
    text(
      [AREA.left, BARS.top - 12],
      "p99 of a polite client during an attack, in times its p99 without one",
    ),
    ...bars,
    line([across(2), BARS.top], [across(2), bottom], TARGET),
    text([across(2), bottom + 16], "twice", "middle"),
  ];
}

/** The whole plot. */
export function plot(loads: readonly Loaded[], isolations: readonly Compared[]): string {
  const height = BARS.top + ROW * isolations.length + 30;
  return svg(
    "Goodput by offered load, and the latency of a polite client by what is beside it",
    { width: WIDTH, height, isFile: true },
    [...goodput(loads), ...isolation(isolations)],
  ) + "\n";
}
