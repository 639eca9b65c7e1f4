import type { StoredJob } from "../job_fields.ts";
import type { Change, Moment, QueueLimits, Room, Store, StoredSchedule } from "../store.ts";
import { packBatch, unpackJobs } from "./batch.ts";
import { type PackedBodies, unpackBodies } from "./bodies.ts";
import type { Columns } from "./columns.ts";
import { startThread } from "./thread.ts";

/** How many jobs are loaded at once. More would outlive a collection of young objects, and the heap would grow by them. */
const PAGE = 500;

/** The default size of the reserve, in bytes. */
const RESERVE = 8 << 20;
/** Below so many bytes of room the thread is asked for the room again, and how often, in ms. */
const SCARCE = 64 << 20;
const ROOM_MS = 500;

/** Options of a store in a file: how much of the disk it uses. */
export interface SqliteOptions {
  /** The greatest size of the file and its `-wal` together, in bytes. New jobs are refused beyond it. Default: no bound. */
  maxSize?: number;
  /**
   * The size of a file named `-reserve` beside it, in bytes. It is given up when the disk is full, so that jobs can still be
   * taken, finished and removed. At most an eighth of the disk and of `maxSize`; 0 for none. Default 8 MiB.
   */
  reserve?: number;
}

/**
 * A store in a SQLite file, which is made if it does not exist: WAL, `synchronous=FULL`, one transaction for each `commit`,
 * written by a thread of its own. Its memory grows neither with the jobs nor with their bodies.
 *
 * Rejects with an `Error` that says why the file cannot be opened: another server uses it, it is no queue, or it is one of
 * another version.
 *
 * @param path the file; SQLite keeps another one beside it, named `-wal`
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
  // With no room nothing is written, so no commit tells when there is room again.
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
        // The thread reads these while the queue loads the page before.
        next = page(jobs[jobs.length - 1].id);
        yield* jobs;
      }
    },
    limits: () => ask({ kind: "limits" }) as Promise<QueueLimits[]>,
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
