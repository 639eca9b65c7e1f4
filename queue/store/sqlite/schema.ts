// The schema of a queue's file: makes it, migrates it to the present version, and refuses any other.

import type { DatabaseSync } from "node:sqlite";
import { DAMAGED } from "./explain.ts";
import { migration, schemaOf, VERSION } from "./tables.ts";

/** "Line" in ASCII: `file` and other programs know the file by it. */
export const APPLICATION_ID = 0x4c696e65;
/** Up to this size, in bytes, each page of a file is checked before it is used: that takes less than 100 ms. */
const CHECKED_WHOLE = 64 << 20;
/** The tables of a larger file whose pages are not all checked. */
const LARGE = ["job", "progress"];

const FRESH = `
  ${Object.values(schemaOf(VERSION)).join(";\n")};
  INSERT INTO last VALUES (0);
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${VERSION};
`;

/**
 * Locks a file, and makes its tables, or migrates those of an older version. Throws an `Error` that says what is wrong.
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
  // In one transaction: a process that is killed here leaves the older version.
  db.exec(`BEGIN EXCLUSIVE; ${fresh ? FRESH : steps.join("")} COMMIT`);
}

// The start reads the rows of the large tables, but not the bodies: that might take any time.
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
 * The differences between the schema of a file and that of its version, in words. So nothing that a file brings along, such
 * as a view, a trigger or a computed column, is ever run.
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

/** SQL without its layout. */
function bare(sql: string): string {
  return sql.replace(/\s*([(),])\s*/g, "$1").replace(/\s+/g, " ").replaceAll('"', "");
}

/** Lets a file run nothing: no function with a side effect in its schema, no write to the tables of SQLite itself. */
export function distrust(db: DatabaseSync): void {
  // Deno's types do not know this method yet.
  (db as DatabaseSync & { enableDefensive(on: boolean): void }).enableDefensive(true);
  db.exec("PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
}

/** Whether a file of this version is migrated when it is opened. */
export function canMigrate(version: unknown): boolean {
  return Number(version) >= 1 && Number(version) < VERSION;
}

/** Whether a file is empty, and becomes a queue when it is opened. */
export function isFresh(db: DatabaseSync): boolean {
  const [{ tables }] = db.prepare("SELECT count(*) AS tables FROM sqlite_schema").all();
  return pragma(db, "application_id") === 0 && pragma(db, "user_version") === 0 && tables === 0;
}

/** The message for a queue that another version of this program has made. */
export function otherVersion(path: string, version: unknown): string {
  return `${path} is a queue of version ${version}; this program reads version ${VERSION}`;
}

/** A number in the header of a file. */
export function pragma(db: DatabaseSync, name: string): unknown {
  return db.prepare(`PRAGMA ${name}`).get()![name];
}
