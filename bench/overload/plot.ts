// The plot docs/overload.svg: goodput by offered load, and below it the p99 of a polite client by scenario.

import { line, svg, text } from "../../cli/load/svg_plot.ts";
import { AREA, drawGoodput, WIDTH } from "../goodput_plot.ts";
import type { Compared } from "./compare.ts";
import type { Loaded } from "./offered_load.ts";

const ROW = 26;
const BARS = { left: 230, right: 620, top: 410 } as const;
const COLOURS = ["#0a7d33", "#1f77b4", "#9467bd"];
const TARGET = "#c23b22";
/** The goodput that the design promises, by offered load. */
const TARGETS = [[2, 0.95], [5, 0.9], [10, 0.8]] as const;

function goodputChart(loads: readonly Loaded[]): string[] {
  const modes = [...Map.groupBy(loads, ({ mode }) => mode.name)];
  return drawGoodput("goodput over TCP: answered within 100 ms, of the capacity", "offered load", [
    ...modes.map(([name, same], i) => ({
      name,
      colour: COLOURS[i % COLOURS.length],
      width: 3,
      points: same.map(({ times, goodput }) => [times, goodput] as const),
    })),
    { name: "at least", colour: TARGET, points: TARGETS, isTarget: true },
  ]);
}

/** A bar for each scenario. */
function latencyBars(results: readonly Compared[]): string[] {
  const longest = Math.max(4, ...results.map(({ ratio }) => ratio));
  const across = (ratio: number) => BARS.left + ratio / longest * (BARS.right - BARS.left);
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

/** The plot of a run. */
export function plot(loads: readonly Loaded[], isolations: readonly Compared[]): string {
  const height = BARS.top + ROW * isolations.length + 30;
  return svg(
    "Goodput by offered load, and the latency of a polite client by the clients beside it",
    { width: WIDTH, height, isFile: true },
    [...goodputChart(loads), ...latencyBars(isolations)],
  ) + "\n";
}
