import type { Client } from "../../server/request/handlers.ts";
import type { JobExtras } from "./job.ts";
import type { SharedOptions, SharedOptionsTable } from "./job_options.ts";
import { states, type StoredJob } from "../store/store.ts";

/** Of a slot, its low bits are the index in its page, the others say which page. */
export const INDEX_BITS = 12;
/** How many jobs a page has room for. */
export const ROOM = 1 << INDEX_BITS;
/** No slot, or no place. */
export const NONE = -1;

/**
 * Room for jobs, with a column for each thing that a job has. So a job takes no object, and none of a million is looked
 * at by the garbage collector. What few jobs have is in maps. All of it is by the job's index in the page.
 */
export class Page {
  /** The slot of its first job; those of the others follow. */
  readonly first: number;
  /** How many jobs there are. */
  size = 0;
  readonly id = new Float64Array(ROOM);
  /** The number of its kind. */
  readonly kind = new Uint32Array(ROOM);
  readonly enqueuedAt = new Float64Array(ROOM);
  /** How many bytes its body or result has. */
  readonly bytes = new Uint32Array(ROOM);
  /** Its index in `states`. */
  readonly state = new Uint8Array(ROOM);
  readonly attempt = new Float64Array(ROOM);
  readonly readyAt = new Float64Array(ROOM);
  /** When the lease ends, or the result is forgotten; 0 where it is neither taken nor done. */
  readonly endsAt = new Float64Array(ROOM);
  /** 1 where the lease ends with the connection. */
  readonly releaseOnDisconnect = new Uint8Array(ROOM);
  readonly holders = new Map<number, Client>();
  readonly extras = new Map<number, JobExtras>();
  /** What whoever holds it says of where it is; `NONE` where nobody does. */
  readonly place = new Int32Array(ROOM).fill(NONE);
  /** The slots of its neighbours in a list. */
  readonly before = new Int32Array(ROOM);
  readonly behind = new Int32Array(ROOM);
  /** The first index that is free, the next one being `behind` it; `NONE` where none is. */
  #free = NONE;
  readonly #kinds: SharedOptionsTable;

  constructor(first: number, kinds: SharedOptionsTable) {
    this.first = first;
    this.#kinds = kinds;
    for (let at = ROOM - 1; at >= 0; at--) this.#release(at);
  }

  /** Whether there is room for another. */
  get hasRoom(): boolean {
    return this.#free !== NONE;
  }

  kindOf(at: number): SharedOptions {
    return this.#kinds.at(this.kind[at]);
  }

  /** A job takes a place that is free; returns its index. */
  add(stored: StoredJob, kind: SharedOptions): number {
    const at = this.#free;
    this.#free = this.behind[at];
    this.id[at] = stored.id;
    this.kind[at] = this.#kinds.join(kind);
    this.enqueuedAt[at] = stored.enqueuedAt;
    this.bytes[at] = stored.size;
    this.state[at] = states.indexOf(stored.state);
    this.attempt[at] = stored.attempt;
    this.readyAt[at] = stored.readyAt;
    this.endsAt[at] = stored.endsAt;
    this.releaseOnDisconnect[at] = Number(stored.releaseOnDisconnect);
    this.size++;
    return at;
  }

  /** A job is gone. */
  delete(at: number): void {
    this.#kinds.leave(this.kind[at]);
    this.holders.delete(at);
    this.extras.delete(at);
    this.#release(at);
    this.size--;
  }

  #release(at: number): void {
    this.behind[at] = this.#free;
    this.#free = at;
  }
}
