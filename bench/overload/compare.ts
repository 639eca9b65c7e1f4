// A polite client beside a scenario, compared with itself while nobody else is there.

import type { Isolated, Served } from "./runs.ts";
import { median, p99, type Report } from "./tally.ts";

/** Several measurements of one kind as one. */
function together(reports: readonly Report[]): Report {
  const total = (figure: "good" | "due") => reports.reduce((sum, each) => sum + each[figure], 0);
  return {
    ...reports[0],
    good: total("good"),
    due: total("due"),
    latencies: reports.flatMap(({ latencies }) => latencies).sort((a, b) => a - b),
  };
}

const KINDS = ["polite", "ping", "newcomers"] as const;

/** What they met while nobody else was there, over all that was measured. */
export function alone(results: readonly Isolated[]): Served {
  const merged = KINDS.map((kind) => together(results.map(({ alone }) => alone[kind])));
  return Object.fromEntries(KINDS.map((kind, i) => [kind, merged[i]])) as unknown as Served;
}

/** The share of what was due that was answered in time. */
export function success({ good, due }: Report): number {
  return good / due;
}

/** What came of a polite client in the round whose ratio is the middle one. */
export interface Compared {
  isolated: Isolated;
  /** Its p99, and how many times that of the same round while nobody else was there. */
  p99: number;
  ratio: number;
  /** The share that was answered in time, over all rounds: one is too short for a thousandth. */
  success: number;
}

/** Compares each scenario with what the polite client met by itself; a round's are in one array. */
export function compare(rounds: readonly (readonly Isolated[])[]): Compared[] {
  const all = rounds.flatMap((results) => {
    const before = p99(alone(results).polite);
    return results.map((isolated) => {
      const beside = p99(isolated.beside.polite);
      return { isolated, p99: beside, ratio: beside / before };
    });
  });
  return [...Map.groupBy(all, ({ isolated }) => isolated.name).values()].map((same) => {
    const middle = median(same, ({ ratio }) => ratio);
    const total = together(same.map(({ isolated }) => isolated.beside.polite));
    return { ...middle, success: success(total) };
  });
}
