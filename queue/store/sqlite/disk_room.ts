// How much more a queue's file may take: what the disk has, and the size that it may have. Runs in the worker.

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
  /** How many bytes are kept beside it for when the disk is full; less on a disk that is small. */
  reserve: number;
}

const PAGE = 4096;
/** The most that the `-wal` has before its pages go into the file, and the share of the whole that it may be. */
const WAL = { most: 1000 * PAGE, least: 16 * PAGE, share: 1 / 16 };
/** The share of a disk, and of the size that the file may have, that a reserve has at most. */
const RESERVE_SHARE = 1 / 8;
/** The share of a reserve that must be there, or free beside it, or nothing new is taken in. */
const LEAST = 1 / 8;
/** The share that new jobs leave which are being written when the disk gets full. */
const FOR_PUTS = 1 / 2;
/** What is left to removals alone: the share of a reserve, and of the size that the `-wal` may have. */
const REMOVALS = { ofReserve: 1 / 4, ofWal: 1 / 2 };
/** How long it is believed how much room there is, in ms, and only while that is much. */
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
  /** Whether a disk of which nobody says how full it is may have nothing beside the reserve. */
  #mayBeFull = true;
  /** Whether the disk has no room for a larger `-wal`: then it begins anew with each commit. */
  #isTight = false;
  /** How many bytes the `-wal` had after the last commit. */
  #walSize = 0;

  /** Opens a file, also on a disk that is full. Throws as `openSqliteFile`. */
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
    // On a small disk, of which nobody says how small it is, less will do.
    if (disk === Infinity && this.#reserve.size === 0) {
      this.#reserve.most = this.#reserve.fill(1 / 2);
    }
  }

  /** Closes the file, and takes for the reserve what that has set free. */
  close(): void {
    this.file.close();
    this.#reserve.fill(1);
  }

  /** Does what writes to the file; where the disk is full the reserve is given up, part by part, while it has more than this. */
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

  /** Writes so many bytes, new jobs (`puts`) or none. Returns how much more may be. */
  commit(write: (file: SqliteFile) => void, bytes: number, puts: boolean): Room {
    try {
      write(this.file);
    } catch (error) {
      if (!isFull(error)) throw error;
      this.#writeFull(write, puts);
    }
    // SQLite says nothing where the pages of the -wal find no room in the file, and lets the -wal grow.
    const walSize = this.file.walSize();
    const hasGrown = walSize > this.#walSize && walSize > this.#wal;
    if (hasGrown || this.#isTight) this.#emptyWal();
    this.#walSize = walSize;
    const { used, left, rows } = this.#room;
    if (left < MUCH || performance.now() > this.#lookedAt + BELIEVED_MS) return this.room();
    // Into the -wal, and from there into the file.
    return this.#room = { used, left: left - 2 * bytes, rows: rows - 2 * bytes };
  }

  // First what the -wal has goes into the file, so that it need not grow. New jobs get a share of the reserve only: what they
  // fill the -wal with must find room in the file, too.
  #writeFull(write: (file: SqliteFile) => void, puts: boolean): void {
    this.#emptyWal();
    this.#making(() => write(this.file), puts ? this.#reserve.most * FOR_PUTS : 0);
  }

  /** Writes the pages of the `-wal` into the file, so that it begins anew. Where there is no room for that it goes on. */
  #emptyWal(): void {
    try {
      this.#making(() => this.file.checkpoint());
    } catch (error) {
      if (!isFull(error)) throw error;
    }
  }

  /** How much more may be. */
  room(): Room {
    this.#lookedAt = performance.now();
    const { used, free, wal, most: mostUsed, unwritten } = this.file.space();
    const onDisk = this.#look();
    const { most, size } = this.#reserve;
    const growth = Math.max(0, this.#wal - wal);
    this.#isTight = onDisk < growth + unwritten;
    // What a -wal has beyond its bound is room for removals.
    const beyond = Math.max(0, wal - this.#wal);
    const disk = onDisk + Math.min(size, most) - unwritten +
      (this.#isTight ? beyond : -growth);
    // Free pages are room for jobs, and not for the -wal that these pass through.
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

  /** How many bytes the disk has free, beside the reserve, which is made whole where there is room; Infinity if unknown. */
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

/** What a disk has; `undefined` where this process may not ask (`--allow-sys=statfs`). */
function diskOf(path: string): { readonly size: number; readonly free: number } | undefined {
  // Not tried: at a terminal Deno would ask there whether it may.
  mayAsk ??= Deno.permissions.querySync(STATFS).state === "granted";
  if (!mayAsk) return undefined;
  const { blocks, bavail, bsize } = statfsSync(path);
  return { size: blocks * bsize, free: bavail * bsize };
}

let mayAsk: boolean | undefined;
// Deno's types do not know this kind yet.
const STATFS = { name: "sys", kind: "statfs" } as unknown as Deno.PermissionDescriptor;

/** Whether there was no room for what was to be written. */
export function isFull(error: unknown): boolean {
  return error instanceof Error && /database or disk is full$/.test(error.message);
}
