// A queue's file as lines of JSON.

import { lineOf } from "../json_lines.ts";
import { aheadOfWall, laterJob, laterSchedule } from "../stored_times.ts";
import { openSqliteFile } from "./file.ts";

/** How many jobs are read at once. */
const PAGE = 1000;

/**
 * All that a queue's file keeps, as lines of JSON without their ends: first the kind of the export, then limits, schedules,
 * and jobs by number. Bodies are text (`body`) if they are UTF-8, `base64` if they are not.
 *
 * Throws an `Error` that says why the file cannot be read, or that a server uses it.
 *
 * @param path the file, which must exist
 *
 * @example
 * ```ts
 * import { exportSqliteFile, importSqliteFile } from "@lineup/lineup/queue";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await Deno.makeTempDir();
 * const lines = ['{"kind":"queue","version":1,"last":7}'];
 * importSqliteFile(`${directory}/queue.db`, lines);
 * assertEquals([...exportSqliteFile(`${directory}/queue.db`)], lines);
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export function* exportSqliteFile(path: string): Generator<string, void, void> {
  const file = openSqliteFile(path, true);
  try {
    // Times in lines are times of day, which all machines share.
    const ahead = aheadOfWall(file.moment());
    yield lineOf({ kind: "queue", last: file.lastId(), shards: 1 });
    for (const limits of file.limits()) yield lineOf({ kind: "limits", limits });
    for (const { size: _, ...each } of file.schedules()) {
      const body = file.scheduleBodies([each.name])[0]!;
      yield lineOf({ kind: "schedule", schedule: laterSchedule({ ...each, body }, -ahead) });
    }
    for (let after = 0;;) {
      const page = file.load(after, PAGE);
      if (page.length === 0) return;
      for (const each of page) {
        const job = laterJob(each, -ahead);
        yield lineOf({ kind: "put", job, body: file.bodies([job.id])[0]! });
      }
      after = page[page.length - 1].id;
    }
  } finally {
    file.close();
  }
}
