import type { StoredJob } from "../job_fields.ts";
import type { Change, Moment, QueueLimits, Room, Store, StoredSchedule } from "../store.ts";
import { packBatch, unpackJobs } from "./batch.ts";
import { type PackedBodies, unpackBodies } from "./bodies.ts";
import type { Columns } from "./columns.ts";
import { startThread } from "./thread.ts";

/** How many jobs are loaded at once: more would outlive a collection of new garbage, and the heap grow by what they take. */
const PAGE = 500;

/** How many bytes are kept beside a file for when its disk is full. */
const RESERVE = 8 << 20;
/** Below so many bytes of room the worker is asked how much there is, and how often, in ms. */
const SCARCE = 64 << 20;
const ROOM_MS = 500;

/** How much of a disk a store in a file uses. */
export interface SqliteOptions {
  /** The size that the file and its `-wal` may have together, in bytes; new jobs are refused beyond it. Default: no bound. */
  maxSize?: number;
  /**
   * How many bytes a file named `-reserve` has beside it, which is given up where the disk is full: so jobs can be taken,
   * finished and removed then. At most an 8th of the disk and of `maxSize`; 0 for none. Default 8 MiB.
   */
  reserve?: number;
}

/**
 * A store in a SQLite file, which is made where there is none: WAL, `synchronous=FULL`, one transaction for each
 * `commit`, written by a worker. Memory grows with neither the jobs nor their bodies.
 *
 * Rejects with an `Error` that says why where the file is in use by another server, is no queue, is one of another
 * version, or cannot be opened.
 *
 * @param path the file; beside it SQLite keeps another one named `-wal`
 * @param options how much of the disk it uses
 *
 * @example
 * ```ts
 * import { openQueue, sqliteStore } from "@lineup/lineup/queue";
 * import { assertEquals } from "@std/assert";
 *
 * const directory = await Deno.makeTempDir();
 * {
 *   await using queue = await openQueue({ store: await sqliteStore(`${directory}/queue.db`) });
 *   assertEquals(new Map(queue.stats()).get("queue-ready"), 0);
 * }
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export async function sqliteStore(
  path: string,
  { maxSize = Infinity, reserve = RESERVE }: SqliteOptions = {},
): Promise<Store> {
  const ask = startThread();
  let room: Room;
  try {
    room = await ask({ kind: "open", path, options: { maxSize, reserve } }) as Room;
  } catch (error) {
    ask.end();
    throw error;
  }
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;
  // Where nothing is written because there is no room, nobody else says when there is some.
  const watch = (): void => {
    if (timer !== undefined || room.left >= SCARCE || closed) return;
    const waiting = timer = setTimeout(async () => {
      const now = await ask({ kind: "room" }).catch(() => room);
      room = now as Room;
      timer = undefined;
      watch();
    }, ROOM_MS);
    Deno.unrefTimer(waiting);
  };
  watch();
  return {
    async commit(changes: readonly Change[], moment?: Moment): Promise<void> {
      const batch = packBatch(changes);
      const puts = changes.some(({ kind }) => kind === "put");
      room = await ask({ kind: "commit", batch, puts, moment }, [
        batch.numbers.buffer,
        batch.bytes.buffer,
      ]) as Room;
      watch();
    },
    room: () => room,
    async *load(): AsyncGenerator<StoredJob, void, void> {
      const page = (after: number): Promise<unknown> => ask({ kind: "load", after, limit: PAGE });
      for (let next = page(0);;) {
        const jobs = [...unpackJobs(await next as Columns)];
        if (jobs.length === 0) return;
        // Read while these are looked at.
        next = page(jobs[jobs.length - 1].id);
        yield* jobs;
      }
    },
    rules: () => ask({ kind: "rules" }) as Promise<QueueLimits[]>,
    schedules: () => ask({ kind: "schedules" }) as Promise<StoredSchedule[]>,
    scheduleBodies: async (names) =>
      unpackBodies(await ask({ kind: "scheduleBodies", names }) as PackedBodies),
    lastId: () => ask({ kind: "lastId" }) as Promise<number>,
    moment: () => ask({ kind: "moment" }) as Promise<Moment | undefined>,
    bodies: async (ids) => unpackBodies(await ask({ kind: "bodies", ids }) as PackedBodies),
    async close(): Promise<void> {
      closed = true;
      clearTimeout(timer);
      try {
        await ask({ kind: "close" });
      } finally {
        ask.end();
      }
    },
  };
}
