/**
 * `deno run --config bench/deno.json --allow-read --allow-write --allow-env bench/policies.ts`: what a server that gets
 * more load than it can serve achieves, by policy. Writes the table of docs/SCHEDULING.md and the plot
 * docs/scheduling.svg. The same seed (`LINEUP_SEED`) gives the same results.
 *
 * One server, exponential service of 1 ms on average, Poisson arrivals that do not slow down, a deadline of 100 ms.
 * Goodput is the number of jobs done before their deadline, in percent of the capacity.
 */
import { svg } from "../cli/load/svg_plot.ts";
import { table, writePart } from "./docs_page.ts";
import { drawGoodput, WIDTH } from "./goodput_plot.ts";
import { type Outcome, simulate } from "./policies/simulate.ts";
import { lineup, POLICIES } from "./policies/systems.ts";
import { percentile } from "./statistics.ts";

function p99({ latencies }: Outcome): number {
  return percentile(latencies.toSorted((a, b) => a - b), 0.99);
}

function cell(value: number, digits = 0): string {
  return Number.isNaN(value) ? "–" : value.toFixed(digits);
}

function goodputTable(): string {
  const loads = [0.95, 2, 5, 10];
  const alone = cell(p99(simulate(lineup, 0, 2_000_000, 0.05).polite), 1);
  const heads = [...loads.map((load) => `${load}x`), `polite beside 100x (alone ${alone} ms)`];
  const rows = POLICIES.map(({ name, system }) => {
    const cells = loads.map((load) => {
      const ms = 400_000 / Math.max(1, load / 2);
      const { all } = simulate(system, load, ms);
      return `${cell(100 * all.good / ms)} / ${cell(p99(all))}`;
    });
    const { polite } = simulate(system, 100, 60_000, 0.05);
    cells.push(`${cell(100 * polite.good / polite.sent, 1)} % / ${cell(p99(polite), 1)}`);
    return [name, ...cells];
  });
  return table([["policy", ...heads], ...rows]);
}

const PLOTTED = [0.5, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.4, 1.7, 2, 2.5, 3, 4, 5, 7, 10];
const PLOTTED_MS = 30_000;

function plot(): string {
  const series = POLICIES.map(({ name, colour, system }) => ({
    name,
    colour,
    width: name === "Lineup" ? 3.5 : 1.8,
    points: PLOTTED.map((load) =>
      [load, simulate(system, load, PLOTTED_MS).all.good / PLOTTED_MS] as const
    ),
  }));
  const title = "goodput: answered within 100 ms, of the capacity";
  const drawn = drawGoodput(title, "offered load, times capacity", series);
  const size = { width: WIDTH, height: 380, isFile: true };
  return svg("Goodput by offered load and policy", size, drawn) + "\n";
}

if (import.meta.main) {
  writePart("SCHEDULING.md", "policies.ts", [goodputTable()]);
  Deno.writeTextFileSync(new URL("../docs/scheduling.svg", import.meta.url), plot());
}
