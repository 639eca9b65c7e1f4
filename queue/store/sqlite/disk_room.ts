// How much more a queue's file may take: by the free bytes of the disk, and by its greatest size. Runs in the worker.

import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { Reserve } from "./disk_reserve.ts";
import { openSqliteFile, type SqliteFile } from "./file.ts";
import { locateFile } from "./path.ts";
import type { Room } from "../store.ts";

/** How much of a disk a store uses. */
export interface DiskOptions {
  /** The size that the file and its `-wal` may have together, in bytes. */
  maxSize: number;
  /** The size of its reserve for when the disk is full, in bytes; less on a small disk. */
  reserve: number;
}

const PAGE = 4096;
/** The size from which on the pages of the `-wal` go into the file, and the share of the whole that this is at most. */
const WAL = { most: 1000 * PAGE, least: 16 * PAGE, share: 1 / 16 };
/** A reserve is at most this share of the disk, and of the greatest size of the file. */
const RESERVE_SHARE = 1 / 8;
/** This share of a reserve must be there, or free beside it; otherwise new jobs are refused. */
const LEAST = 1 / 8;
/** New jobs that are being written when the disk gets full leave this share of the reserve. */
const FOR_PUTS = 1 / 2;
/** These shares of the reserve and of the greatest size of the `-wal` are for removals only. */
const REMOVALS = { ofReserve: 1 / 4, ofWal: 1 / 2 };
/** For so many ms the disk is not asked again, while there is much room. */
const BELIEVED_MS = 100;
const MUCH = 64 << 20;

/** A queue's file on its disk. */
export class DiskRoom {
  readonly file: SqliteFile;
  readonly #path: string;
  readonly #maxSize: number;
  readonly #wal: number;
  readonly #reserve: Reserve;
  #room: Required<Room> = { used: 0, left: 0, rows: 0 };
  #lookedAt = -Infinity;
  /** Whether a disk whose free bytes are unknown may have none beside the reserve. */
  #mayBeFull = true;
  /** Whether the disk has no room for a larger `-wal`: then the `-wal` begins anew with each commit. */
  #isTight = false;
  /** How many bytes the `-wal` had after the last commit. */
  #walSize = 0;

  /** Opens a file, even on a full disk. Throws as `openSqliteFile`. */
  constructor(path: string, { maxSize, reserve }: DiskOptions) {
    const file = locateFile(path);
    const disk = diskOf(dirname(file))?.size ?? Infinity;
    this.#path = file;
    this.#maxSize = maxSize;
    this.#wal = Math.max(WAL.least, Math.min(WAL.most, Math.min(maxSize, disk) * WAL.share));
    const most = Math.min(reserve, disk * RESERVE_SHARE, maxSize * RESERVE_SHARE);
    this.#reserve = new Reserve(file, Math.floor(most));
    this.file = this.#making(() => openSqliteFile(path));
    this.file.bound(maxSize - this.#wal, this.#wal);
    // The disk may be small, and its size unknown: take what it has.
    if (disk === Infinity && this.#reserve.size === 0) {
      this.#reserve.most = this.#reserve.fill(1 / 2);
    }
  }

  /** Closes the file, and fills the reserve with the bytes that this frees. */
  close(): void {
    this.file.close();
    this.#reserve.fill(1);
  }

  /** Writes to the file. While the disk is full, gives up a part of the reserve and tries again, down to `least` bytes. */
  #making<T>(act: () => T, least = 0): T {
    for (;;) {
      try {
        return act();
      } catch (error) {
        if (!isFull(error) || this.#reserve.size <= least) throw error;
        this.#reserve.giveUp();
        this.#mayBeFull = true;
        this.#lookedAt = -Infinity;
      }
    }
  }

  /** Writes so many bytes; `puts`: there are new jobs among them. Returns the room that is left. */
  commit(write: (file: SqliteFile) => void, bytes: number, puts: boolean): Room {
    try {
      write(this.file);
    } catch (error) {
      if (!isFull(error)) throw error;
      this.#writeFull(write, puts);
    }
    // If the pages of the -wal find no room in the file, SQLite reports no error and lets the -wal grow.
    const walSize = this.file.walSize();
    const hasGrown = walSize > this.#walSize && walSize > this.#wal;
    if (hasGrown || this.#isTight) this.#emptyWal();
    this.#walSize = walSize;
    const { used, left, rows } = this.#room;
    if (left < MUCH || performance.now() > this.#lookedAt + BELIEVED_MS) return this.room();
    // Into the -wal, and from there into the file.
    return this.#room = { used, left: left - 2 * bytes, rows: rows - 2 * bytes };
  }

  // First the pages of the -wal go into the file, so that it need not grow. New jobs get only a share of the reserve: their
  // pages in the -wal must find room in the file, too.
  #writeFull(write: (file: SqliteFile) => void, puts: boolean): void {
    this.#emptyWal();
    this.#making(() => write(this.file), puts ? this.#reserve.most * FOR_PUTS : 0);
  }

  /** Writes the pages of the `-wal` into the file, so that it begins anew. Without room for that the `-wal` goes on. */
  #emptyWal(): void {
    try {
      this.#making(() => this.file.checkpoint());
    } catch (error) {
      if (!isFull(error)) throw error;
    }
  }

  /** The room that is left. */
  room(): Room {
    this.#lookedAt = performance.now();
    const { used, free, wal, most: mostUsed, unwritten } = this.file.space();
    const onDisk = this.#look();
    const { most, size } = this.#reserve;
    const growth = Math.max(0, this.#wal - wal);
    this.#isTight = onDisk < growth + unwritten;
    // The bytes of a -wal beyond its bound are room for removals.
    const beyond = Math.max(0, wal - this.#wal);
    const disk = onDisk + Math.min(size, most) - unwritten +
      (this.#isTight ? beyond : -growth);
    // Free pages are room for jobs, but not for the -wal through which these pass.
    const left = disk + wal < most * LEAST ? 0 : Math.min(disk + wal, disk + free - 2 * most);
    const inSize = this.#maxSize - used - Math.max(wal, this.#wal) - this.#wal;
    const forRows = Math.min(
      disk + free - most * REMOVALS.ofReserve,
      mostUsed - used - this.#wal * REMOVALS.ofWal,
    );
    return this.#room = {
      used: used + free + wal,
      left: Math.max(0, Math.min(left, inSize)),
      rows: Math.max(0, forRows),
    };
  }

  /** How many bytes the disk has free beside the reserve, which is filled if there is room; Infinity if unknown. */
  #look(): number {
    const { most, size } = this.#reserve;
    const disk = diskOf(this.#path);
    const missing = most - size;
    if (disk === undefined) {
      if (missing > 0 && this.#reserve.fill(1 / 2) < most) return 0;
      if (this.#mayBeFull) this.#mayBeFull = !this.#reserve.couldGrow();
      return this.#mayBeFull ? 0 : Infinity;
    }
    if (missing <= 0 || disk.free < missing + 2 * most) return disk.free;
    this.#reserve.fill(1 / 2);
    return disk.free - missing;
  }
}

/** The size of a disk and its free bytes; `undefined` if this process may not ask (`--allow-sys=statfs`). */
function diskOf(path: string): { readonly size: number; readonly free: number } | undefined {
  // Not by trying: at a terminal Deno would ask the user.
  mayAsk ??= Deno.permissions.querySync(STATFS).state === "granted";
  if (!mayAsk) return undefined;
  const { blocks, bavail, bsize } = statfsSync(path);
  return { size: blocks * bsize, free: bavail * bsize };
}

let mayAsk: boolean | undefined;
// Deno's types do not know this kind yet.
const STATFS = { name: "sys", kind: "statfs" } as unknown as Deno.PermissionDescriptor;

/** Whether an error says that the disk or the file is full. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && /database or disk is full$/.test(error.message);
}
