// An import is killed at any time. `tests/queue/store/interrupted_import_test.ts` has the moments that matter most.

import { exportSqliteFile, importSqliteFile } from "@lineup/lineup/queue";
import { assertEquals } from "@std/assert";
import { LONG, SEED, seededRandom } from "../../seeded_random.ts";
import { jobLines } from "../../queue/store/job_lines.ts";
import { withDirectory } from "../../temporary_directory.ts";

const JOBS = 1_000;
const BOUND = 60_000;

function start(path: string): Deno.ChildProcess {
  const script = new URL("import_file.ts", import.meta.url).pathname;
  const rights = ["--no-check", "--allow-read", "--allow-write"];
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", ...rights, script, path, String(JOBS)],
    stdout: "null",
    stderr: "piped",
    signal: AbortSignal.timeout(BOUND),
  }).spawn();
}

async function ended(child: Deno.ChildProcess): Promise<void> {
  const { stderr } = await child.output();
  assertEquals(new TextDecoder().decode(stderr), "");
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
      importSqliteFile(path, jobLines(JOBS));
      assertEquals(jobsIn(path), JOBS, `LINEUP_SEED=${SEED}`);
    }
  }));
