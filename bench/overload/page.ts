// The tables of docs/OVERLOAD.md.

import { table, writePart } from "../docs_page.ts";
import { percentile } from "../statistics.ts";
import { alone, compare, success } from "./compare.ts";
import type { HarmlessReports, Isolated } from "./isolation.ts";
import type { Loaded } from "./offered_load.ts";
import { p99, type Report, sum } from "./tally.ts";

const ms = (value: number) => value.toFixed(1);
const p50and99 = (report: Report) =>
  `${ms(percentile(report.latencies, 0.5))} / ${ms(p99(report))}`;
const mib = (bytes: number) => String(Math.round(bytes / 2 ** 20));
const percent = (share: number, digits = 1) =>
  Number.isNaN(share) ? "–" : `${(100 * share).toFixed(digits)} %`;

/** The shares of the sent requests that were refused, such as `busy 92.1 %, expired 0.3 %`. */
function refusals({ refused, sent, unanswered }: Report): string {
  const codes = Object.entries(refused).sort((a, b) => b[1] - a[1]);
  if (unanswered > 0) codes.push(["no answer", unanswered]);
  if (codes.length === 0) return "none";
  return codes.map(([code, count]) => `${code} ${percent(count / sent)}`).join(", ");
}

/** The table of the offered loads. */
export function loadTable(results: readonly Loaded[]): string {
  const heads = [
    "offered",
    "capacity/s",
    "due/s",
    "sent/s",
    "sent late, p99 ms",
    "goodput",
    "late",
    "refused",
    "p50 / p99 ms",
    "PING p99 / most ms",
    "MiB at first / most",
  ];
  const rows = results.map(({ mode, times, capacity, goodput, load, ping, memory }) => [
    `${times}x ${mode.name}`,
    capacity.toFixed(0),
    (load.due / load.seconds).toFixed(0),
    (load.sent / load.seconds).toFixed(0),
    ms(load.behind.p99),
    percent(goodput),
    percent(load.late / load.sent),
    refusals(load),
    p50and99(load),
    `${ms(p99(ping))} / ${ms(percentile(ping.latencies, 1))}`,
    `${mib(memory.start)} / ${mib(memory.peak)}`,
  ]);
  return table([heads, ...rows]);
}

/** The work of the hostile clients, and the connections that they lost. */
function activity(reports: readonly Report[]): string {
  const parts = reports.flatMap(({ due, sent, seconds, opened, barred, lost }) => {
    const words = [`${opened} opened`];
    if (sum(barred) > 0) words.push(`${sum(barred)} not let in`);
    if (lost > 0) words.push(`${lost} lost`);
    if (due > 0) {
      words.unshift(`${(sent / seconds).toFixed(0)}/s of ${(due / seconds).toFixed(0)}/s`);
    }
    return words;
  });
  return parts.length === 0 ? "–" : parts.join(", ");
}

/** The table of the polite client, the PINGs and the newcomers beside each scenario. */
export function isolationTable(rounds: readonly (readonly Isolated[])[]): string {
  const heads = [
    "beside",
    "success",
    "p50 / p99 ms",
    "of p99 alone",
    "PING p99 ms",
    "newcomers: success, p99 ms",
    "what they did",
    "MiB at first / most / after",
  ];
  const met = ({ polite, ping, newcomers }: HarmlessReports, polites: number, ratio: number) => [
    percent(polites, 2),
    p50and99(polite),
    `${ratio.toFixed(1)}x`,
    ms(p99(ping)),
    `${percent(success(newcomers))}, ${ms(p99(newcomers))}`,
  ];
  const nobody = alone(rounds.flat());
  const rows = compare(rounds).map(({ isolated, ratio, success }) => {
    const { name, beside, hostile, memory } = isolated;
    const bytes = `${mib(memory.start)} / ${mib(memory.peak)} / ${mib(memory.after)}`;
    return [name, ...met(beside, success, ratio), activity(hostile), bytes];
  });
  const first = ["nobody", ...met(nobody, success(nobody.polite), 1), "–", "–"];
  return table([heads, first, ...rows]);
}

/** Writes the tables into docs/OVERLOAD.md, under a line about the run. */
export function writePage(
  { seed, rounds, seconds }: { seed: number; rounds: number; seconds: number },
  ...tables: string[]
): void {
  const { deno, v8 } = Deno.version;
  const heading = `Deno ${deno}, V8 ${v8}, rounds: ${rounds} of ${seconds} s, seed: ${seed}.`;
  writePart("OVERLOAD.md", "overload.ts", [heading, ...tables]);
}
