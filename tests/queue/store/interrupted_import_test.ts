// The documentation promises that an import adds all lines or none, and that an interrupted one is simply started
// again. A kill takes nothing from the operating system: it leaves the files as they are at that moment. So the test
// copies them at every moment of an import. `tests/peers/kills/` kills imports at any other moment.

import { checkSqliteFile, exportSqliteFile, importSqliteFile } from "@lineup/lineup/queue";
import { assertEquals } from "@std/assert";
import { DatabaseSync, StatementSync } from "node:sqlite";
import { jobLines } from "./job_lines.ts";
import { withDirectory } from "../../temporary_directory.ts";

const JOBS = 200;
const NAME = "queue.db";

type Notice = (moment: string) => void;

/** Wraps a method with a moment before it and one after it, until it is disposed. */
function around<T, K extends keyof T>(
  proto: T,
  name: K,
  notice: Notice,
  what: (self: T) => string | undefined,
): Disposable {
  const act = proto[name] as (...args: unknown[]) => unknown;
  proto[name] = function (this: T, ...args: unknown[]) {
    const at = what(this);
    if (at === undefined) return act.apply(this, args);
    notice(`before ${at}`);
    const result = act.apply(this, args);
    notice(`behind ${at}`);
    return result;
  } as T[K];
  return { [Symbol.dispose]: () => void (proto[name] = act as T[K]) };
}

function* noticed(lines: Iterable<string>, notice: Notice): Generator<string, void, void> {
  let at = 0;
  for (const line of lines) {
    notice(`line ${++at}`);
    yield line;
  }
  notice("the end");
}

/** Imports the lines, and calls `notice` at each moment. */
function importWith(path: string, notice: Notice): void {
  using _run = around(StatementSync.prototype, "run", notice, (self) => {
    const { sourceSQL } = self as unknown as { sourceSQL: string };
    return sourceSQL === "BEGIN" || sourceSQL === "COMMIT" ? sourceSQL : undefined;
  });
  using _close = around(DatabaseSync.prototype, "close", notice, () => "close");
  importSqliteFile(path, noticed(jobLines(JOBS), notice));
  notice("behind all");
}

function jobsIn(path: string): number {
  return [...exportSqliteFile(path)].filter((line) => line.includes('"kind":"job"')).length;
}

const MOMENTS: Readonly<Record<string, number>> = {
  "line 1": 0,
  "before BEGIN": 0,
  "behind BEGIN": 0,
  [`line ${JOBS}`]: 0,
  "the end": 0,
  "before COMMIT": 0,
  "behind COMMIT": JOBS,
  "before close": JOBS,
  "behind close": JOBS,
  "behind all": JOBS,
};

Deno.test("an import that is interrupted at any moment and started again adds all lines once", () =>
  withDirectory(async (directory) => {
    const source = `${directory}/source`;
    await Deno.mkdir(source);
    const copies: string[] = [];
    importWith(`${source}/${NAME}`, (moment) => {
      if (!(moment in MOMENTS)) return;
      copies.push(moment);
      const copy = `${directory}/${moment}`;
      Deno.mkdirSync(copy);
      for (const { name } of Deno.readDirSync(source)) {
        Deno.copyFileSync(`${source}/${name}`, `${copy}/${name}`);
      }
    });
    assertEquals(copies, Object.keys(MOMENTS));
    for (const moment of copies) {
      const path = `${directory}/${moment}/${NAME}`;
      const left = MOMENTS[moment];
      const again = importSqliteFile(path, jobLines(JOBS));
      assertEquals([again.jobs, again.before === undefined], [JOBS - left, left === 0], moment);
      assertEquals(checkSqliteFile(path), { jobs: JOBS, older: false, problems: [] }, moment);
      assertEquals(jobsIn(path), JOBS, moment);
      assertEquals(importSqliteFile(path, jobLines(JOBS)).jobs, 0, moment);
    }
    // Other lines are another import, and so are the same lines where the caller says so.
    const path = `${source}/${NAME}`;
    assertEquals(importSqliteFile(path, jobLines(5)).jobs, 5);
    assertEquals(importSqliteFile(path, jobLines(JOBS), { again: true }).jobs, JOBS);
  }));
