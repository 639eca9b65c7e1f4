// The chart of goodput by offered load at the top of two plots in docs/.

import { type Area, drawPlot, type Series } from "../cli/load/svg_plot.ts";

/** The place of the chart in its image, in pixels. */
export const AREA: Area = { left: 60, right: 560, top: 30, bottom: 320 };
/** The width of the image, with room for a legend beside the chart, in pixels. */
export const WIDTH = 800;

/** Draws the chart. A point is a load in times the capacity, from 0.5 to 10, and a goodput from 0 to 1. */
export function drawGoodput(title: string, loads: string, series: readonly Series[]): string[] {
  return drawPlot({
    title,
    series: series.map((each) => ({
      ...each,
      points: each.points.map(([load, goodput]) => [load, Math.min(1.05, goodput)] as const),
    })),
    x: { name: loads, ticks: [0.5, 1, 2, 5, 10], format: (load) => `${load}x`, isLog: true },
    y: { name: "", ticks: [0, 0.25, 0.5, 0.75, 1], format: (share) => `${100 * share} %` },
  }, AREA);
}
