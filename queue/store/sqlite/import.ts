// Lines of JSON into a queue's file.

import { existsSync, rmSync } from "node:fs";
import {
  importChanges,
  type Imported,
  type ImportOptions,
  readImport,
  timesHere,
} from "../import_lines.ts";
import type { Change } from "../store.ts";
import { aheadOfWall } from "../stored_times.ts";
import { openSqliteFile, type SqliteFile } from "./file.ts";
import type { Import } from "./import_log.ts";

/** How many jobs are read at once. */
const PAGE = 1000;

/**
 * Adds the lines of an export to a queue's file, which is made if it does not exist: all of them in one transaction, or
 * none. In a file that has given no number yet the jobs keep their numbers; otherwise they get new ones, in order. A job is
 * left out if its queue has a job of its `unique` name. Limits and schedules replace those of the same names.
 *
 * The file remembers the lines by a digest, in the same transaction. So an import whose program was killed may be made again:
 * nothing is added twice. The last 1,000 imports are remembered.
 *
 * A line may leave out what has a default: `{"queue":"mail","body":"hello"}` is a job as PUT puts it. Times are in ms
 * since the Unix epoch, durations in ms.
 *
 * Throws an `Error` that names the line where one is wrong, and one that says why where the file cannot be written.
 *
 * @param path the file, which no server uses
 * @param lines without their ends; empty ones are passed over
 */
export function importSqliteFile(
  path: string,
  lines: Iterable<string>,
  { again = false }: ImportOptions = {},
): Imported {
  const begun = readImport(lines);
  const isNew = !existsSync(path);
  let isWhole = false;
  const file = openSqliteFile(path);
  try {
    const last = file.lastId();
    const result = { jobs: 0, duplicates: 0, renumbered: last > 0 };
    const all = function* (): Generator<Change, void, void> {
      const here = timesHere(begun.entries, aheadOfWall(file.moment()));
      yield* importChanges(here, namesIn(file), last, result);
      const digest = begun.digest();
      const made = file.imported(digest);
      if (made !== undefined && !again) throw new MadeBefore(made);
      file.noteImport(digest, { at: begun.now, jobs: result.jobs });
    };
    file.commit(all(), undefined, result.renumbered ? 0 : begun.given);
    isWhole = true;
    return result;
  } catch (error) {
    if (!(error instanceof MadeBefore)) throw error;
    return { jobs: 0, duplicates: 0, renumbered: false, before: error.made.at };
  } finally {
    file.close();
    // Nothing was added to it, and it was not there.
    if (isNew && !isWhole) rmSync(path);
  }
}

/** Ends the transaction of an import that was made before, without changes. */
class MadeBefore extends Error {
  constructor(readonly made: Import) {
    super("these lines were imported before");
  }
}

function namesIn(file: SqliteFile): Set<string> {
  const names = new Set<string>();
  for (let after = 0;;) {
    const page = file.load(after, PAGE);
    if (page.length === 0) return names;
    for (const { queue, unique } of page) {
      if (unique !== "") names.add(JSON.stringify([queue, unique]));
    }
    after = page[page.length - 1].id;
  }
}
