// Compares a polite client beside a scenario with the same client alone.

import type { HarmlessReports, Isolated } from "./isolation.ts";
import { medianBy } from "../statistics.ts";
import { p99, type Report } from "./tally.ts";

/** Merges several measurements of one kind. */
function merge(reports: readonly Report[]): Report {
  const total = (figure: "good" | "due") => reports.reduce((sum, each) => sum + each[figure], 0);
  return {
    ...reports[0],
    good: total("good"),
    due: total("due"),
    latencies: reports.flatMap(({ latencies }) => latencies).sort((a, b) => a - b),
  };
}

const KINDS = ["polite", "ping", "newcomers"] as const;

/** The results of those that do no harm while they are alone, over all measurements. */
export function alone(results: readonly Isolated[]): HarmlessReports {
  const merged = KINDS.map((kind) => merge(results.map(({ alone }) => alone[kind])));
  return Object.fromEntries(
    KINDS.map((kind, i) => [kind, merged[i]]),
  ) as unknown as HarmlessReports;
}

/** The share of the due requests that were answered in time. */
export function success({ good, due }: Report): number {
  return good / due;
}

/** The results of a polite client in the round with the median ratio. */
export interface Compared {
  isolated: Isolated;
  /** Its p99, in milliseconds. */
  p99: number;
  /** Its p99 over that of the same round while it was alone. */
  ratio: number;
  /** The share that was answered in time, over all rounds: one round is too short to tell a thousandth. */
  success: number;
}

/** Compares each scenario with the polite client alone. The results of a round are in one array. */
export function compare(rounds: readonly (readonly Isolated[])[]): Compared[] {
  const all = rounds.flatMap((results) => {
    const before = p99(alone(results).polite);
    return results.map((isolated) => {
      const beside = p99(isolated.beside.polite);
      return { isolated, p99: beside, ratio: beside / before };
    });
  });
  return [...Map.groupBy(all, ({ isolated }) => isolated.name).values()].map((same) => {
    const middle = medianBy(same, ({ ratio }) => ratio);
    const total = merge(same.map(({ isolated }) => isolated.beside.polite));
    return { ...middle, success: success(total) };
  });
}
