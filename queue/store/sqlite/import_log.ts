// The imports that a file has seen, so that none is made twice.

import type { DatabaseSync } from "node:sqlite";

/** An import that was made. */
export interface Import {
  /** When, in ms since the Unix epoch. */
  readonly at: number;
  /** How many jobs it added. */
  readonly jobs: number;
}

/** The imports of a file. */
export interface ImportLog {
  /** The import of lines of this digest; `undefined` where there was none. */
  imported(digest: Uint8Array): Import | undefined;
  /** Remembers an import. Call it within a commit, with whose changes it becomes durable. */
  noteImport(digest: Uint8Array, made: Import): void;
}

/** How many imports are remembered. */
const MOST = 1000;

/** The imports of an open file. */
export function importLog(db: DatabaseSync): ImportLog {
  const find = db.prepare("SELECT at, jobs FROM imported WHERE digest = ?");
  const note = db.prepare("INSERT OR REPLACE INTO imported VALUES (?, ?, ?)");
  const forget = db.prepare(`DELETE FROM imported WHERE digest NOT IN
    (SELECT digest FROM imported ORDER BY at DESC LIMIT ${MOST})`);
  return {
    imported(digest: Uint8Array): Import | undefined {
      const { at, jobs } = find.get(digest) ?? {};
      return at === undefined ? undefined : { at: Number(at), jobs: Number(jobs) };
    },
    noteImport(digest: Uint8Array, { at, jobs }: Import): void {
      note.run(digest, at, jobs);
      forget.run();
    },
  };
}
