/**
 * `deno task mutate`: puts small faults into the product, one at a time, and prints those that no test notices. The
 * working tree stays as it is: the faults go into copies of it.
 *
 *     deno task mutate                              200 faults all over the product: some hours
 *     deno task mutate --sample 20 queue/engine/take.ts    20 faults in one file
 *     deno task mutate --since main~5 --sample 40   40 faults in what has changed since a commit
 */

import { parseArgs } from "@std/cli/parse-args";
import { seededRandom } from "../seeded_random.ts";
import { isEquivalent, loadEquivalents } from "./equivalent.ts";
import { describe, type Mutant, mutantsOf } from "./mutants.ts";
import { killRuns } from "./command.ts";
import { type Reach, reachOf } from "./reach.ts";
import { copyTree, filesOfTree, git } from "./tree.ts";
import { testsOf, tryMutant, type Verdict } from "./trial.ts";

const ROOMS = [
  "protocol",
  "scheduling",
  "net",
  "server",
  "client",
  "queue",
  "cli",
];
const HELP =
  `deno task mutate [--sample 200] [--seed 1] [--since COMMIT] [--jobs 2] [--list] [PATH ...]

Puts small faults into the product, one at a time, runs the tests that reach each, and prints what survived as file,
line and change, and a score a folder. PATH is a file or folder (${ROOMS.join(", ")}).

  --sample N      how many faults (200), drawn from all
  --seed N        other faults for another number (1)
  --since COMMIT  faults only in files that have changed since
  --jobs N        how many at a time (2)
  --list          print the faults, and how many files of tests reach each, and try none

Faults that change nothing that anybody could notice are listed with their reasons in tests/mutation/equivalent.json,
and are left out. The exit code is 0 whatever survives, and 64 for a wrong command line.`;

const flags = parseArgs(Deno.args, {
  boolean: ["help", "list"],
  string: ["sample", "seed", "since", "jobs"],
  default: { sample: "200", seed: "1", jobs: "2" },
  alias: { h: "help" },
  unknown: (name, _key, value) => {
    if (value !== undefined && name.startsWith("-")) {
      wrong(`There is no flag ${name}.`);
    }
    return true;
  },
});
if (flags.help) {
  console.log(HELP);
  Deno.exit(0);
}
const sampleSize = whole("sample");
const jobs = whole("jobs");

const files = await filesOfTree();
const changed = flags.since === undefined ? undefined : await changedSince(flags.since);
const sources = files.filter((file) =>
  ROOMS.includes(file.split("/")[0]) && file.endsWith(".ts") &&
  !file.endsWith(".d.ts") &&
  matchesPaths(file) && (changed?.has(file) ?? true)
);
if (sources.length === 0) {
  if (changed === undefined) {
    wrong(`No file of the product is in ${flags._.join(", ")}.`);
  }
  console.log("No file of the product has changed.");
  Deno.exit(0);
}
const equivalents = await loadEquivalents();
const all: Mutant[] = [];
for (const file of sources) {
  all.push(...await mutantsOf(file, await Deno.readTextFile(file)));
}
const sample = draw(
  all.filter((mutant) => !isEquivalent(mutant, equivalents)),
  sampleSize,
);
console.error(
  `${all.length} faults in ${sources.length} files, ${sample.length} of them drawn`,
);

const roots = await Promise.all(
  Array.from({ length: jobs }, () => copyTree(files)),
);
let stopped = false;
Deno.addSignalListener("SIGINT", () => {
  stopped = true;
  killRuns();
});
const verdicts = new Map<Mutant, Verdict>();
try {
  const tests = files.filter((file) => /_test\.ts$/.test(file) && !file.startsWith("tests/peers/"));
  const reach = await reachOf(tests, files, roots, (done, of, test) => {
    console.error(`coverage ${done}/${of}  ${test}`);
  });
  if (flags.list) list(reach);
  else await tryAll(reach);
} finally {
  for (const root of roots) await Deno.remove(root, { recursive: true });
}
if (!flags.list) report();
Deno.exit(stopped ? 130 : 0);

function list(reach: readonly Reach[]): void {
  for (const mutant of sample) {
    const { file, line } = mutant;
    console.log(
      `${file}:${line}  ${describe(mutant)}  (${testsOf(mutant, reach).length} tests)`,
    );
  }
}

async function tryAll(reach: readonly Reach[]): Promise<void> {
  const waiting = [...sample];
  await Promise.all(roots.map(async (root) => {
    for (let mutant; !stopped && (mutant = waiting.shift()) !== undefined;) {
      const verdict = await tryMutant(mutant, root, reach);
      if (stopped) return;
      verdicts.set(mutant, verdict);
      const { file, line } = mutant;
      console.error(
        `${verdicts.size}/${sample.length}  ${verdict}  ${file}:${line}`,
      );
    }
  }));
}

function report(): void {
  const lives = (mutant: Mutant): boolean =>
    ["survived", "not reached"].includes(verdicts.get(mutant)!);
  const tested = [...verdicts.keys()];
  const survivors = tested.filter(lives).sort((a, b) =>
    a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line
  );
  for (const mutant of survivors) {
    const { file, line } = mutant;
    console.log(
      `${file}:${line}  ${verdicts.get(mutant)}\n    ${describe(mutant)}`,
    );
  }
  if (survivors.length > 0) console.log();
  for (const room of ROOMS) {
    const tried = tested.filter(({ file }) => file.startsWith(`${room}/`));
    if (tried.length === 0) continue;
    const killed = tried.filter((mutant) => !lives(mutant)).length;
    const share = `${Math.round(100 * killed / tried.length)} %`;
    console.log(
      `${room.padEnd(12)}${`${killed} of ${tried.length}`.padStart(12)}${share.padStart(8)}`,
    );
  }
  const killed = tested.length - survivors.length;
  console.log(`seed ${flags.seed}: ${killed} of ${tested.length} killed`);
}

/** Draws `count` mutants, the same for the same seed. */
function draw(mutants: Mutant[], count: number): Mutant[] {
  const random = seededRandom(whole("seed"));
  for (let i = mutants.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [mutants[i], mutants[j]] = [mutants[j], mutants[i]];
  }
  return mutants.slice(0, count);
}

function matchesPaths(file: string): boolean {
  const paths = flags._.map((path) => String(path).replace(/^\.\/|\/$/g, ""));
  return paths.length === 0 ||
    paths.some((path) => file === path || file.startsWith(`${path}/`));
}

async function changedSince(commit: string): Promise<Set<string>> {
  try {
    return new Set((await git("diff", "--name-only", commit)).split("\n"));
  } catch (error) {
    wrong(`--since ${commit}: ${(error as Error).message}`);
  }
}

function whole(name: "sample" | "seed" | "jobs"): number {
  const text = flags[name];
  if (!/^[0-9]{1,9}$/.test(text) || (name !== "seed" && Number(text) === 0)) {
    wrong(
      `--${name} must be a whole number${name === "seed" ? "" : " of at least 1"}, not ${
        JSON.stringify(text)
      }.`,
    );
  }
  return Number(text);
}

function wrong(message: string): never {
  console.error(`${message}\n\n${HELP}`);
  Deno.exit(64);
}
