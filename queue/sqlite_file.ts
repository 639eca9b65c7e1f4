// The database file: its schema, who may open it, and what is done to it. Runs in the worker.

import { DatabaseSync, type StatementSync } from "node:sqlite";
import { type Change, type Progress, states, type StoredJob } from "./store.ts";

/** "Line" in ASCII: what `file` and other programs know the file by. */
const APPLICATION_ID = 0x4c696e65;
const VERSION = 1;

/** What SQLite's words mean to whoever opens a file. */
const MEANINGS: Readonly<Record<string, string>> = {
  "database is locked": "is in use by another server",
  "file is not a database": "is not a SQLite database",
};

// What was put never changes and may be large; how far it has come changes often and is small. So they are two tables,
// and a job that was never taken has no row in the second.
const SCHEMA = `
  CREATE TABLE job (
    id INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    key TEXT NOT NULL,
    priority INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    lease INTEGER NOT NULL,
    put REAL NOT NULL,
    state INTEGER NOT NULL,
    ready REAL NOT NULL,
    body BLOB NOT NULL
  ) STRICT;
  CREATE TABLE progress (
    id INTEGER PRIMARY KEY,
    state INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    ready REAL NOT NULL,
    until REAL NOT NULL,
    reason TEXT NOT NULL
  ) STRICT;
  CREATE TABLE last (id INTEGER NOT NULL) STRICT;
  INSERT INTO last VALUES (0);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${VERSION};
`;

/** An open database file. */
export interface SqliteFile {
  /** Makes changes, all or none; they are on disk when it returns. Throws where it cannot. */
  commit(changes: Iterable<Change>): void;
  /** At most `limit` jobs with numbers above `after`. */
  load(after: number, limit: number): StoredJob[];
  /** The highest number that was ever put. */
  lastId(): number;
  /** The body of a job. */
  body(id: number): Uint8Array | undefined;
  /** Closes it. */
  close(): void;
}

/** Opens a file or makes it. Throws an `Error` that says what is wrong with it. */
export function openSqliteFile(path: string): SqliteFile {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path);
    prepareFile(db, path);
    return operations(db);
  } catch (error) {
    db?.close();
    throw new Error(explain(error, path), { cause: error });
  }
}

function explain(error: unknown, path: string): string {
  const message = error instanceof Error ? error.message : String(error);
  if (Object.hasOwn(MEANINGS, message)) return `${path} ${MEANINGS[message]}`;
  return message.includes(path) ? message : `${path}: ${message}`;
}

function prepareFile(db: DatabaseSync, path: string): void {
  // The lock is taken with the first read and kept until the file is closed or the process ends.
  db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL");
  const application = pragma(db, "application_id");
  const version = pragma(db, "user_version");
  const [{ tables }] = db.prepare("SELECT count(*) AS tables FROM sqlite_schema").all();
  const fresh = application === 0 && version === 0 && tables === 0;
  if (!fresh && application !== APPLICATION_ID) {
    throw new Error(`${path} is a database of another program, not a queue`);
  }
  if (!fresh && version !== VERSION) {
    throw new Error(
      `${path} is a queue of version ${version}; this program reads version ${VERSION}`,
    );
  }
  db.exec("PRAGMA journal_mode = WAL");
  db.exec(fresh ? `BEGIN EXCLUSIVE; ${SCHEMA} COMMIT` : "BEGIN EXCLUSIVE; COMMIT");
}

function pragma(db: DatabaseSync, name: string): unknown {
  return db.prepare(`PRAGMA ${name}`).get()![name];
}

function operations(db: DatabaseSync): SqliteFile {
  const begin = db.prepare("BEGIN");
  const end = db.prepare("COMMIT");
  const put = db.prepare("INSERT INTO job VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  const move = db.prepare(
    "INSERT OR REPLACE INTO progress SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE EXISTS (SELECT 1 FROM job WHERE id = ?1)",
  );
  const dropJob = db.prepare("DELETE FROM job WHERE id = ?");
  const dropProgress = db.prepare("DELETE FROM progress WHERE id = ?");
  const raise = db.prepare("UPDATE last SET id = ?1 WHERE id < ?1");
  const last = db.prepare("SELECT id FROM last");
  const body = db.prepare("SELECT body FROM job WHERE id = ?");
  const page = db.prepare(`
    SELECT job.id, queue, key, priority, attempts, lease, put, length(body),
      coalesce(progress.state, job.state), coalesce(attempt, 0),
      coalesce(progress.ready, job.ready), coalesce(until, 0), coalesce(reason, '')
    FROM job LEFT JOIN progress USING (id) WHERE job.id > ? ORDER BY job.id LIMIT ?
  `);

  // A row as an object is a slow one, and a start may read millions; Deno's types do not know this method yet.
  (page as StatementSync & { setReturnArrays(on: boolean): void }).setReturnArrays(true);

  const apply = (change: Change): void => {
    if (change.kind === "put") putJob(put, move, change.job, change.body);
    else if (change.kind === "move") moveJob(move, change.id, change.progress);
    else {
      dropJob.run(change.id);
      dropProgress.run(change.id);
    }
  };

  return {
    commit(changes: Iterable<Change>): void {
      begin.run();
      try {
        let highest = 0;
        for (const change of changes) {
          apply(change);
          if (change.kind === "put") highest = change.job.id;
        }
        if (highest > 0) raise.run(highest);
        end.run();
      } catch (error) {
        if (db.isTransaction) db.exec("ROLLBACK");
        throw error;
      }
    },
    load(after: number, limit: number): StoredJob[] {
      return (page.all(after, limit) as unknown as Row[]).map(storedJob);
    },
    lastId: () => Number(last.get()!.id),
    body: (id) => body.get(id)?.body as Uint8Array | undefined,
    close: () => db.close(),
  };
}

function putJob(put: StatementSync, move: StatementSync, job: StoredJob, body: Uint8Array): void {
  const { id, queue, key, priority, attempts, lease, state, ready } = job;
  put.run(id, queue, key, priority, attempts, lease, job.put, states.indexOf(state), ready, body);
  if (job.attempt > 0 || job.until > 0 || job.reason !== "") moveJob(move, id, job);
}

function moveJob(move: StatementSync, id: number, progress: Progress): void {
  const { state, attempt, ready, until, reason } = progress;
  move.run(id, states.indexOf(state), attempt, ready, until, reason);
}

type Row = readonly [
  id: number,
  queue: string,
  key: string,
  priority: number,
  attempts: number,
  lease: number,
  put: number,
  size: number,
  state: number,
  attempt: number,
  ready: number,
  until: number,
  reason: string,
];

function storedJob(row: Row): StoredJob {
  return {
    id: row[0],
    queue: row[1],
    key: row[2],
    priority: row[3],
    attempts: row[4],
    lease: row[5],
    put: row[6],
    size: row[7],
    state: states[row[8]],
    attempt: row[9],
    ready: row[10],
    until: row[11],
    reason: row[12],
  };
}
