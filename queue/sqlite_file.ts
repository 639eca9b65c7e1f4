// The database file, and what is done to it. Runs in the worker.

import { closeSync, existsSync, openSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { distrust, explain, prepareFile } from "./sqlite_schema.ts";
import { locateFile, makePrivate, Watched } from "./sqlite_path.ts";
import { type Row, rowsWriter, runs, storedJob } from "./sqlite_rows.ts";
import type { Change, Rules, StoredJob, StoredSchedule } from "./store.ts";

/** An open database file. */
export interface SqliteFile {
  /**
   * Makes changes, all or none, and counts numbers up to `lastId` as given; they are on disk when it returns. Throws
   * where it cannot.
   */
  commit(changes: Iterable<Change>, lastId?: number): void;
  /** At most `limit` jobs with numbers above `after`. */
  load(after: number, limit: number): StoredJob[];
  /** The rules of all queues and keys. */
  rules(): Rules[];
  /** All schedules. */
  schedules(): StoredSchedule[];
  /** The body of each schedule. */
  scheduleBodies(names: readonly string[]): (Uint8Array | undefined)[];
  /** The highest number that was ever put. */
  lastId(): number;
  /** The body of each job, or its result. */
  bodies(ids: readonly number[]): (Uint8Array | undefined)[];
  /** Closes it. Throws where it was removed or replaced meanwhile. */
  close(): void;
}

/**
 * Opens a file or makes it, for its owner alone. Throws an `Error` that says what is wrong with it.
 *
 * @param path as somebody said it
 * @param there whether it must be there already
 */
export function openSqliteFile(path: string, there = false): SqliteFile {
  const file = locateFile(path, there);
  let db: DatabaseSync | undefined;
  try {
    makePrivate(file);
    db = new DatabaseSync(file);
    distrust(db);
    prepareFile(db, path);
    return operations(db, path, new Watched(file));
  } catch (error) {
    db?.close();
    const unwritable = existsSync(path) && !isWritable(path, error);
    throw new Error(unwritable ? `${path} cannot be written` : explain(error, path), {
      cause: error,
    });
  }
}

// SQLite opens what it cannot write all the same, and fails later with less to say. Not asked where the file is locked:
// to close any handle of a file ends the locks that this process has on it (POSIX, fcntl).
function isWritable(path: string, error: unknown): boolean {
  if (!(error instanceof Error) || error.message !== "disk I/O error") return true;
  try {
    closeSync(openSync(path, "r+"));
    return true;
  } catch {
    return false;
  }
}

function operations(db: DatabaseSync, path: string, watched: Watched): SqliteFile {
  const begin = db.prepare("BEGIN");
  const end = db.prepare("COMMIT");
  const raise = db.prepare("UPDATE last SET id = ?1 WHERE id < ?1");
  const last = db.prepare("SELECT id FROM last");
  const bodies = db.prepare("SELECT id, body FROM job WHERE id BETWEEN ? AND ?");
  const rules = db.prepare("SELECT * FROM rules");
  const schedules = db.prepare(`
    SELECT name, queue, key, priority, attempts, lease, backoff, keep, cron, zone, interval, next,
      expires, length(body) AS size
    FROM schedule
  `);
  const scheduleBody = db.prepare("SELECT body FROM schedule WHERE name = ?");
  const page = db.prepare(`
    SELECT job.id, queue, key, priority, attempts, lease, backoff, keep, name, put, expires,
      length(body), coalesce(progress.state, job.state), coalesce(attempt, 0), coalesce(spared, 0),
      coalesce(progress.ready, job.ready), coalesce(until, 0), coalesce(held, 0),
      coalesce(reason, '')
    FROM job LEFT JOIN progress USING (id) WHERE job.id > ? ORDER BY job.id LIMIT ?
  `);
  const rows = rowsWriter(db);

  returnArrays(page);
  returnArrays(bodies);

  // Whoever removes a file, or puts another one in its place, leaves SQLite with one that has no name: what is written there
  // is gone when it is closed.
  const mustBeThere = (): void => {
    if (watched.isThere()) return;
    throw new Error(`${path}, or its -wal, was removed or replaced while it was in use`);
  };
  return {
    commit(changes: Iterable<Change>, lastId = 0): void {
      begin.run();
      try {
        let highest = lastId;
        for (const change of changes) {
          rows.apply(change);
          if (change.kind === "put") highest = Math.max(highest, change.job.id);
        }
        rows.flush();
        if (highest > 0) raise.run(highest);
        end.run();
      } catch (error) {
        rows.forget();
        if (db.isTransaction) db.exec("ROLLBACK");
        throw error;
      }
      mustBeThere();
    },
    load(after: number, limit: number): StoredJob[] {
      return (page.all(after, limit) as unknown as Row[]).map(storedJob);
    },
    rules: () =>
      rules.all().map(({ paid, ...row }) => {
        const kept = { ...row, paused: row.paused === 1 } as unknown as Rules;
        return paid === 0 ? kept : { ...kept, paid: Number(paid) };
      }),
    schedules: () =>
      schedules.all().map((row) => ({ ...row, keep: row.keep === 1 }) as unknown as StoredSchedule),
    scheduleBodies: (names) =>
      names.map((name) => scheduleBody.get(name)?.body as Uint8Array | undefined),
    lastId: () => Number(last.get()!.id),
    // Jobs are taken in the order in which they were put, most often: a row of a range costs half of one by itself.
    bodies(ids: readonly number[]): (Uint8Array | undefined)[] {
      const found = new Map<number, Uint8Array>();
      for (const [first, last] of runs(ids)) {
        for (const [id, body] of bodies.all(first, last) as unknown as [number, Uint8Array][]) {
          found.set(id, body);
        }
      }
      return ids.map((id) => found.get(id));
    },
    close(): void {
      try {
        mustBeThere();
      } finally {
        db.close();
      }
    },
  };
}

// A row as an object is a slow one, and there may be millions; Deno's types do not know this method yet.
function returnArrays(statement: StatementSync): void {
  (statement as StatementSync & { setReturnArrays(on: boolean): void }).setReturnArrays(true);
}
