/**
 * `deno task overload`: processes offer a server more load over TCP than it can serve. Writes the tables of
 * docs/OVERLOAD.md and the plot docs/overload.svg.
 *
 *     deno task overload                          three rounds of everything: about a quarter of an hour
 *     deno task overload --quick                  a short run, in a minute or two; writes nothing
 *     deno task overload --only flooder-100x      some scenarios, or tagged, untagged, tagged-5ms; writes nothing
 *     deno task overload --only tagged --times 2,5,10   other loads, in times the capacity
 *     deno task overload --server '{"seats":1}'   other options of `serve`; writes nothing
 */

import { parseArgs } from "@std/cli/parse-args";
import { alone, compare } from "./overload/compare.ts";
import { isolationTable, loadTable, writePage } from "./overload/page.ts";
import { plot } from "./overload/plot.ts";
import { MAY_GO_FIRST, PINNED } from "./overload/processes.ts";
import { isolate, type Isolated } from "./overload/isolation.ts";
import { type Loaded, measureCapacity, type Mode, offer } from "./overload/offered_load.ts";
import type { Settings } from "./overload/settings.ts";
import { SCENARIOS } from "./overload/scenarios.ts";
import { p99 } from "./overload/tally.ts";
import { medianBy } from "./statistics.ts";
import { SEED } from "../tests/seeded_random.ts";

const MODES: readonly Mode[] = [
  { name: "tagged", tagged: true, service: 1 },
  { name: "untagged", tagged: false, service: 1 },
  { name: "tagged-5ms", tagged: true, service: 5 },
];
const HELP =
  `deno task overload [--quick] [--only NAMES] [--times 2,5,10] [--rounds 3] [--seconds 2]
                   [--server JSON]

Offers a server more load over TCP than it can serve, by other processes. Without flags it runs three rounds of
everything in about a quarter of an hour, and writes docs/OVERLOAD.md and docs/overload.svg.

  --quick        a short run, in a minute or two
  --only NAMES   some of these, separated by commas: ALL
  --times LIST   the loads, in times the capacity (0.5,1,2,5,10)
  --rounds N     the number of rounds; the median one is shown (3)
  --seconds N    how long to measure each load, and a polite client before each attack; beside the attack four times
                 as long (2)
  --server JSON  options of \`serve\`, such as '{"seats":1}'

LINEUP_SEED repeats a run.`;

const flags = parseArgs(Deno.args, {
  boolean: ["quick", "help"],
  alias: { h: "help" },
  string: ["only", "rounds", "seconds", "server", "times"],
});
const { quick, only, server = "{}" } = flags;
const names = [...MODES, ...SCENARIOS].map(({ name }) => name);
if (flags.help) {
  console.log(HELP.replace("ALL", names.join(", ")));
  Deno.exit();
}
const wanted = only?.split(",");
if (wanted?.some((name: string) => !names.includes(name))) {
  console.error(`--only takes some of: ${names.join(", ")}`);
  Deno.exit(1);
}
const offered = String(flags.times ?? "0.5,1,2,5,10").split(",").map(Number);
if (!offered.every((times) => times > 0)) {
  console.error("--times takes numbers above 0, such as 2,5,10");
  Deno.exit(1);
}
const rounds = Number(flags.rounds ?? (quick || only !== undefined ? 1 : 3));

const encoder = new TextEncoder();
const showProgress = (text: string) => {
  if (Deno.stderr.isTerminal()) Deno.stderr.writeSync(encoder.encode(`\r\x1b[K${text}`));
};
const seconds = Number(flags.seconds ?? (quick ? 1 : 2));
if (!(rounds >= 1 && seconds > 0)) {
  console.error("--rounds takes a number of at least 1, --seconds one above 0");
  Deno.exit(1);
}
const settings: Settings = {
  seed: SEED,
  server,
  progress: showProgress,
  loadTime: 1000 * seconds,
  aloneTime: 1000 * seconds * (wanted?.length === 1 ? 4 : 1),
  besideTime: 4000 * seconds,
};

function say(text: string): void {
  showProgress("");
  console.error(text);
}

const { hardwareConcurrency } = navigator;
const pinning = PINNED ? "the server on one, the load on the others" : "not kept apart";
if (!MAY_GO_FIRST) {
  say("chrt is missing, or this is not root: polite clients wait for the core of the hostile ones");
}
say(`LINEUP_SEED=${SEED}, ${hardwareConcurrency} cores, ${pinning}, rounds: ${rounds}`);
const loads: Loaded[] = [];
const isolations: Isolated[][] = [];
const modes = MODES.filter(({ name }, i) => wanted?.includes(name) ?? (!quick || i === 0));
const scenarios = SCENARIOS.filter(({ name }) => wanted?.includes(name) ?? true);
for (let round = 0; round < rounds; round++) {
  const varied = { ...settings, seed: SEED + 1000 * round };
  for (const mode of modes) {
    for (const times of offered) {
      const result = await offer(mode, times, varied);
      loads.push(result);
      say(`${mode.name} ${times}x: goodput ${(100 * result.goodput).toFixed(1)} %`);
    }
  }
  const capacity = scenarios.length > 0 ? await measureCapacity(varied) : 0;
  const isolated: Isolated[] = [];
  for (const scenario of scenarios) {
    const result = await isolate(scenario, capacity, varied);
    isolated.push(result);
    const { good, sent } = result.beside.polite;
    const [before, beside] = [result.alone, result.beside].map(({ polite }) =>
      p99(polite).toFixed(1)
    );
    say(`${scenario.name}: ${good} good of ${sent}, p99 ${beside} ms (before: ${before})`);
  }
  if (isolated.length > 0) {
    isolations.push(isolated);
    say(`nobody: p99 ${p99(alone(isolated).polite).toFixed(1)} ms`);
  }
}

const middleLoads = [...Map.groupBy(loads, ({ load }) => load.name).values()]
  .map((same) => medianBy(same, ({ goodput }) => goodput));
if (middleLoads.length > 0) console.log(`\n${loadTable(middleLoads)}`);
if (isolations.length > 0) console.log(`\n${isolationTable(isolations)}`);
if (!quick && only === undefined && server === "{}" && flags.times === undefined) {
  const heads = { seed: SEED, rounds, seconds };
  writePage(heads, loadTable(middleLoads), isolationTable(isolations));
  const docs = new URL("../docs/", import.meta.url);
  Deno.writeTextFileSync(new URL("overload.svg", docs), plot(middleLoads, compare(isolations)));
}
// The listeners for signals would keep the process alive.
Deno.exit();
