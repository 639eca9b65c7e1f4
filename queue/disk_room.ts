// How much more a queue's file may take: what the disk has, and the size that it may have. Runs in the worker.

import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import { Reserve } from "./disk_reserve.ts";
import { openSqliteFile, type SqliteFile } from "./sqlite_file.ts";
import { locateFile } from "./sqlite_path.ts";
import type { Room } from "./store.ts";

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
/** The share of a reserve that must be free beside it, or nothing new is taken in. */
const SPARE = 1 / 4;
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
  #room: Room = { used: 0, left: 0 };
  #lookedAt = -Infinity;

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

  /** Does what writes to the file; where the disk is full the reserve is given up, part by part. */
  #making<T>(act: () => T): T {
    for (;;) {
      try {
        return act();
      } catch (error) {
        if (!isFull(error) || !this.#reserve.giveUp()) throw error;
        this.#lookedAt = -Infinity;
      }
    }
  }

  /** Writes so many bytes. Returns how much more may be. */
  commit(write: (file: SqliteFile) => void, bytes: number): Room {
    this.#making(() => write(this.file));
    const { used, left } = this.#room;
    if (left < MUCH || performance.now() > this.#lookedAt + BELIEVED_MS) return this.room();
    // Into the -wal, and from there into the file.
    return this.#room = { used, left: left - 2 * bytes };
  }

  /** How much more may be. */
  room(): Room {
    this.#lookedAt = performance.now();
    const { used, free, wal } = this.file.space();
    const onDisk = this.#look();
    // What the -wal may still grow by, and some for what makes room: to note who has taken a job takes some, too.
    const growth = Math.max(0, this.#wal - wal);
    const { most } = this.#reserve;
    const left = onDisk < growth + most * SPARE ? 0 : onDisk - growth - most + free;
    const inSize = this.#maxSize - used - Math.max(wal, this.#wal) - this.#wal;
    return this.#room = { used: used + free + wal, left: Math.max(0, Math.min(left, inSize)) };
  }

  /** How many bytes the disk has free, beside the reserve, which is made whole where there is room; Infinity if unknown. */
  #look(): number {
    const { most, size } = this.#reserve;
    const disk = diskOf(this.#path);
    const free = disk?.free ?? Infinity;
    const missing = most - size;
    if (missing <= 0) return free;
    if (free < missing + 2 * most) return free;
    const whole = this.#reserve.fill(1 / 2) >= most;
    if (disk === undefined && !whole) return 0;
    return free - missing;
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
