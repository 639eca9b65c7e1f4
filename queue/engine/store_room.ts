import type { Log } from "../log.ts";
import type { Room, Store } from "../store/store.ts";

/** The size of a job in a store beside its body, in bytes. */
const STORED_JOB = 320;
/** The size in a store of a row that a change writes, in bytes, if the row has half a page to itself. */
const STORED_ROW = 128;

/** The use of room: `jobs` are new jobs and what comes with them; `changes` go on for longer, such as that a job is taken. */
type Purpose = "jobs" | "changes";

/** For how much the store has room. What removes jobs needs none: a store keeps some for it. */
export class StoreRoom {
  readonly #store: Store;
  readonly #log: Log;
  readonly #pending: () => number;
  #hadRoom = true;

  /** `pending` tells how many bytes are not stored yet. */
  constructor(store: Store, log: Log, pending: () => number) {
    this.#store = store;
    this.#log = log;
    this.#pending = pending;
  }

  /** The room of the store; `undefined` if it has no bound. */
  get reported(): Room | undefined {
    return this.#store.room?.();
  }

  /** How many bytes may be written for a purpose, beside those that are not stored yet. */
  left(purpose: Purpose): number {
    const room = this.reported;
    if (room === undefined) return Infinity;
    // A new body may be in a log before it is at its place: it takes room twice.
    if (purpose === "jobs") return room.left - 2 * this.#pending();
    return (room.rows ?? Infinity) - this.#pending();
  }

  /** Whether there is room for a new job with a body of this size. Logs when that changes. */
  hasForJob(bytes: number): boolean {
    const hasRoom = bytes + STORED_JOB <= this.left("jobs");
    if (hasRoom !== this.#hadRoom) this.#tell(hasRoom);
    return hasRoom;
  }

  /** For how many more rows of changes there is room. */
  get rows(): number {
    return Math.floor(this.left("changes") / STORED_ROW);
  }

  /** Whether there is room for a row of changes with so many bytes. */
  hasForRow(bytes: number): boolean {
    return STORED_ROW + 2 * bytes <= this.left("changes");
  }

  /** Whether there is room for a text of this length with a job. */
  hasForText(length: number): boolean {
    return 2 * length <= this.left("jobs");
  }

  #tell(hasRoom: boolean): void {
    this.#hadRoom = hasRoom;
    const message = hasRoom
      ? "there is room in the store again"
      : "no room in the store, new jobs are refused until there is some";
    this.#log({ level: hasRoom ? "info" : "error", message, ...this.reported });
  }
}
