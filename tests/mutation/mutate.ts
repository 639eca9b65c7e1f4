/**
 * `deno task mutate`: puts small faults into the product, one at a time, and prints those that no test notices. The
 * working tree stays as it is: the faults go into copies of it.
 *
 *     deno task mutate                                     200 faults all over the product: some hours
 *     deno task mutate --sample 20 queue/store/journal.ts  20 faults in one file
 *     deno task mutate --since main~5 --sample 40          40 faults in what has changed since a commit
 */

import { parseArgs } from "@std/cli/parse-args";
import { seededRandom } from "../seeded_random.ts";
import { Stopped, stopRuns } from "./command.ts";
import { isAbout, loadEquivalents } from "./equivalent.ts";
import { ImportGraph } from "./imports.ts";
import { type Mutant, mutantsOf } from "./mutants.ts";
import { Coverage } from "./reach.ts";
import { listOf, reportOf } from "./report.ts";
import { copyTree, filesOfTree, git } from "./tree.ts";
import { candidatesOf, isCompiled, isNoticed, tryMutant, type Verdict } from "./trial.ts";

const ROOMS = [
  "protocol",
  "dialects",
  "scheduling",
  "net",
  "server",
  "client",
  "queue",
  "admin",
  "cli",
];
const HELP =
  `deno task mutate [--sample 200] [--seed 1] [--since COMMIT] [--within SECONDS] [--jobs 2] [--list] [PATH ...]

Puts small faults into the product, one at a time, runs the tests that reach each, and prints what survived as file,
line and change, and a score a folder. PATH is a file or folder of ${ROOMS.join(", ")}.

  --sample N        how many faults (200), drawn from all
  --seed N          other faults for another number (1)
  --since COMMIT    faults only in files that have changed since
  --within SECONDS  stop then, and report what is known; the tests of the fault's own room come first
  --jobs N          how many at a time (2)
  --list            print the faults, and try none

Faults that change nothing that anybody could notice are listed with their reasons in tests/mutation/equivalent.json,
and are left out. The exit code is 0 whatever survives, and 64 for a wrong command line.`;

const flags = parseArgs(Deno.args, {
  boolean: ["help", "list"],
  string: ["sample", "seed", "since", "within", "jobs"],
  default: { sample: "200", seed: "1", within: "999999", jobs: "2" },
  alias: { h: "help" },
  unknown: (name, _key, value) => {
    if (value !== undefined && name.startsWith("-")) wrong(`There is no flag ${name}.`);
    return true;
  },
});
if (flags.help) {
  console.log(HELP);
  Deno.exit(0);
}
const [sampleSize, seed, within, jobs] = [
  whole("sample", 1),
  whole("seed", 0),
  whole("within", 1),
  whole("jobs", 1),
];
const ends = performance.now() + within * 1000;

const files = await filesOfTree();
const changed = flags.since === undefined ? undefined : await changedSince(flags.since);
const sources = files.filter((file) =>
  isProduct(file) && matchesPaths(file) && (changed?.has(file) ?? true)
);
if (sources.length === 0) {
  if (changed === undefined) wrong(`No file of the product is in ${flags._.join(", ")}.`);
  console.log("No file of the product has changed.");
  Deno.exit(0);
}
const all: Mutant[] = [];
for (const file of sources) all.push(...await mutantsOf(file, await Deno.readTextFile(file)));
const equivalents = (await loadEquivalents()).filter(({ file }) =>
  sources.includes(file) || !files.includes(file)
);
for (const each of equivalents) {
  if (!all.some((mutant) => isAbout(each, mutant))) {
    console.log(`equivalent.json is stale: ${each.file} has no ${each.mutant}`);
  }
}
const sample = draw(
  all.filter((mutant) => !equivalents.some((each) => isAbout(each, mutant))),
  sampleSize,
);
console.error(`${all.length} faults in ${sources.length} files, ${sample.length} of them drawn`);
if (flags.list) {
  console.log(listOf(sample));
  Deno.exit(0);
}

const verdicts = new Map<Mutant, Verdict>();
Deno.addSignalListener("SIGINT", stopRuns);
const timer = setTimeout(stopRuns, Math.max(0, ends - performance.now()));
const tests = files.filter((file) => /_test\.ts$/.test(file) && !file.startsWith("tests/peers/"));
const graph = await ImportGraph.read(files);
const [pristine, ...roots] = await Promise.all(
  Array.from({ length: jobs + 1 }, () => copyTree(files)),
);
const coverage = new Coverage(graph, pristine, isProduct);
try {
  await tryAll("near");
  await tryAll("far");
} catch (error) {
  if (!(error instanceof Stopped)) throw error;
} finally {
  clearTimeout(timer);
  for (const root of [pristine, ...roots]) await Deno.remove(root, { recursive: true });
}
console.log(reportOf(sample, verdicts, ROOMS, seed));
for (const test of coverage.broken) {
  console.log(`${test} fails without any fault, and was left out`);
}
Deno.exit(0);

/** Tries each mutant that no test has noticed yet with the tests of its room, or with all others. */
async function tryAll(where: "near" | "far"): Promise<void> {
  const waiting = sample.filter((mutant) => !isNoticed(verdicts.get(mutant)));
  let done = 0;
  const of = waiting.length;
  const workers = await Promise.allSettled(roots.map(async (root) => {
    for (let mutant; (mutant = waiting.shift()) !== undefined;) {
      const tried = candidatesOf(mutant.file, tests, graph)[where];
      const verdict = await tryMutant(mutant, tried, root, coverage);
      verdicts.set(mutant, await concluded(where, mutant, verdict, root));
      const { file, line } = mutant;
      console.error(`${where} ${++done}/${of}  ${verdicts.get(mutant)}  ${file}:${line}`);
    }
  }));
  for (const each of workers) if (each.status === "rejected") throw each.reason;
}

/** The verdict about a mutant after the tests of its room, or after all. */
async function concluded(
  where: "near" | "far",
  mutant: Mutant,
  verdict: Verdict,
  root: string,
): Promise<Verdict> {
  if (isNoticed(verdict)) return verdict;
  if (where === "near") return "undecided";
  if (!await isCompiled(mutant, root)) return "killed";
  return verdict;
}

/** Draws `count` mutants, the same for the same seed. */
function draw(mutants: Mutant[], count: number): Mutant[] {
  const random = seededRandom(seed);
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

/** Whether a file may have faults. */
function isProduct(file: string): boolean {
  return ROOMS.includes(file.split("/")[0]) && /(?<!\.d)\.tsx?$/.test(file);
}

function whole(name: "sample" | "seed" | "within" | "jobs", least: number): number {
  const text = flags[name];
  if (!/^[0-9]{1,9}$/.test(text) || Number(text) < least) {
    wrong(`--${name} must be a whole number of at least ${least}, not ${JSON.stringify(text)}.`);
  }
  return Number(text);
}

function wrong(message: string): never {
  console.error(`${message}\n\n${HELP}`);
  Deno.exit(64);
}
