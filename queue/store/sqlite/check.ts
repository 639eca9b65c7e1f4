// Checks a queue's file.

import { existsSync, rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import {
  APPLICATION_ID,
  canMigrate,
  distrust,
  isFresh,
  otherVersion,
  pragma,
  strangeIn,
} from "./schema.ts";
import { VERSION } from "./tables.ts";
import { explain } from "./explain.ts";
import { boundQueries } from "./row_check.ts";
import { locateFile } from "./path.ts";

/** Problems that a sound file has none of: a query that counts each, and its words. */
const RULES: readonly (readonly [sql: string, what: string])[] = [
  ["SELECT count(*) <> 1 FROM last", "the last number is not kept once"],
  [
    "SELECT count(*) FROM job WHERE id > (SELECT max(id) FROM last)",
    "jobs have numbers above the last one given",
  ],
  ["SELECT count(*) FROM job WHERE id < 1", "jobs have numbers below 1"],
  ["SELECT count(*) FROM job WHERE priority NOT BETWEEN 0 AND 9", "jobs have no such priority"],
  ["SELECT count(*) FROM job WHERE queue = ''", "jobs are in no queue"],
  [
    "SELECT count(*) FROM progress WHERE id NOT IN (SELECT id FROM job)",
    "jobs have progress and are not there",
  ],
  [
    `SELECT count(*) FROM job LEFT JOIN progress USING (id)
      WHERE coalesce(progress.state, job.state) NOT BETWEEN 0 AND 4`,
    "jobs are in no state",
  ],
  [
    "SELECT count(*) FROM progress WHERE state IN (2, 4) AND until <= 0",
    "jobs are taken or done without an end to that",
  ],
  [
    "SELECT count(*) FROM progress WHERE attempt < 0 OR spared NOT BETWEEN 0 AND attempt",
    "jobs have fewer attempts than none",
  ],
  [
    `SELECT count(*) FROM (SELECT 1 FROM job LEFT JOIN progress USING (id)
      WHERE name <> '' GROUP BY queue, name HAVING count(*) > 1)`,
    "names belong to several jobs of a queue",
  ],
];

/** The findings of `checkSqliteFile`. */
export interface FileCheck {
  /** How many jobs there are; `undefined` if they cannot be counted. */
  readonly jobs: number | undefined;
  /** Whether the file is of an older version; opening it makes it the present one. */
  readonly older: boolean;
  /** The problems, in words; none if the file is sound. */
  readonly problems: readonly string[];
}

/**
 * Checks the file of a queue: by SQLite's own check, and for all that a queue promises beyond it. Changes nothing.
 *
 * @param path the file, which no server uses
 * @returns how many jobs it has, and its problems: a sentence each
 *
 * @example
 * ```ts
 * import { checkSqliteFile, sqliteStore } from "@lineup/lineup/queue";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await Deno.makeTempDir();
 * const path = `${directory}/queue.db`;
 * await (await sqliteStore(path)).close();
 * assertEquals(checkSqliteFile(path), { jobs: 0, older: false, problems: [] });
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export function checkSqliteFile(path: string): FileCheck {
  let look: OpenFile | undefined;
  try {
    const { db } = look = lookAt(path);
    distrust(db);
    if (isFresh(db)) return { jobs: 0, older: false, problems: [] };
    if (pragma(db, "application_id") !== APPLICATION_ID) {
      return unknown([`${path} is a database of another program, not a queue`]);
    }
    const version = pragma(db, "user_version");
    const older = canMigrate(version);
    if (version !== VERSION && !older) return unknown([otherVersion(path, version)]);
    const strange = strangeIn(db, version);
    if (strange.length > 0) return unknown(strange);
    const said = db.prepare("PRAGMA integrity_check").all().map((row) =>
      String(row.integrity_check)
    );
    const problems = said.filter((line) => line !== "ok");
    // Nothing else is certain about damaged tables.
    if (problems.length > 0) return unknown(problems);
    for (const [sql, what] of version === 1 ? [] : RULES) {
      const count = Number(Object.values(db.prepare(sql).get() ?? { count: 0 })[0]);
      if (count > 0) problems.push(`${what}: ${count}`);
    }
    for (const [table, sql] of problems.length > 0 ? [] : boundQueries(Number(version))) {
      for (const [column, count] of Object.entries(db.prepare(sql).get()!)) {
        if (count !== 0) problems.push(`${column} of ${table} is out of bounds: ${count}`);
      }
    }
    const { jobs } = db.prepare("SELECT count(*) AS jobs FROM job").get()!;
    return { jobs: Number(jobs), older, problems };
  } catch (error) {
    return unknown([explain(error, path, "")]);
  } finally {
    look?.close();
  }
}

function unknown(problems: readonly string[]): FileCheck {
  return { jobs: undefined, older: false, problems };
}

/** Opens a file for reading that no server uses. */
function openAlone(file: string): DatabaseSync {
  const url = pathToFileURL(file);
  url.search = "immutable=1";
  try {
    return new DatabaseSync(url, { readOnly: true });
  } catch {
    // Deno takes a URL only with all permissions. With that to write, the files that SQLite puts beside it are removed.
    const db = new DatabaseSync(file);
    db.exec("PRAGMA query_only = 1");
    return db;
  }
}

interface OpenFile {
  readonly db: DatabaseSync;
  close(): void;
}

/**
 * Opens a file for reading and changes nothing. The file of a running server has a `-wal`. Without one the file is complete,
 * and is read without the locks that need another file. A `-wal` that a killed server has left is read with the file, and
 * the file that SQLite makes for that is removed.
 */
function lookAt(path: string): OpenFile {
  const file = locateFile(path, true);
  const [wal, shm] = [`${file}-wal`, `${file}-shm`];
  if (!existsSync(wal)) {
    const db = openAlone(file);
    return { db, close: () => db.close() };
  }
  const hadShm = existsSync(shm);
  const db = new DatabaseSync(file, { readOnly: true });
  return {
    db,
    close(): void {
      db.close();
      if (!hadShm) rmSync(shm, { force: true });
    },
  };
}
