// Whether a server uses a queue's file: a look that changes nothing and costs little, to be repeated.

import { DatabaseSync } from "node:sqlite";
import { existsSync } from "node:fs";

/** The message of SQLite for a file that another process has locked. */
const LOCKED = "database is locked";

/**
 * Whether another process uses the file of a queue now. A file that is not there, or is no queue, is in use by nobody:
 * `sqliteStore` says what is wrong with it. No store of this process may have the file open.
 *
 * @example
 * ```ts
 * import { isSqliteFileInUse } from "@lineup/lineup/queue";
 * import { assertEquals } from "@std/assert";
 *
 * assertEquals(isSqliteFileInUse("no-such.db"), false);
 * ```
 */
export function isSqliteFileInUse(path: string): boolean {
  if (!existsSync(path)) return false;
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: true });
    // Deno waits five seconds for the lock of a file that is opened so, whatever its option says.
    db.exec("PRAGMA busy_timeout = 0");
    db.prepare("SELECT count(*) FROM sqlite_schema").get();
    return false;
  } catch (error) {
    return error instanceof Error && error.message === LOCKED;
  } finally {
    db?.close();
  }
}
