// The schema of a queue's file: made where there is none, brought to the present version, and refused where it is another.

import type { DatabaseSync } from "node:sqlite";
import { DAMAGED } from "./explain.ts";
import { migration, schemaOf, VERSION } from "./tables.ts";

/** "Line" in ASCII: what `file` and other programs know the file by. */
export const APPLICATION_ID = 0x4c696e65;
/** Up to this size, in bytes, each page of a file is looked at before it is used: that takes less than 100 ms. */
const CHECKED_WHOLE = 64 << 20;
/** The tables of a larger file of which not all pages are. */
const LARGE = ["job", "progress"];

const FRESH = `
  ${Object.values(schemaOf(VERSION)).join(";\n")};
  INSERT INTO last VALUES (0);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${VERSION};
`;

/**
 * Locks a file, and makes its tables where there are none or they are of an older version. Throws an `Error` that says
 * what is wrong with it.
 */
export function prepareFile(db: DatabaseSync, path: string): void {
  // The lock is taken with the first read and kept until the file is closed or the process ends.
  db.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = FULL");
  const application = pragma(db, "application_id");
  const version = pragma(db, "user_version");
  const fresh = isFresh(db);
  if (!fresh && application !== APPLICATION_ID) {
    throw new Error(`${path} is a database of another program, not a queue`);
  }
  const steps: string[] = [];
  for (let from = Number(version); !fresh && from !== VERSION; from++) {
    if (!canMigrate(from)) throw new Error(otherVersion(path, version));
    steps.push(migration(from));
  }
  const [strange] = fresh ? [] : strangeIn(db, version);
  if (strange !== undefined) throw new Error(`${path} is no queue of ours: ${strange}`);
  if (!fresh) lookForDamage(db, Object.keys(schemaOf(Number(version))));
  db.exec("PRAGMA journal_mode = WAL");
  // All or nothing: a program that dies here leaves the older version.
  db.exec(`BEGIN EXCLUSIVE; ${fresh ? FRESH : steps.join("")} COMMIT`);
}

// The rows of the large tables are read by the start, the bodies of their jobs are not: how long that would take nobody knows.
function lookForDamage(db: DatabaseSync, tables: readonly string[]): void {
  const size = Number(pragma(db, "page_count")) * Number(pragma(db, "page_size"));
  const parts = size <= CHECKED_WHOLE
    ? [""]
    : tables.filter((table) => !LARGE.includes(table)).map((table) => `('${table}')`);
  for (const part of parts) {
    const { quick_check: said } = db.prepare(`PRAGMA quick_check${part}`).get()!;
    if (said !== "ok") throw new Error(DAMAGED);
  }
}

/**
 * What the schema of a file has that one of its version has not, and the reverse, in words. Nothing that a file brings
 * along, such as a view, a trigger or a column that is computed, is ever run.
 */
export function strangeIn(db: DatabaseSync, version: unknown): string[] {
  const expected = schemaOf(Number(version));
  const missing = new Set(Object.keys(expected));
  const strange: string[] = [];
  const all = db.prepare("SELECT type, name, sql FROM sqlite_schema LIMIT 100").all();
  for (const { type, name, sql } of all) {
    const isOurs = type === "table" && missing.delete(String(name));
    if (!isOurs) strange.push(`it has the ${type} ${name}`);
    else if (bare(String(sql)) !== bare(expected[String(name)])) {
      strange.push(`its table ${name} has other columns`);
    }
  }
  return [...strange, ...[...missing].map((name) => `it has no table ${name}`)];
}

/** SQL however it is set out. */
function bare(sql: string): string {
  return sql.replace(/\s*([(),])\s*/g, "$1").replace(/\s+/g, " ").replaceAll('"', "");
}

/** Lets a file run nothing: no function of its schema with a side effect, no writing to what SQLite keeps for itself. */
export function distrust(db: DatabaseSync): void {
  // Deno's types do not know this method yet.
  (db as DatabaseSync & { enableDefensive(on: boolean): void }).enableDefensive(true);
  db.exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
}

/** Whether a file of this version becomes one of the present version where it is opened. */
export function canMigrate(version: unknown): boolean {
  return Number(version) >= 1 && Number(version) < VERSION;
}

/** Whether a file has nothing yet, and becomes a queue where it is opened. */
export function isFresh(db: DatabaseSync): boolean {
  const [{ tables }] = db.prepare("SELECT count(*) AS tables FROM sqlite_schema").all();
  return pragma(db, "application_id") === 0 && pragma(db, "user_version") === 0 && tables === 0;
}

/** What is said of a queue that another version of this program has made. */
export function otherVersion(path: string, version: unknown): string {
  return `${path} is a queue of version ${version}; this program reads version ${VERSION}`;
}

/** A number of the header of a file. */
export function pragma(db: DatabaseSync, name: string): unknown {
  return db.prepare(`PRAGMA ${name}`).get()![name];
}
