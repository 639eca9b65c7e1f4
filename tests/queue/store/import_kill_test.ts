// The documentation promises that an import adds all lines or none, and that an interrupted one is simply started
// again. These tests interrupt it at every moment.

import { checkSqliteFile, exportSqliteFile, importSqliteFile } from "@lineup/lineup/queue";
import { assertEquals } from "@std/assert";
import { LONG, SEED, seededRandom } from "../../seeded_random.ts";
import { lines } from "./import_file.ts";
import { withDirectory } from "../../temporary_directory.ts";

const JOBS = 1_000;
const BOUND = 60_000;

function start(path: string, moment = ""): Deno.ChildProcess {
  const script = new URL("import_file.ts", import.meta.url).pathname;
  const rights = ["--no-check", "--allow-read", "--allow-write", "--allow-run"];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", ...rights, script, path, String(JOBS), moment],
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(BOUND),
  }).spawn();
}

async function ended(child: Deno.ChildProcess): Promise<{ signal: string | null; out: string }> {
  const { signal, stdout, stderr } = await child.output();
  const text = new TextDecoder();
  assertEquals(text.decode(stderr), "");
  return { signal, out: text.decode(stdout).trimEnd() };
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch (error) {
    // The process has ended already.
    if (!(error instanceof TypeError)) throw error;
  }
}

function jobsIn(path: string): number {
  return [...exportSqliteFile(path)].filter((line) => line.includes('"kind":"job"')).length;
}

const MOMENTS: readonly (readonly [moment: string, left: number])[] = [
  ["before BEGIN", 0],
  ["behind BEGIN", 0],
  ["line 1", 0],
  [`line ${JOBS}`, 0],
  ["the end", 0],
  ["before COMMIT", 0],
  ["behind COMMIT", JOBS],
  ["before close", JOBS],
  ["behind close", JOBS],
  ["behind all", JOBS],
];

for (const [moment, left] of MOMENTS) {
  Deno.test(`an import that is killed (${moment}) and started again adds all lines once`, () =>
    withDirectory(async (directory) => {
      const path = `${directory}/queue.db`;
      assertEquals((await ended(start(path, moment))).signal, "SIGKILL");
      const again = importSqliteFile(path, lines(JOBS));
      assertEquals([again.jobs, again.before === undefined], [JOBS - left, left === 0]);
      assertEquals(checkSqliteFile(path), { jobs: JOBS, older: false, problems: [] });
      assertEquals(jobsIn(path), JOBS);
      assertEquals(importSqliteFile(path, lines(JOBS)).jobs, 0);
      // Other lines are another import, and so are the same lines where the caller says so.
      assertEquals(importSqliteFile(path, lines(5)).jobs, 5);
      assertEquals(importSqliteFile(path, lines(JOBS), { again: true }).jobs, JOBS);
    }));
}

Deno.test("an import that is killed at any time and started again adds all lines once", () =>
  withDirectory(async (directory) => {
    const random = seededRandom(SEED);
    const began = performance.now();
    await ended(start(`${directory}/whole.db`));
    const whole = performance.now() - began;
    for (let round = 0; round < 2 * LONG; round++) {
      const path = `${directory}/${round}.db`;
      for (let tries = 0; tries < 2; tries++) {
        const child = start(path);
        const timer = setTimeout(() => kill(child), whole * (0.3 + 0.7 * random()));
        await ended(child);
        clearTimeout(timer);
      }
      importSqliteFile(path, lines(JOBS));
      assertEquals(jobsIn(path), JOBS, `LINEUP_SEED=${SEED}`);
    }
  }));
