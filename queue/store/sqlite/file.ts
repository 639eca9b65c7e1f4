// An open database file, and commits to it. Runs in the worker.

import { closeSync, existsSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import type { Change, Moment } from "../store.ts";
import { saysMore } from "../stored_times.ts";
import { changeWriter } from "./change_writer.ts";
import { explain } from "./explain.ts";
import { type FileSize, fileSize } from "./file_size.ts";
import { type ImportLog, importLog } from "./import_log.ts";
import { locateFile, makePrivate, WatchedFile } from "./path.ts";
import { type FileReads, fileReads } from "./reads.ts";
import { distrust, prepareFile } from "./schema.ts";

/** An open database file. */
export interface SqliteFile extends FileReads, ImportLog, FileSize {
  /**
   * Makes changes at a moment, all or none; they are on disk when it returns. Numbers up to `lastId` count as given. Throws if
   * it cannot.
   */
  commit(changes: Iterable<Change>, moment?: Moment, lastId?: number): void;
  /** Writes the pages of its `-wal` into it, so that the `-wal` begins anew. Throws if it cannot. */
  checkpoint(): void;
  /** Closes it. Throws if it was removed or replaced meanwhile. */
  close(): void;
}

/**
 * Opens a file, or makes it for its owner alone. Throws an `Error` that says what is wrong.
 *
 * @param path as the user gave it
 * @param there whether the file must exist
 */
export function openSqliteFile(path: string, there = false): SqliteFile {
  const file = locateFile(path, there);
  let db: DatabaseSync | undefined;
  try {
    makePrivate(file);
    db = new DatabaseSync(file);
    distrust(db);
    prepareFile(db, path);
    return operations(db, path, new WatchedFile(file));
  } catch (error) {
    db?.close();
    const unwritable = existsSync(path) && !isWritable(path, error);
    throw new Error(unwritable ? `${path} cannot be written` : explain(error, path), {
      cause: error,
    });
  }
}

// SQLite opens a file that it cannot write, and fails later with a message that says less. Not asked for a locked file: to
// close any handle of a file ends the locks that this process has on it (POSIX, fcntl).
function isWritable(path: string, error: unknown): boolean {
  if (!(error instanceof Error) || error.message !== "disk I/O error") return true;
  try {
    closeSync(openSync(path, "r+"));
    return true;
  } catch {
    return false;
  }
}

function operations(db: DatabaseSync, path: string, watched: WatchedFile): SqliteFile {
  const begin = db.prepare("BEGIN");
  const end = db.prepare("COMMIT");
  const raise = db.prepare("UPDATE last SET id = ?1 WHERE id < ?1");
  const setMoment = db.prepare("INSERT OR REPLACE INTO clock VALUES (1, ?, ?)");
  const rows = changeWriter(db);
  let kept: Moment | undefined;

  // A file that was removed or replaced has no name any more: all that SQLite writes to it is lost when it is closed.
  const mustBeThere = (): void => {
    if (watched.isThere()) return;
    throw new Error(`${path}, or its -wal, was removed or replaced while it was in use`);
  };
  const mustBeWhole = (): void => {
    if (!watched.wasCut()) return;
    throw new Error(`${path}, or its -wal, was cut by another program while it was in use`);
  };
  return {
    ...fileReads(db, path),
    ...importLog(db),
    ...fileSize(db, watched),
    commit(changes: Iterable<Change>, moment?: Moment, lastId = 0): void {
      // Before anything is written after the gap.
      mustBeWhole();
      begin.run();
      try {
        let highest = lastId;
        for (const change of changes) {
          rows.apply(change);
          if (change.kind === "put") highest = Math.max(highest, change.job.id);
        }
        rows.flush();
        if (highest > 0) raise.run(highest);
        const isNews = moment !== undefined && saysMore(moment, kept);
        if (isNews) setMoment.run(moment.now, moment.wall);
        end.run();
        if (isNews) kept = moment;
      } catch (error) {
        rows.forget();
        if (db.isTransaction) db.exec("ROLLBACK");
        throw error;
      }
      mustBeThere();
    },
    checkpoint(): void {
      db.exec("PRAGMA wal_checkpoint");
      mustBeThere();
    },
    close(): void {
      try {
        mustBeThere();
        mustBeWhole();
      } finally {
        db.close();
      }
    },
  };
}
