// The size of a queue's file, and its bounds.

import type { DatabaseSync } from "node:sqlite";
import type { WatchedFile } from "./path.ts";
import { pragma } from "./schema.ts";

/** The bytes that a file takes on the disk. */
export interface Space {
  readonly used: number;
  readonly free: number;
  readonly wal: number;
  /** The most that `used` may become. */
  readonly most: number;
  /** By how much the file grows when its `-wal` is written into it. */
  readonly unwritten: number;
}

/** The size of a file. */
export interface FileSize {
  /** The bytes that it takes on the disk: for its content, for free pages, in its `-wal`. */
  space(): Space;
  /** The size of its `-wal` after the last commit, in bytes. */
  walSize(): number;
  /** Bounds the size of the file, and roughly that of its `-wal`, in bytes. A file that is larger already may stay so. */
  bound(size: number, wal: number): void;
}

/** The most pages that SQLite knows of. */
const MOST_PAGES = 2 ** 32 - 2;
/** A file of its greatest size, or more, gets so many pages for changes that make room. */
const SPARE_PAGES = 64;

/** The size of an open file. */
export function fileSize(db: DatabaseSync, watched: WatchedFile): FileSize {
  const pages = db.prepare("PRAGMA page_count");
  const freePages = db.prepare("PRAGMA freelist_count");
  const pageSize = Number(pragma(db, "page_size"));
  let most = MOST_PAGES;
  return {
    space(): Space {
      const free = pageSize * Number(freePages.get()!.freelist_count);
      const used = pageSize * Number(pages.get()!.page_count) - free;
      const { size, walSize: wal } = watched;
      const unwritten = Math.max(0, used + free - size);
      return { used, free, wal, most: pageSize * most, unwritten };
    },
    walSize: () => watched.walSize,
    bound(size: number, wal: number): void {
      const there = Number(pages.get()!.page_count);
      most = Math.floor(Math.min(size / pageSize, MOST_PAGES));
      if (there >= most) most = there + SPARE_PAGES;
      db.exec(`
        PRAGMA max_page_count = ${most};
        PRAGMA wal_autocheckpoint = ${Math.floor(wal / pageSize)};
        PRAGMA journal_size_limit = ${Math.floor(2 * wal)};
      `);
    },
  };
}
